"""All sequences of up to four commands over a small alphabet (enumeration.py)."""

import pytest

from tests.simulation.enumeration import Enumeration, copied, start


@pytest.mark.parametrize(
    ("every", "sequences"),
    [
        pytest.param(1, 475_254, marks=pytest.mark.nightly),  # 26 + 26^2 + 26^3 + 26^4
        (3, 57_339),  # 26 + 26^2, a third of 26^3, a ninth of 26^4
    ],
)
def test_every_sequence_of_four_commands_is_decided_alike(every: int, sequences: int) -> None:
    world = start()
    enumeration = Enumeration(world, every=every)

    enumeration.walk(4)

    assert enumeration.sequences == sequences
    print(f"{enumeration.sequences:,} sequences: {dict(enumeration.seen)}")
    # Some of everything that the alphabet can lead to.
    assert set(enumeration.seen) == {
        "ORDER_ACCEPTED",
        "ORDER_FILLED",
        "ORDER_CANCELLED",
        "COMMAND_REJECTED",
    }
    assert min(enumeration.seen.values()) > 10_000 / every**2


def test_enumeration_leaves_both_venues_where_they_stood() -> None:
    world = start()
    before = world.both.hash()

    Enumeration(world).walk(2)

    assert world.both.hash() == before
    world.both.compare_all()


def test_enumeration_notices_one_wrong_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    world = start()
    world.venue.contracts[0].taker_fee_ppm += 1

    with pytest.raises(AssertionError):
        Enumeration(world).walk(2)


def test_copied_reference_goes_its_own_way() -> None:
    world = start()
    other = copied(world.venue)

    other.ledger.move(0, world.traders[0], 1)
    other.contracts[0].mark_ticks += 1

    world.both.compare_all()
