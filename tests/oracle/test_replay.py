"""Recorded prices: spliced by returns, continuous, endless, and honest about what they are."""

import csv
import gzip
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.replay import (
    DEMO_PATHS,
    MINUTE_NS,
    RECORDING,
    START_MINUTE,
    PathSpec,
    PricePath,
    Recording,
    demo_paths,
    load_recording,
    smooth_noise,
)

E8 = 100_000_000
SECOND_NS = 1_000_000_000
RIPPLE = 0.0001  # the ripple's largest share of the price, twice over


@pytest.fixture(scope="module")
def recording() -> Recording:
    return load_recording()


@pytest.fixture(scope="module")
def paths() -> dict[str, PricePath]:
    return demo_paths()


def opens() -> list[float]:
    with gzip.open(RECORDING, "rt", encoding="ascii", newline="") as lines:
        return [float(row["open"]) for row in csv.DictReader(lines)]


def write_bars(path: Path, *bars: str) -> Path:
    with gzip.open(path, "wt", encoding="ascii") as file:
        file.write(
            "timestamp,open,high,low,close,volume\n" + "".join(f"{bar}\n" for bar in bars)
        )
    return path


def test_recording_is_whole(recording: Recording) -> None:
    assert recording.levels.shape == (45_031,)
    assert recording.waypoints.shape == (45_031, 5)


def test_paths_start_at_their_levels(paths: dict[str, PricePath]) -> None:
    assert {name: path.price_e8(0) for name, path in paths.items()} == {
        "BTC": 40_827 * E8,
        "ETH": 3_100 * E8,
        "SOL": 137 * E8,
    }


def test_bitcoin_replays_the_recorded_returns(paths: dict[str, PricePath]) -> None:
    recorded = opens()[START_MINUTE : START_MINUTE + 600]
    replayed = [paths["BTC"].price_e8(minute * MINUTE_NS) / E8 for minute in range(600)]

    difference = np.log(np.array(recorded) / recorded[0]) - np.log(
        np.array(replayed) / replayed[0]
    )

    # The removed drift, 4 millionths a minute, and the ripple are all that differs.
    assert np.abs(difference).max() < 600 * 5e-6 + RIPPLE


def test_minutes_before_the_start_are_the_recorded_ones_and_lead_up_to_it(
    paths: dict[str, PricePath],
) -> None:
    recorded = opens()[:START_MINUTE]

    bars = paths["BTC"].minutes_before_start(START_MINUTE)

    # 13,859 minutes at 4 millionths of removed drift a minute.
    assert bars.shape == (13_859, 4)
    assert bars[-1, 3] == pytest.approx(40_827.0)
    assert bars[-600:, 0] == pytest.approx(recorded[-600:], rel=600 * 5e-6)
    assert (bars[:, 1] >= bars[:, [0, 3]].max(axis=1)).all()
    assert (bars[:, 2] <= bars[:, [0, 3]].min(axis=1)).all()


@pytest.mark.parametrize(("name", "start"), [("ETH", 3_100.0), ("SOL", 137.0)])
def test_minutes_before_the_start_join_each_other_and_the_start(
    paths: dict[str, PricePath], name: str, start: float
) -> None:
    bars = paths[name].minutes_before_start(1_000)

    assert bars[1:, 0] == pytest.approx(bars[:-1, 3])
    assert bars[-1, 3] == pytest.approx(start)


def test_path_ends_each_round_where_it_began(
    paths: dict[str, PricePath], recording: Recording
) -> None:
    round_ns = len(recording.levels) * MINUTE_NS

    for name, path in paths.items():
        start = DEMO_PATHS[name].start_e8
        assert path.price_e8(round_ns) == pytest.approx(start, rel=RIPPLE)
        assert path.price_e8(40 * round_ns) == pytest.approx(start, rel=RIPPLE)


def test_path_joins_its_end_to_its_beginning_without_a_jump(
    paths: dict[str, PricePath], recording: Recording
) -> None:
    seam = (len(recording.levels) - START_MINUTE) * MINUTE_NS

    before, after = (paths["BTC"].price_e8(seam + shift) for shift in (-1, 1))

    assert after == pytest.approx(before, rel=1e-6)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**18), st.sampled_from(sorted(DEMO_PATHS)))
def test_path_is_continuous_everywhere(position_ns: int, name: str) -> None:
    path = _shared_paths()[name]

    here, soon = path.price_e8(position_ns), path.price_e8(position_ns + 10_000_000)

    # The worst recorded minute is under 4 %; a hundredth of a second is far less of it.
    assert abs(math.log(soon / here)) < 0.002


def _shared_paths(cache: dict[str, PricePath] = {}) -> dict[str, PricePath]:  # noqa: B006
    if not cache:
        cache.update(demo_paths())
    return cache


def test_path_passes_through_the_extremes_of_its_minutes(tmp_path: Path) -> None:
    file = write_bars(
        tmp_path / "bars.csv.gz", "t,100,110,95,105,1", "t,105,108,90,92,1", "t,92,101,91,100,1"
    )
    path = PricePath(load_recording(file), PathSpec(100 * E8, 1.0, 0.0, 0), seed=1)

    first = [path.price_e8(share * MINUTE_NS // 100) / E8 for share in (0, 25, 55, 90, 100)]
    second = [path.price_e8(MINUTE_NS + share * MINUTE_NS // 100) / E8 for share in (25, 55)]

    # A rising minute falls to its low first; a falling one rises to its high first.
    assert first == pytest.approx([100, 95, 110, 105, 105], rel=RIPPLE)
    assert second == pytest.approx([108, 90], rel=RIPPLE)


def test_path_without_its_own_recording_mixes_two_days_of_returns(
    recording: Recording,
) -> None:
    spec = PathSpec(1_000 * E8, 0.5, 0.25, 1_440)
    path = PricePath(recording, spec, seed=9)

    minute = 300
    common = recording.levels[minute]
    own = recording.levels[minute + 1_440] - recording.levels[1_440]

    wanted = 1_000 * math.exp(0.5 * common + 0.25 * own)
    assert path.price_e8(minute * MINUTE_NS) / E8 == pytest.approx(wanted, rel=RIPPLE)


def test_path_moves_within_a_second(paths: dict[str, PricePath]) -> None:
    prices = [paths["BTC"].price_e8(step * SECOND_NS // 4) for step in range(40)]

    assert Counter(prices).most_common(1)[0][1] == 1


@pytest.mark.parametrize(
    "bars",
    [
        ("t,100,110,95,105,1",),
        ("t,100,110,95,105,1", "t,105,104,90,92,1"),
        ("t,100,110,95,105,1", "t,105,110,0,92,1"),
        ("t,100,110,95,105,1", "t,105,110,106,107,1"),
    ],
)
def test_recording_that_cannot_be_is_refused(tmp_path: Path, bars: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        load_recording(write_bars(tmp_path / "bars.csv.gz", *bars))


@given(st.integers(0, 2**32), st.floats(-1e9, 1e9))
def test_noise_is_bounded_and_repeatable(seed: int, position: float) -> None:
    noise = smooth_noise(seed, position)

    assert -1.0 <= noise <= 1.0
    assert noise == smooth_noise(seed, position)
