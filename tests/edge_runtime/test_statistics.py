import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.statistics import mcnemar_exact, paired_difference_interval, wilson_interval


def test_wilson_gives_the_published_interval() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for correct, total, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        interval = wilson_interval(correct, total)
        assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_paired_interval_is_the_adjusted_wald_of_its_source() -> None:
    # 21 pairs with 1 and 7 discordant: estimates 2/23 and 8/23, worked through by hand.
    interval = paired_difference_interval(1, 7, 21)
    assert interval.low == pytest.approx(-0.5084, abs=1e-4)
    assert interval.high == pytest.approx(-0.0134, abs=1e-4)


def test_paired_interval_is_never_empty_and_shrinks_with_more_pictures() -> None:
    widths = [
        (interval := paired_difference_interval(0, 0, total)).high - interval.low
        for total in (10, 100, 10_000)
    ]
    assert widths == sorted(widths, reverse=True)
    assert 0 < widths[-1] < 0.001


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        (0, 0, 1.0),
        (5, 5, 1.0),
        (0, 10, 2 / 2**10),
        (1, 7, 2 * (1 + 8) / 2**8),
        (2, 8, 2 * (1 + 10 + 45) / 2**10),
    ],
)
def test_mcnemar_is_the_binomial_tail(first: int, second: int, p: float) -> None:
    assert mcnemar_exact(first, second) == pytest.approx(p, rel=1e-12)


def test_mcnemar_holds_for_counts_beyond_the_range_of_floats() -> None:
    # Near the normal limit: 5,000 flips, 100 off the middle, z = (200 - 1) / sqrt(5000).
    z = 199 / math.sqrt(5000)
    assert mcnemar_exact(2400, 2600) == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-2)
    assert mcnemar_exact(0, 5000) == 0.0


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_contains_the_estimate(counts: tuple[int, int]) -> None:
    correct, total = counts
    interval = wilson_interval(correct, total)
    assert 0.0 <= interval.low <= correct / total <= interval.high <= 1.0


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_paired_interval_mirrors_and_mcnemar_is_symmetric(b: int, c: int, rest: int) -> None:
    total = b + c + rest + 1
    forward, back = paired_difference_interval(b, c, total), paired_difference_interval(c, b, total)
    assert forward.low == pytest.approx(-back.high)
    assert forward.low <= forward.high
    assert mcnemar_exact(b, c) == mcnemar_exact(c, b)
    assert 0.0 <= mcnemar_exact(b, c) <= 1.0


def test_impossible_counts_are_refused() -> None:
    for call in (
        lambda: wilson_interval(11, 10),
        lambda: wilson_interval(0, 0),
        lambda: wilson_interval(1, 10, confidence=1.0),
        lambda: paired_difference_interval(6, 6, 10),
        lambda: mcnemar_exact(-1, 3),
    ):
        with pytest.raises(ValueError, match=r"counts|confidence"):
            call()
