// Refusals in words: what happened and what to do about it. Every reason of the engine has a
// sentence here (tests/browser/test_modules.py compares the lists).

import { money, number } from "novate/format";

const WORDS = {
  UNKNOWN_COMMAND: "The venue does not know this request. Reload the page.",
  DUPLICATE_COMMAND: "This request was sent twice; the first one counts.",
  QUARANTINED: "The venue set this request aside. Nothing was done; send it again.",
  UNKNOWN_PRINCIPAL: "This session is not known any more. Log in again.",
  NOT_AUTHORISED: "This session may not trade. Log in again.",
  UNKNOWN_ACCOUNT: "This account is not open yet. Reload the page in a moment.",
  EXPIRED: "The order arrived too late and was not placed. Send it again.",
  CAPACITY_FULL: "The venue has no room for another order at the moment. Try again shortly.",
  MALFORMED: "The venue could not read this request. Reload the page.",
  UNKNOWN_CONTRACT: "This contract is not listed. Choose another market.",
  CONTRACT_NOT_OPEN: "This contract is not open for trading now. The status page says why.",
  CONTRACT_REDUCE_ONLY: "This contract only accepts orders that reduce a position.",
  NO_MARK_PRICE: "There is no mark price yet. Trading starts when enough price sources report.",
  ORACLE_NOT_VALID: "The price sources do not agree at the moment. New risk waits until they do; orders that reduce are accepted.",
  INVALID_SIDE: "The order says neither buy nor sell. Reload the page.",
  INVALID_FLAGS: "These conditions do not go together. Change the time in force or post-only.",
  INVALID_PRICE: "The price is not a multiple of the tick, or is out of range. Change it.",
  INVALID_QUANTITY: "The size is not a multiple of the lot, or is out of range. Change it.",
  BELOW_MIN_NOTIONAL: "The order is too small. Increase its size.",
  PRICE_OUTSIDE_BAND: "The price is too far from the mark price. Move it closer.",
  TOO_MANY_ORDERS: "You have as many open orders as an account may have. Cancel some first.",
  TOO_MANY_POSITIONS: "You hold as many positions as an account may hold. Close one first.",
  POSITION_LIMIT: "The position would pass the limit of this contract. Reduce the size.",
  POST_ONLY_WOULD_TAKE: "Post-only: at this price it would trade at once. Move the price away from the other side.",
  FILL_OR_KILL_UNFILLABLE: "Fill or kill: the book can not fill all of it at this price. Nothing was traded; reduce the size or move the price.",
  NOTHING_TO_REDUCE: "Reduce-only: there is no position that this order would reduce.",
  NO_LIQUIDITY: "There are no orders to trade against at the moment. Try a limit order.",
  UNKNOWN_ORDER: "This order is no longer open.",
  NOT_ORDER_OWNER: "This order belongs to another account.",
  AMEND_BELOW_FILLED: "More than this size has filled already. Choose a larger one, or cancel the rest.",
  INVALID_TRIGGER: "The trigger is not a multiple of the tick, or is out of range. Change it.",
  NO_TRIGGER_PRICE: "The price that this order would wait for is not known yet. Choose another source, or try again shortly.",
  TRIGGER_ALREADY_REACHED: "The price has passed this trigger already. Move the trigger, or trade at once.",
  TOO_MANY_TRAILING_STOPS: "This contract has as many trailing stops as it can follow. Use a stop instead.",
  TOO_MANY_REDUCE_ONLY: "You have as many reduce-only orders as an account may have. Cancel some first.",
  ORDER_EXPIRED: "The order's day is over. Place a new one.",
  WOULD_SELF_TRADE: "It would trade with an order of yours, and you asked for such orders to be refused. Cancel that order first.",
  INVALID_SELF_TRADE_MODE: "There is no such way to treat orders of yours that meet.",
  KEY_REUSED: "This request's key was used for another one. Send it again.",
  TOO_MANY_OWNER_ORDERS: "You have as many open orders as an owner may have. Cancel some first.",
  ORDER_SLOTS_RESERVED: "The venue is nearly full: only orders that reduce a position may rest now.",
  INVALID_SAFEGUARD: "There is no such protection against a lost connection.",
  HEARTBEAT_NOT_SET: "Nothing watches this account's connection.",
  INVALID_BATCH: "These orders can not be sent together.",
  BATCH_REFUSED: "An order that was sent with it was refused, so none was placed.",
  BATCH_OUT_OF_ORDER: "Orders that are sent together have to stand in another order.",
  INVALID_LINK: "These orders do not go together. An entry with exits must not be reduce-only.",
  LINKED_QUANTITY: "The size of this order follows the one that it is linked with. Change that one.",
  INSUFFICIENT_MARGIN: "Not enough margin. Reduce the size or deposit.",
  IN_LIQUIDATION: "The account is being liquidated: until that is over only orders that reduce a position are accepted.",
  LIQUIDATION_NOT_DUE: "This account is not to be liquidated.",
  FUNDING_NOT_DUE: "Funding of this hour is settled already.",
  OPEN_INTEREST_LIMIT: "The venue holds as much open interest as it may. Only orders that reduce are accepted.",
  DEPOSIT_LIMIT: "The venue holds as much of this asset as it may. Deposit less, or later.",
  INVALID_AMOUNT: "The amount must be positive and within the asset's limits.",
  UNKNOWN_ASSET: "This asset is not accepted here.",
  INSUFFICIENT_BALANCE: "The balance is too small. Choose a smaller amount.",
  UNKNOWN_WITHDRAWAL: "There is no such withdrawal.",
  SAME_ACCOUNT: "An account can not send to itself. Choose another one.",
  DIFFERENT_OWNER: "That account belongs to somebody else.",
  UNKNOWN_SOURCE: "There is no such price source.",
  UNKNOWN_UNDERLYING: "There is no such underlying.",
  PRICE_NOT_POSITIVE: "A price must be positive.",
  PRICE_OUT_OF_SCALE: "The price is out of range.",
  OBSERVATION_NOT_NEWER: "A newer price is known already.",
  OBSERVATION_FROM_FUTURE: "The price is from the future.",
  OBSERVATION_TOO_OLD: "The price is too old.",
  CONFIDENCE_INVALID: "The price's confidence is out of range.",
  INVALID_NAME: "The name is empty, too long or not in plain letters.",
  ALREADY_LISTED: "It is listed already.",
  INVALID_TICK_VALUE: "Tick and lot do not make a whole amount.",
  INVALID_REFERENCE: "The reference price is out of range.",
  UNKNOWN_PARAMETER: "There is no such parameter.",
  PARAMETER_OUT_OF_BOUNDS: "The parameter is out of its bounds.",
  INVALID_STATE_CHANGE: "The contract can not change to that state now.",
  SOURCE_TAKEN: "The price source belongs to another account.",
  INVALID_ROLE: "There is no such role.",
  INVALID_CONTRACT_KIND: "There is no such kind of contract.",
  INVALID_QUARANTINE: "There is no such command to set aside.",
  PRICE_ABOVE_CEILING: "The contract's price has outgrown its listing. It does not open again.",
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

// Why an order of the past ended as it did; null of one that filled.
export function reasonWords({ cancel_reason: reason, reject_reason: refused }) {
  if (refused) return reasonInWords(refused.toUpperCase());
  return reason ? cancelInWords(reason) : null;
}

// A reason's name as a sentence. What is missing, and what would do, are said in numbers where
// they are known: { shortfall, largest: "0.420 BTC", lowest, highest }.
export function reasonInWords(name, { shortfall, largest, lowest, highest } = {}) {
  if (name === "INSUFFICIENT_MARGIN" && Number(shortfall)) {
    const remedy = largest ? `Reduce to ${largest} or deposit.` : "Reduce the size or deposit.";
    return `Not enough margin: needs ${money(shortfall)} USDC more. ${largest === "" ? "Deposit first." : remedy}`;
  }
  if (name === "PRICE_OUTSIDE_BAND" && Number(highest)) {
    return `The price is too far from the mark price. Choose one from ${number(lowest, 2)} to ${number(highest, 2)}.`;
  }
  return WORDS[name] ?? `Refused: ${String(name).toLowerCase().replaceAll("_", " ")}.`;
}

export function errorInWords(error) {
  const { name = error.data?.reason_name, shortfall, min_price: lowest, max_price: highest, member } = error.data ?? {};
  if (name) return `${ofMember(member)}${reasonInWords(name, { shortfall, lowest, highest })}`;
  if (error.unknown) return `${error.message} Look at your open orders before you send it again.`;
  return CODES[error.code] ?? sentence(error);
}

// Which of an entry's exits is meant.
const ofMember = (member) => (member ? "An exit of the order was refused. " : "");

function sentence(error) {
  const { reason, param } = error.data ?? {};
  if (error.code === -32602 && param && typeof reason === "string") return `${param.replaceAll("_", " ")} ${reason}.`.replace(/^./, (first) => first.toUpperCase());
  return `${error.message}${typeof reason === "string" ? `: ${reason}` : ""}`.replace(/\.?$/, ".");
}
