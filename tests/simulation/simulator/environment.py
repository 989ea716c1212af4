"""What happens to a venue: prices and their faults, the clock, the house, broken records."""

from tests.simulation.reference.wire import (
    INSURANCE,
    OPERATOR,
    ROLE_MASK,
    STATE_HALTED,
    STATE_OPEN,
    STATE_REDUCE_ONLY,
    CommandKind,
    ContractParameter,
    Row,
)
from tests.simulation.side_by_side import command
from tests.simulation.simulator.world import GATEWAYS, SOURCES, USDC, World, packed

MILLISECOND = 1_000_000
SECOND = 1_000 * MILLISECOND
FAULTS = ("silent", "stale", "stuck", "wild", "future", "liar", "nonsense")
INT64_MAX = (1 << 63) - 1
ROLES = (1, 3, 7, 9, 1, 0, ROLE_MASK + 1)  # the last two do not exist


class Oracle:
    """Every source sees the price of the world; now and then one sees it wrongly."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults: dict[int, str] = {}
        self.drift_ppm = [0] * len(world.prices)

    def move(self) -> None:
        """Calm, lively, or a crash that lasts a while."""
        world, dice = self.world, self.world.dice
        for i, price in enumerate(world.prices):
            if dice.rarely(25):
                self.drift_ppm[i] = dice.pick((0, 0, 0, -8_000, 8_000, -18_000, 18_000))
            width = dice.pick((200, 200, 1_500, 6_000))
            step = self.drift_ppm[i] + dice.bell(width)
            ceiling = 10**17 // 2
            world.prices[i] = min(max(1_000, price + price * step // 1_000_000), ceiling)

    def break_and_mend(self) -> None:
        """Faults come and go, several at once."""
        dice = self.world.dice
        if dice.rarely(60):
            for source in dice.shuffled(range(SOURCES))[: dice.pick((1, 1, 2, 3, 5))]:
                self.faults[source] = dice.pick(FAULTS)
        if self.faults and dice.rarely(5):
            self.faults.clear()

    def report(self, underlying: int) -> list[Row]:
        """What the sources say of one underlying, in some order."""
        rows = []
        for source in self.world.dice.shuffled(range(SOURCES)):
            row = self._observation(source, underlying)
            if row:
                rows.append(row)
        return rows

    def _observation(self, source: int, underlying: int) -> Row | None:
        world, dice = self.world, self.world.dice
        fault = self.faults.get(source, "")
        if fault == "silent" or dice.rarely(40):
            return None
        price = world.prices[underlying]
        price += price * dice.bell(150) // 1_000_000
        published = world.both.time_ns - dice.pick((0, 0, 5, 300)) * MILLISECOND
        confidence = dice.pick((0, price // 10_000))
        match fault:
            case "stale":
                published -= 20 * SECOND
            case "stuck":
                price = world.prices[underlying] // 1_000 * 1_000
            case "wild":
                price = price * 1_000 if dice.happens(50) else max(1, price // 1_000)
            case "future":
                published += 2 * SECOND
            case "liar":
                price += price * 3 // 100
            case "nonsense":
                price = dice.pick((0, -price, 10**17 + 1, price))
                confidence = dice.pick((-1, price + 1))
        reporter = world.reporters[source]
        if dice.rarely(60):
            reporter = dice.pick((*world.reporters, *world.traders[:3]))
        return command(
            CommandKind.SUBMIT_OBSERVATION,
            reporter,
            source=source if not dice.rarely(80) else dice.pick((-1, 31, 1 << 50)),
            underlying=underlying if not dice.rarely(80) else dice.pick((-1, 63, 1 << 50)),
            price_e8=price,
            confidence_e8=confidence,
            publish_time_ns=published,
        )


def pass_time(world: World) -> None:
    """Mostly a moment; sometimes the clock jumps by minutes or a day."""
    moments = (0, 0, 1, 20, 100, 250, 400, 1_000, 1_000, 2_000, 5_000)
    milliseconds = world.dice.pick(moments)
    if world.dice.rarely(60):
        milliseconds = world.dice.pick((10_001, 61_000, 3_600_000, 86_400_000))
    world.both.pass_time(milliseconds * MILLISECOND)


def keep_house(world: World) -> list[Row]:
    """What operators do: clearing on its clock, money in and out, halts, parameters."""
    dice, venue = world.dice, world.venue
    contract = world.any_contract()
    closed = [c for c, row in enumerate(venue.contracts) if row.state != STATE_OPEN]
    if closed and dice.happens(50):
        return [
            _house(CommandKind.SET_CONTRACT_STATE, contract=dice.pick(closed), state=STATE_OPEN)
        ]
    draw = dice.between(0, 99)
    if draw < 30:
        return [_house(CommandKind.SETTLE_VARIATION, contract=contract)]
    if draw < 35:
        return [_house(CommandKind.SETTLE_FUNDING, contract=contract)]
    if draw < 55:
        return [_house(CommandKind.TICK)]
    if draw < 65:
        account = dice.pick((*world.traders, 3, 1 << 30))
        return [_house(CommandKind.LIQUIDATE, account=account)]
    if draw < 75:
        return _pay_out(world)
    if draw < 87:
        account = dice.pick((INSURANCE, *(dice.pick(world.traders) for _ in range(4))))
        amount = dice.pick((1, 50 * USDC, 900 * USDC))
        return [_house(CommandKind.DEPOSIT, account=account, amount_units=amount)]
    if draw < 93:
        return _set_parameter(world, contract)
    if draw < 94:
        state = dice.pick((STATE_HALTED, STATE_REDUCE_ONLY))
        return [_house(CommandKind.SET_CONTRACT_STATE, contract=contract, state=state)]
    return _rearrange(world)


def _house(kind: CommandKind, **fields: int) -> Row:
    return command(kind, OPERATOR, **fields)


def _pay_out(world: World) -> list[Row]:
    pending = list(world.venue.withdrawals) or [0]
    withdrawal = world.dice.pick(pending) + world.dice.pick((0, 0, 0, 0, 1))
    kind = world.dice.pick((CommandKind.CONFIRM_WITHDRAWAL, CommandKind.FAIL_WITHDRAWAL))
    return [_house(kind, withdrawal=withdrawal)]


def _set_parameter(world: World, contract: int) -> list[Row]:
    caps = (1_000, 5_000, 20_000, 20_000_000)  # of the market's open interest
    parameter, value = world.dice.pick(
        (
            (ContractParameter.MAKER_FEE_PPM, world.dice.pick((-501, -400, -200, 0, 200))),
            (ContractParameter.IMPACT_MARGIN_UNITS, world.dice.pick((10, 100, 500)) * USDC),
            (ContractParameter.INTEREST_PPB, world.dice.pick((0, 100_000, 1_000_000))),
            (ContractParameter.FUNDING_DAMPER_PPB, world.dice.pick((0, 500_000, 5_000_000))),
            (ContractParameter.FUNDING_RATE_MAX_PPB, world.dice.pick((0, 10_000_000, -1))),
            (ContractParameter.BASIS_SECONDS, world.dice.pick((10, 150, 3_600))),
            (ContractParameter.MARK_RATE_PPM, world.dice.pick((100, 5_000, 20_000))),
            (ContractParameter.OPEN_INTEREST_LOWER_UNITS, world.dice.pick(caps) * USDC),
            (ContractParameter.OPEN_INTEREST_UPPER_UNITS, 2 * world.dice.pick(caps) * USDC),
            (ContractParameter.TAKER_FEE_PPM, world.dice.pick((0, 300, 500, 10_000))),
            (ContractParameter.ORDER_BAND_PPM, world.dice.pick((5_000, 30_000, 50_000))),
            (ContractParameter.MIN_NOTIONAL_UNITS, world.dice.pick((0, 10, 100)) * USDC),
            (ContractParameter.INSURANCE_CAP_UNITS, world.dice.pick((0, 100, 10_000)) * USDC),
            (ContractParameter.LIQUIDATION_FEE_PPM, world.dice.pick((0, 5_000, 50_000))),
            (ContractParameter.INITIAL_MARGIN_PPM, world.dice.pick((20_000, 100_000, 4_999))),
            (ContractParameter.MARK_BAND_PPM, world.dice.pick((2_500, 5_000, 250_000))),
            (world.dice.pick((0, 99)), 1),  # no such parameter
        )
    )
    fields = {"contract": contract, "parameter": int(parameter), "value": value}
    return [_house(CommandKind.SET_PARAMETER, **fields)]


def _rearrange(world: World) -> list[Row]:
    """Registers, roles and listings, right and wrong."""
    dice = world.dice
    trader = dice.pick(world.traders)
    name = packed(dice.pick(("ABC", "BTC", "SOL", "XAU")), 4)
    terms = {"contract_kind": dice.pick((1, 1, 1, 2)), "tick_e8": dice.pick((10**8, 10**7, 3))}
    terms |= {"lot_e8": 10**8, "reference_ticks": dice.pick((1_000, 0, 1 << 40))}
    source = dice.pick((0, 1, 7, 31, 32, -1))
    reporter = dice.pick((world.reporters[0], world.reporters[1], trader, 2))
    weight = dice.pick((0, 500_000, 1_000_000, 1_000_001))
    register = {"account": reporter, "source": source, "weight_ppm": weight}
    state = {"contract": world.any_contract(), "state": dice.between(0, 5)}
    journal = len(world.both.journal)
    return [
        dice.pick(
            (
                _house(CommandKind.REGISTER_REPORTER, **register),
                _house(CommandKind.SET_ROLE, account=trader, role=dice.pick(ROLES)),
                _house(CommandKind.SET_ROLE, account=dice.pick((4, 1 << 20)), role=1),
                _house(CommandKind.OPEN_ACCOUNT, account=trader, role=dice.pick(ROLES[-3:])),
                _house(CommandKind.OPEN_ACCOUNT, account=dice.pick((-1, 5)), role=ROLE_MASK),
                _house(CommandKind.LIST_UNDERLYING, name_0=name["name_0"]),
                _house(CommandKind.LIST_UNDERLYING, name_0=dice.pick((0, -1, 0x2041))),
                _house(CommandKind.LIST_CONTRACT, **name, **terms),
                _house(CommandKind.LIST_CONTRACT, **name, **terms, underlying=60),
                _house(CommandKind.SET_CONTRACT_STATE, **state),
                _house(CommandKind.QUARANTINE, target_sequence=dice.pick((0, 1, journal + 9))),
            )
        )
    ]


def broken_record(world: World) -> Row:
    """Sixteen integers that are hardly a command: every field may be anything."""
    dice = world.dice
    kind = int(dice.pick(tuple(CommandKind)))
    if dice.rarely(8):
        kind = dice.pick((-1, 0, 4, 99, INT64_MAX, -INT64_MAX - 1))
    principal = dice.pick((OPERATOR, *world.reporters[:1], *world.traders[:2], anything(world)))
    gateway = 0 if dice.happens(90) else anything(world)
    if gateway in range(1, GATEWAYS + 1):
        gateway += GATEWAYS  # A forged counter would silence a gateway for the rest of the run.
    account = dice.pick((*world.traders[:4], anything(world)))
    payload = [plausible(world) if dice.happens(50) else anything(world) for _ in range(9)]
    return (0, 0, kind, principal, gateway, anything(world), account, *payload)


def anything(world: World) -> int:
    """Any int64, the borders more often."""
    dice = world.dice
    borders = (0, 1, -1, INT64_MAX, -INT64_MAX - 1, 1 << 62, 1 << 31, (1 << 31) + 1, 1 << 53)
    return dice.pick((dice.pick(borders), dice.between(-INT64_MAX - 1, INT64_MAX)))


def plausible(world: World) -> int:
    """A number that means something somewhere."""
    dice = world.dice
    contract = world.any_contract()
    order = world.any_order()
    numbers = (0, 1, -1, 2, 16, contract, world.mark(contract), 10**9, world.both.time_ns)
    return dice.pick((*numbers, order.id if order else 1))
