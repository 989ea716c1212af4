// Refusals in words: what happened and what to do about it.

import { money } from "novate/format";

const WORDS = {
  UNKNOWN_ACCOUNT: "This account is not open yet. Reload the page in a moment.",
  NOT_AUTHORISED: "This session may not trade. Log in again.",
  EXPIRED: "The order arrived too late and was not placed. Send it again.",
  CAPACITY_FULL: "The venue has no room for another order at the moment. Try again shortly.",
  UNKNOWN_CONTRACT: "This contract is not listed.",
  CONTRACT_NOT_OPEN: "This contract is not open for trading now.",
  CONTRACT_REDUCE_ONLY: "This contract only accepts orders that reduce a position.",
  NO_MARK_PRICE: "There is no mark price yet. Trading starts when enough price sources report.",
  ORACLE_NOT_VALID: "The price sources do not agree at the moment. New risk is paused until they do.",
  INVALID_PRICE: "The price is not a multiple of the tick, or is out of range.",
  INVALID_QUANTITY: "The size is not a multiple of the lot, or is out of range.",
  BELOW_MIN_NOTIONAL: "The order is too small. Increase its size.",
  PRICE_OUTSIDE_BAND: "The price is too far from the mark price. Move it closer.",
  TOO_MANY_ORDERS: "You have as many open orders as an account may have. Cancel some first.",
  TOO_MANY_POSITIONS: "You hold as many positions as an account may hold. Close one first.",
  POSITION_LIMIT: "The position would pass the limit of this contract. Reduce the size.",
  OPEN_INTEREST_LIMIT: "The venue holds as much open interest as it may. Only orders that reduce are accepted.",
  POST_ONLY_WOULD_TAKE: "Post-only: at this price it would trade at once. Move the price away from the other side.",
  FILL_OR_KILL_UNFILLABLE: "Fill or kill: the book can not fill all of it at this price. Nothing was traded.",
  NOTHING_TO_REDUCE: "Reduce-only: there is no position that this order would reduce.",
  NO_LIQUIDITY: "There are no orders to trade against at the moment. Try a limit order.",
  UNKNOWN_ORDER: "This order is no longer open.",
  NOT_ORDER_OWNER: "This order belongs to another account.",
  INVALID_TRIGGER: "The trigger is not a multiple of the tick, or is out of range.",
  NO_TRIGGER_PRICE: "The price that this order would wait for is not known yet.",
  TRIGGER_ALREADY_REACHED: "The price has passed this trigger already. Move the trigger, or trade at once.",
  TOO_MANY_TRAILING_STOPS: "This contract has as many trailing stops as it can follow. Use a stop instead.",
  TOO_MANY_REDUCE_ONLY: "You have as many reduce-only orders as an account may have. Cancel some first.",
  ORDER_EXPIRED: "The order's day is over.",
  WOULD_SELF_TRADE: "It would trade with an order of yours, and you asked for such orders to be refused.",
  INSUFFICIENT_MARGIN: "Not enough margin. Reduce the size or deposit.",
  IN_LIQUIDATION: "The account is being liquidated. No orders are accepted until that is over.",
  INSUFFICIENT_BALANCE: "The balance is too small.",
  TOO_MANY_TRAILING_STOPS: "There are too many trailing stops on this price. Cancel some first.",
  KEY_REUSED: "This request's key was used for another one. Send it again.",
  TOO_MANY_OWNER_ORDERS: "You have as many open orders as an owner may have. Cancel some first.",
  INVALID_LINK: "These orders do not go together.",
  LINKED_QUANTITY: "The size of this order follows the one that it is linked with.",
  ORDER_SLOTS_RESERVED: "The venue is nearly full: only orders that reduce a position may rest now.",
};

const CODES = {
  10004: WORDS.UNKNOWN_ORDER,
  10009: WORDS.INSUFFICIENT_MARGIN,
  10028: "Too many requests. Wait a second and try again.",
  11044: WORDS.UNKNOWN_ORDER,
  11054: WORDS.POST_ONLY_WOULD_TAKE,
  13009: "You are logged out. Log in again.",
};

const CANCELS = {
  user_request: "You cancelled it.",
  immediate_or_cancel: "There was nothing more to trade against at this price.",
  fill_limit: "It met as many orders as one order may. Send the rest again.",
  self_trade: "It would have traded with an order of yours.",
  margin: "There was not enough margin when it was about to fill.",
  price_band: "Its price came too far from the mark price.",
  reduce_only: "There was no position left to reduce.",
  liquidation: "The account was being liquidated.",
  trigger_refused: "Its trigger was reached, but it was refused as a new order would have been.",
  expired: "Its day was over.",
  linked_order: "An order that it was linked with was filled, or ended.",
  linked_order_refused: "The order that it belongs to was filled, but it was refused as a new order would have been.",
  cancel_on_disconnect: "The connection that placed it was lost.",
  heartbeat_missed: "Nothing was heard of the connection that placed it.",
};

// Why an order, or its remainder, was cancelled.
export const cancelInWords = (reason) => CANCELS[reason] ?? "The rest was cancelled.";

// A reason's name as a sentence; with what is missing, the sentence says how much.
export function reasonInWords(name, shortfall = null) {
  if (name === "INSUFFICIENT_MARGIN" && shortfall) {
    return `Not enough margin: needs ${money(shortfall)} USDC more. Reduce the size or deposit.`;
  }
  return WORDS[name] ?? `Refused: ${String(name).toLowerCase().replaceAll("_", " ")}.`;
}

export function errorInWords(error) {
  const name = error.data?.name ?? error.data?.reason_name;
  if (name) return reasonInWords(name, error.data?.shortfall);
  if (error.unknown) return `${error.message} Look at your open orders before you send it again.`;
  return CODES[error.code] ?? sentence(error);
}

function sentence(error) {
  const detail = typeof error.data?.reason === "string" ? `: ${error.data.reason}` : "";
  return `${error.message}${detail}`.replace(/\.?$/, ".");
}
