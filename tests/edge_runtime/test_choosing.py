"""Which candidate is taken, on figures made up for the purpose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.profile import Accuracy, Budget, CandidateRecord
from edge_runtime.tuning.choosing import choose


def candidate(
    name: str,
    p90_us: float | None = 100.0,
    correct: int | None = 9200,
    threads: int = 1,
    size: int = 1000,
    p50_us: float = 50.0,
    total: int = 10_000,
) -> CandidateRecord:
    return CandidateRecord(
        artifact=name,
        backend="litert",
        backend_version="1.0",
        threads=threads,
        size_bytes=size,
        standing="possible",
        p50_us=p50_us,
        p90_us=p90_us,
        samples=1000,
        accuracy=None if correct is None else Accuracy(correct, total, "stated"),
    )


REFUSED = CandidateRecord("broken", "litert", None, 1, 1000, "refused", "Crashed: SIGILL")


def chosen_name(records: list[CandidateRecord], budget: Budget) -> str | None:
    chosen = choose(records, budget).chosen
    return chosen.artifact if chosen else None


def test_without_a_budget_the_fastest_as_accurate_as_the_best_is_taken() -> None:
    records = [
        candidate("best", p90_us=900.0, correct=9260),
        candidate("good", p90_us=30.0, correct=9215),
        candidate("poor", p90_us=10.0, correct=9100),
        REFUSED,
    ]
    decision = choose(records, Budget())
    assert decision.chosen is not None
    assert decision.chosen.artifact == "good"
    assert [(one.artifact, one.standing) for one in decision.records] == [
        ("good", "chosen"),
        ("best", "possible"),
        ("poor", "not accurate enough"),
        ("broken", "refused"),
    ]
    assert "92.10%" in decision.why


def test_the_wanted_accuracy_replaces_the_margin() -> None:
    records = [candidate("best", p90_us=900.0, correct=9245), candidate("poor", 10.0, 9100)]
    assert chosen_name(records, Budget(min_accuracy=0.90)) == "poor"
    # To the last digit: what is stated as 92.45 % is 92.45 %.
    assert chosen_name(records, Budget(min_accuracy=92.45 / 100)) == "best"


def test_few_pictures_cannot_tell_half_a_point() -> None:
    records = [
        candidate("one hit more", p90_us=900.0, correct=94, total=100),
        candidate("fast", p90_us=30.0, correct=93, total=100),
        candidate("wrong", p90_us=10.0, correct=80, total=100),
    ]
    assert chosen_name(records, Budget()) == "fast"


def test_the_latency_budget_bounds_p90_and_accuracy_is_judged_among_those_left() -> None:
    records = [
        candidate("accurate", p90_us=2000.0, correct=9600),
        candidate("quick", p90_us=500.0, correct=9000),
        candidate("quicker", p90_us=100.0, correct=8000),
    ]
    decision = choose(records, Budget(max_latency_us=1000.0))
    assert decision.chosen is not None
    assert decision.chosen.artifact == "quick"
    assert {one.artifact: one.standing for one in decision.records}["accurate"] == "too slow"


def test_a_small_median_with_a_long_tail_is_not_fast() -> None:
    records = [candidate("two", p90_us=9000.0, threads=2, p50_us=40.0), candidate("one")]
    assert chosen_name(records, Budget()) == "one"


@pytest.mark.parametrize(
    "better",
    [
        candidate("better", threads=1),
        candidate("better", threads=2, correct=9201),
        candidate("better", threads=2, size=999),
        candidate("better", threads=2, p90_us=99.0),
    ],
)
def test_ties_go_to_fewer_threads_then_accuracy_then_size(better: CandidateRecord) -> None:
    records = [candidate("other", threads=2), better]
    assert chosen_name(records, Budget()) == "better"
    assert chosen_name(records[::-1], Budget()) == "better"


def test_what_lacks_a_figure_that_matters_is_not_taken() -> None:
    records = [candidate("unmeasured", p90_us=None), candidate("unstated", correct=None)]
    decision = choose(records, Budget(max_latency_us=1000.0, min_accuracy=0.9))
    assert decision.chosen is None
    reasons = {one.artifact: one.reason for one in decision.records}
    assert "p90 needs 64 samples" in (reasons["unmeasured"] or "")
    assert "--data" in (reasons["unstated"] or "")


def test_without_any_accuracy_speed_decides() -> None:
    records = [candidate("slow", 200.0, None), candidate("fast", 100.0, None)]
    decision = choose(records, Budget())
    assert decision.chosen is not None
    assert decision.chosen.artifact == "fast"
    assert decision.why.startswith("no budget was given and no accuracy is known: 2 of 2")


def test_where_nothing_gave_a_result_it_says_so() -> None:
    assert choose([REFUSED], Budget()).why == "none of 1 candidates gave a result"


def test_what_exceeds_the_budget_least_is_named_as_nearest() -> None:
    records = [candidate("near", p90_us=150.0), candidate("far", p90_us=900.0), REFUSED]
    decision = choose(records, Budget(max_latency_us=100.0, min_accuracy=0.5))
    assert decision.chosen is None
    assert decision.nearest is not None
    assert decision.nearest.artifact == "near"
    assert "none of 3 candidates keeps to p90 at most 100 µs" in decision.why
    assert choose([REFUSED], Budget()).nearest is None


@given(
    st.lists(
        st.builds(
            candidate,
            name=st.uuids().map(str),
            p90_us=st.none() | st.floats(1.0, 1e6),
            correct=st.none() | st.integers(0, 10_000),
            threads=st.integers(1, 4),
        ),
        min_size=1,
        max_size=12,
    ),
    st.none() | st.floats(1.0, 1e6),
    st.none() | st.floats(0.01, 1.0),
)
def test_the_choice_always_keeps_to_the_budget(
    records: list[CandidateRecord], most_us: float | None, least: float | None
) -> None:
    decision = choose(records, Budget(most_us, least))
    assert len(decision.records) == len(records)
    assert (decision.chosen is None) != (decision.nearest is None)
    if decision.chosen is None:
        return
    assert [one for one in decision.records if one.standing == "chosen"] == [decision.chosen]
    if most_us is not None:
        assert decision.chosen.p90_us is not None
        assert decision.chosen.p90_us <= most_us
    if least is not None:
        assert decision.chosen.accuracy is not None
        assert decision.chosen.accuracy.share >= least - 1e-9
