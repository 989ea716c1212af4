// Asks for money back: held at once, paid by the operator.

import { account } from "novate/account";
import { AmountForm } from "novate/amount-form";
import { Decimal } from "novate/decimal";

class Withdraw extends AmountForm {
  async most() { return Decimal.from(account.summary?.available_withdrawal_funds ?? null); }

  command() { return { method: "private/withdraw", params: { address: "operator" } }; }

  moved(amount) { return ["Withdrawal asked for", `${amount} USDC are held until the operator has paid them.`]; }
}

customElements.define("nv-withdraw", Withdraw);
