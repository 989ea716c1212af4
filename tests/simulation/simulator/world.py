"""The venue of a run: how many trade what, and the ways in which commands reach it.

Commands ride through gateways with counters; now and then one arrives twice, or late.
"""

from dataclasses import dataclass, field

from tests.simulation.reference.state import Venue
from tests.simulation.reference.tables import Contract, Order
from tests.simulation.reference.wire import (
    COMMAND_FIELDS,
    KIND_PERPETUAL,
    NO_ACCOUNT,
    OPERATOR,
    ROLE_REPORTER,
    ROLE_TRADER,
    STATE_OPEN,
    CommandKind,
    ContractParameter,
    EventKind,
    Row,
    read_event,
)
from tests.simulation.side_by_side import SideBySide, command
from tests.simulation.simulator.dice import Dice

USDC = 1_000_000
SOURCES = 5
GATEWAYS = 4
KEYED = (
    CommandKind.PLACE_ORDER,
    CommandKind.AMEND_ORDER,
    CommandKind.REQUEST_WITHDRAWAL,
    CommandKind.TRANSFER,
)
KEY = COMMAND_FIELDS[CommandKind.PLACE_ORDER].index("idempotency_key")


@dataclass(frozen=True, slots=True)
class Terms:
    """A contract to be listed: fine and coarse ticks, cheap and dear lots."""

    name: str
    tick_e8: int
    lot_e8: int
    reference_ticks: int


MENU = (
    Terms("BTC", 10_000_000, 100_000, 600_000),  # a lot is 60 USDC, a tick of it 100 units
    Terms("SOL", 100_000, 10_000_000, 150_000),
    Terms("XAU", 100_000_000, 100_000_000, 2_000),  # a lot is 2,000 USDC, a tick 1 USDC
    Terms("DOGE", 1_000, 10_000_000_000, 15_000),
    Terms("COARSE", 10_000_000, 1_000_000_000, 40),  # a tick is 2.5 % of the price
)


def packed(name: str, words: int) -> dict[str, int]:
    """A name as the fields name_0, name_1, ... of a command."""
    raw = name.encode().ljust(8 * words, b"\0")
    return {f"name_{i}": int.from_bytes(raw[8 * i : 8 * i + 8], "little") for i in range(words)}


@dataclass(slots=True)
class World:
    """Both venues, who lives there, and the dice."""

    dice: Dice
    both: SideBySide
    reporters: list[int] = field(default_factory=list)
    traders: list[int] = field(default_factory=list)
    # What the sources see, by underlying: quote x 10^8.
    prices: list[int] = field(default_factory=list)
    counters: list[int] = field(default_factory=lambda: [0] * (GATEWAYS + 1))
    sent: list[Row] = field(default_factory=list)
    keyed: list[Row] = field(default_factory=list)  # of those, what has an idempotency key

    @property
    def venue(self) -> Venue:
        return self.both.venue

    # --- opening ----------------------------------------------------------------------------

    def open_account(self, role: int = ROLE_TRADER, parent: int = NO_ACCOUNT) -> int:
        events = self.operate(CommandKind.OPEN_ACCOUNT, account=parent, role=role)
        return next(e[3] for e in events if e[2] == EventKind.ACCOUNT_OPENED)

    def open_funded(self, amount_units: int, parent: int = NO_ACCOUNT) -> int:
        account = self.open_account(parent=parent)
        self.operate(CommandKind.DEPOSIT, account=account, amount_units=amount_units)
        self.traders.append(account)
        return account

    def add_sources(self) -> None:
        """Five reporters, not all of the same weight."""
        for source in range(SOURCES):
            account = self.open_account(ROLE_REPORTER)
            weight = self.dice.pick((1_000_000, 1_000_000, 700_000, 300_000))
            keys = {"key_0": source + 1}
            fields = {"account": account, "source": source, "weight_ppm": weight}
            self.operate(CommandKind.REGISTER_REPORTER, **fields, **keys)
            self.reporters.append(account)

    def list_underlying(self, terms: Terms) -> int:
        self.operate(CommandKind.LIST_UNDERLYING, **packed(terms.name, 2))
        self.prices.append(terms.reference_ticks * terms.tick_e8)
        return len(self.prices) - 1

    def list_contract(self, terms: Terms, underlying: int) -> int:
        """Lists a perpetual with drawn margins and opens it."""
        contract = len(self.venue.contracts)
        self.operate(
            CommandKind.LIST_CONTRACT,
            **packed(f"{terms.name}-{contract}", 4),
            underlying=underlying,
            contract_kind=KIND_PERPETUAL,
            tick_e8=terms.tick_e8,
            lot_e8=terms.lot_e8,
            reference_ticks=terms.reference_ticks,
        )
        initial = self.dice.pick((20_000, 25_000, 50_000, 100_000))
        cap = self.dice.pick((4_000, 100_000, 20_000_000)) * USDC
        drawn = (
            # The band first out of the way: it may never pass a quarter of the margin.
            (ContractParameter.MARK_BAND_PPM, 100),
            (ContractParameter.INITIAL_MARGIN_PPM, initial),
            (ContractParameter.MARK_BAND_PPM, initial // self.dice.between(4, 8)),
            (
                ContractParameter.MARGIN_FLOOR_UNITS,
                self.dice.pick((2_000, 50_000, 5_000_000)) * USDC,
            ),
            (ContractParameter.OPEN_INTEREST_LOWER_UNITS, cap),
            (ContractParameter.OPEN_INTEREST_UPPER_UNITS, 5 * cap // 2),
            (ContractParameter.MAKER_FEE_PPM, self.dice.pick((0, 100, 200, -100, -300))),
            (
                ContractParameter.INSURANCE_CAP_UNITS,
                self.dice.pick((50, 5_000, 250_000)) * USDC,
            ),
        )
        for parameter, value in drawn:
            fields = {"contract": contract, "parameter": int(parameter), "value": value}
            self.operate(CommandKind.SET_PARAMETER, **fields)
        self.operate(CommandKind.SET_CONTRACT_STATE, contract=contract, state=STATE_OPEN)
        return contract

    # --- commands ---------------------------------------------------------------------------

    def operate(self, kind: CommandKind, **fields: int) -> list[Row]:
        """A command of the house, applied at once; it must be accepted."""
        events = self.both.do(kind, OPERATOR, **fields)
        refused = [e for e in events if e[2] == EventKind.COMMAND_REJECTED]
        assert not refused, read_event(refused[0])
        return events

    def send(self, row: Row) -> Row:
        """A command through one of the gateways, with its next counter."""
        gateway = self.dice.between(1, GATEWAYS)
        self.counters[gateway] += 1
        sent = (*row[:4], gateway, self.counters[gateway], *row[6:])
        self.sent.append(sent)
        if sent[2] in KEYED and sent[KEY]:
            self.keyed.append(sent)
        return sent

    def resend(self) -> Row:
        """A command that has been sent before: its gateway never heard the answer."""
        return self.dice.pick(self.sent[-20:])

    def order(
        self,
        account: int,
        contract: int,
        side: int,
        price: int,
        lots: int,
        flags: int,
        trigger: int = 0,
    ) -> Row:
        """PlaceOrder through a gateway; sometimes with a deadline, sometimes past it."""
        return self.send(
            command(
                CommandKind.PLACE_ORDER,
                self.principal_of(account),
                account=account,
                contract=contract,
                side=side,
                flags=flags,
                price_ticks=price,
                quantity_lots=lots,
                trigger_ticks=trigger,
                label=self.dice.pick((0, 0, 1, 2)),
                **self.promise(),
            )
        )

    def promise(self) -> dict[str, int]:
        """Sometimes a deadline, sometimes past; sometimes a key, now and then a known one."""
        deadline = key = 0
        if self.dice.rarely(20):
            deadline = self.both.time_ns + self.dice.pick((-1, 0, 1_000_000_000))
        if self.dice.rarely(8):
            key = self.dice.pick((len(self.sent) + 1, self.dice.between(1, 200)))
        return {"idempotency_key": key, "valid_until_ns": deadline}

    def family(self, account: int) -> list[int]:
        """Traders of the same owner, the account too."""
        owner = self.venue.accounts[account].owner
        return [a for a in self.traders if self.venue.accounts[a].owner == owner]

    def principal_of(self, account: int) -> int:
        """Mostly oneself, sometimes the owner."""
        return self.venue.accounts[account].owner if self.dice.rarely(4) else account

    # --- looking ----------------------------------------------------------------------------

    def contract(self, number: int) -> Contract:
        return self.venue.contracts[number]

    def any_contract(self) -> int:
        """One of the first few more often than the rest."""
        count = len(self.venue.contracts)
        return self.dice.between(0, min(3, count - 1) if self.dice.happens(90) else count - 1)

    def any_order(self, account: int | None = None) -> Order | None:
        """A resting order of an account, or of anybody."""
        table = self.venue.orders if account is None else self.venue.accounts[account].orders
        return self.dice.pick(list(table.values())) if table else None

    def mark(self, contract: int) -> int:
        """The mark, or what it would be near if there were one."""
        row = self.contract(contract)
        return row.mark_ticks or row.reference_ticks

    def is_stale(self) -> bool:
        """Whether some index rests on observations that will soon be too old."""
        newest = max((seen.publish_ns for seen in self.venue.observations.values()), default=0)
        return newest < self.both.time_ns - 5_000_000_000
