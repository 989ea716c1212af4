"""The auditor of history: follows commands and events alone and believes no table.

It keeps books of its own from what the events say and raises AssertionError whose text begins
with the invariant's number (spec: invariants). What a state alone can show is auditor.py's.

    I-03, I-06  postings sum to zero; they explain each balance exactly
    I-12  the order that trades is the oldest at the best price
    I-13  quantity = filled + remaining + cancelled; terminal states are final
    I-16  no fill worse than the limit, post-only never takes, reduce-only never increases,
          immediate orders leave nothing, no trade within one owner
    I-17  two sides of a trade agree, at the maker's price; trade numbers increase
    LINK-001 to LINK-007  orders of a group (link_history.py)
    I-18  a key stands for one accepted command; a repeat changes nothing and names the first
    I-22  a liquidation starts under water only, and no step lowers equity / maintenance
    I-24  insurance is never negative                   I-35  observations are fit to be heard
    I-27, I-28  funding: sampled once, settled before a position changes, zero in sum
    I-36  the index is the aggregate of the fresh sources; the mark stays within its band and
          moves no faster than the index and its rate
    I-38  sequences without gaps, time never backwards, nothing executed past its deadline
    I-43  nobody acts on others' orders, or moves others' money
    I-44  parameters within hard bounds                 I-48  a withdrawal ends once
"""

from collections import defaultdict
from collections.abc import Callable

from exchange.engine.state import State
from tests.simulation.funding_history import FundingHistory
from tests.simulation.key_history import KeyHistory
from tests.simulation.link_history import LinkHistory
from tests.simulation.order_history import OrderHistory
from tests.simulation.price_history import PriceHistory
from tests.simulation.reference.governance import PARAMETERS
from tests.simulation.reference.wire import (
    BAD_DEBT,
    CLEARING,
    EXTERNAL,
    FEES,
    FLAG_MAKER,
    HOLDS,
    INSURANCE,
    OPERATOR,
    USDC,
    CancelReason,
    CommandKind,
    EventKind,
    Row,
    read_command,
    read_event,
)

Event = dict[str, int]


class History:
    """Everything that can be known from the journal and its events."""

    def __init__(self) -> None:
        self.sequence = 0
        self.time_ns = 0
        self.balances: dict[int, int] = defaultdict(int)
        self.owners: dict[int, int] = {}
        self.withdrawals: dict[int, int] = {}
        # (equity, maintenance) of an account at its last step in this command.
        self.steps: dict[int, tuple[int, int]] = {}
        self.keys = KeyHistory()
        self.orders = OrderHistory(self.owners)
        self.links = LinkHistory(self.orders.live)
        self.prices = PriceHistory()
        self.funding = FundingHistory()
        self.posted = 0
        self.rebate: Event | None = (
            None  # the maker's side of a trade, until the taker has paid
        )
        self._handlers: dict[int, Callable[[Event, Event], None]] = {
            EventKind.ACCOUNT_OPENED: self._opened,
            EventKind.ORDER_FILLED: self._filled,
            EventKind.ORDER_CANCELLED: self._cancelled,
            EventKind.DEPOSITED: self._deposited,
            EventKind.TRANSFERRED: self._transferred,
            EventKind.HEARTBEAT_MISSED: self._heartbeat_missed,
            EventKind.WITHDRAWAL_REQUESTED: self._withdrawal_requested,
            EventKind.WITHDRAWAL_CONFIRMED: self._withdrawal_ended,
            EventKind.WITHDRAWAL_FAILED: self._withdrawal_ended,
            EventKind.VARIATION_SETTLED: self._settled,
            EventKind.LIQUIDATION_STARTED: self._liquidation_started,
            EventKind.LIQUIDATION_STEPPED: self._liquidation_stepped,
            EventKind.LIQUIDATION_ENDED: self._liquidation_ended,
            EventKind.INSURANCE_PAID: self._insurance_paid,
            EventKind.BAD_DEBT_RECORDED: self._bad_debt,
            EventKind.PARAMETER_SET: self._parameter_set,
        }

    def follow(self, commands: list[Row], produced: list[Row]) -> None:
        """Takes in a batch: its commands and all their events."""
        position = 0
        for row in commands:
            self._begin(row)
            command, said = read_command(row), []
            while position < len(produced) and produced[position][0] == row[0]:
                said.append(read_event(produced[position]))
                position += 1
            self._follow_one(command, said)
        assert position == len(produced), f"I-38 an event of no command: {produced[position]}"

    def assert_explains(self, state: State) -> None:
        """I-06: what was posted is what every account has."""
        accounts = 1 + max([OPERATOR, *self.owners])
        for account, balance in enumerate(state.balances[:accounts, USDC].tolist()):
            explained = self.balances[account]
            assert balance == explained, f"I-06 {account} has {balance}, explained {explained}"

    def _begin(self, row: Row) -> None:
        assert row[0] == self.sequence + 1, f"I-38 {row[0]} after {self.sequence}"
        assert row[1] >= self.time_ns, f"I-38 time goes back to {row[1]}"
        self.sequence, self.time_ns = row[0], row[1]
        self.steps.clear()

    def _follow_one(self, command: Event, said: list[Event]) -> None:
        is_refused = any(event["kind"] == EventKind.COMMAND_REJECTED for event in said)
        self.prices.begin(command, said, is_refused=is_refused)
        self.keys.follow(command, said)
        self.orders.asked_price = command.get("price_ticks", 0)
        self.orders.asked_order = command.get("order", 0)
        for event in said:
            assert event["time_ns"] == self.time_ns, f"I-38 {event}"
            self.orders.follow(event)
            self.links.follow(event)
            self.prices.follow(event)
            self.funding.follow(event)
            handler = self._handlers.get(event["kind"])
            if handler:
                handler(command, event)
        self.orders.end()
        self.links.end()
        self.prices.end()
        self._check_silenced(said)
        assert self.balances[CLEARING] == 0, f"I-03 CLEARING keeps {self.balances[CLEARING]}"
        assert self.posted == 0, f"I-03 postings sum to {self.posted}"

    # --- postings ---------------------------------------------------------------------------

    def _post(self, source: int, target: int, amount: int) -> None:
        assert amount > 0, f"I-03 a posting of {amount} from {source} to {target}"
        for account, signed in ((source, -amount), (target, amount)):
            self.balances[account] += signed
            self.posted += signed

    def _says_balance(self, event: Event, stated: int, account: int) -> None:
        explained = self.balances[account]
        assert stated == explained, f"I-06 {explained} explained, but said {event}"

    def _charge(self, account: int, house: int, amount: int) -> None:
        """A fee is paid as far as there is cash; the rest is owed."""
        cash = min(amount, max(0, self.balances[account]))
        if cash:
            self._post(account, house, cash)

    def _opened(self, command: Event, event: Event) -> None:
        self.owners[event["account"]] = event["owner"]

    def _filled(self, command: Event, event: Event) -> None:
        if event["fee_units"] < 0:
            assert event["flags"] & FLAG_MAKER, f"I-17 a rebate for taking: {event}"
            self.rebate = event
            return
        self._charge(event["account"], FEES, event["fee_units"])
        if self.rebate is not None:
            amount = -self.rebate["fee_units"]
            paid = event["fee_units"]
            assert amount <= paid, f"I-17 a rebate above the taker fee: {self.rebate} {event}"
            self._post(FEES, self.rebate["account"], amount)
            assert self.balances[FEES] >= 0, f"I-03 a rebate of fees not there: {event}"
            self.rebate = None

    def _deposited(self, command: Event, event: Event) -> None:
        is_operator = command["kind"] == CommandKind.DEPOSIT
        assert is_operator, f"I-43 money from outside by {command}"
        self._post(EXTERNAL, event["account"], event["amount_units"])
        self._says_balance(event, event["balance_units"], event["account"])

    def _transferred(self, command: Event, event: Event) -> None:
        account, other = event["account"], event["counterparty"]
        owner = self.owners.get(account)
        assert owner == self.owners.get(other), f"I-43 a transfer between owners: {event}"
        may = command["principal"] in (command["account"], owner)
        assert may, f"I-43 a transfer by somebody else: {command} {event}"
        if event["amount_units"] < 0:
            self._post(account, other, -event["amount_units"])
        self._says_balance(event, event["balance_units"], account)

    def _withdrawal_requested(self, command: Event, event: Event) -> None:
        number = event["withdrawal"]
        assert number not in self.withdrawals, f"I-48 {event}"
        owner = self.owners[event["account"]]
        assert self.owners.get(command["principal"]) == owner, f"I-43 {command}"
        self.withdrawals[number] = event["amount_units"]
        self._post(event["account"], HOLDS, event["amount_units"])
        self._says_balance(event, event["balance_units"], event["account"])

    def _withdrawal_ended(self, command: Event, event: Event) -> None:
        amount = self.withdrawals.pop(event["withdrawal"], None)
        assert amount == event["amount_units"], f"I-48 {event} of {amount}"
        is_paid = event["kind"] == EventKind.WITHDRAWAL_CONFIRMED
        self._post(HOLDS, EXTERNAL if is_paid else event["account"], amount)
        self._says_balance(event, event["balance_units"], event["account"])

    def _settled(self, command: Event, event: Event) -> None:
        amount, account = event["cash_units"], event["account"]
        if amount < 0:
            self._post(account, CLEARING, -amount)
        else:
            self._post(CLEARING, account, amount)
        self._says_balance(event, event["balance_units"], account)

    def _insurance_paid(self, command: Event, event: Event) -> None:
        self._post(INSURANCE, event["account"], event["amount_units"])
        assert self.balances[INSURANCE] >= 0, f"I-24 {event}"
        self._says_balance(event, event["insurance_balance_units"], INSURANCE)

    def _bad_debt(self, command: Event, event: Event) -> None:
        self._post(BAD_DEBT, event["account"], event["amount_units"])

    # --- who and why ------------------------------------------------------------------------

    def _cancelled(self, command: Event, event: Event) -> None:
        if event["reason"] not in (CancelReason.BY_OWNER, CancelReason.DISCONNECTED):
            return
        owner = self.owners[event["account"]]
        assert self.owners.get(command["principal"]) == owner, f"I-43 {command} {event}"

    def _heartbeat_missed(self, command: Event, event: Event) -> None:
        is_overdue = event["due_ns"] < self.time_ns
        assert is_overdue, f"I-38 silenced before its time: {event}"

    def _check_silenced(self, said: list[Event]) -> None:
        """Whose heartbeat was missed has no order left."""
        silent = [e["account"] for e in said if e["kind"] == EventKind.HEARTBEAT_MISSED]
        for account in silent:
            left = [o for o in self.orders.live.values() if o["account"] == account]
            assert not left, f"I-10 silent, but with orders: {left}"

    def _parameter_set(self, command: Event, event: Event) -> None:
        _, _, low, high = PARAMETERS[event["parameter"]]
        assert low <= event["value"] <= high, f"I-44 {event}"

    def _liquidation_started(self, command: Event, event: Event) -> None:
        equity, maintenance = event["equity_units"], event["maintenance_units"]
        assert equity < maintenance, f"I-22 started above maintenance: {event}"
        held = self.orders.contracts_of(event["account"])
        is_deep = 3 * equity < 2 * maintenance
        assert self.prices.permit_liquidation(held, is_deep=is_deep), f"I-22 {event}"
        self.steps[event["account"]] = equity, maintenance

    def _liquidation_stepped(self, command: Event, event: Event) -> None:
        self._charge(event["account"], INSURANCE, event["fee_units"])
        notional = event["filled_lots"] * self.orders.highest_price(event)
        unit = self.prices.tick_values[event["contract"]]
        most = -(-notional * unit * self.prices.liquidation_fee_ppm(event["contract"]) // 10**6)
        assert event["fee_units"] <= most, f"I-22 fee above {most}: {event}"
        self._step(event)

    def _liquidation_ended(self, command: Event, event: Event) -> None:
        self._step(event)
        self.steps.pop(event["account"], None)

    def _step(self, event: Event) -> None:
        """What a step tells is from before it: it shows what the last one came to."""
        account = event["account"]
        equity, maintenance = event["equity_units"], event["maintenance_units"]
        if account in self.steps:
            before, maintenance_before = self.steps[account]
            if before < 0:
                assert equity >= before, f"I-22 equity fell from {before}: {event}"
            else:
                ratios = equity * maintenance_before, before * maintenance
                assert ratios[0] >= ratios[1], f"I-22 equity / maintenance fell: {event}"
        self.steps[account] = equity, maintenance
