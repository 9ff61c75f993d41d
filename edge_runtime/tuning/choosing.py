"""Which candidate to take, by one rule, from figures alone; nothing here measures or prints."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge_runtime.measurement.percentiles import least_samples
from edge_runtime.profile import Budget, CandidateRecord, Standing

# Without a wanted accuracy, half a point may be given up for speed, or one standard error where so
# few pictures cannot tell half a point (the one-standard-error rule of Breiman et al.,
# "Classification and Regression Trees", 1984).
ACCURACY_MARGIN = 0.005
# One candidate's p90 differs by so much from search to search.
SAME_SPEED = 0.10
# 92.45 % and 9,245 of 10,000 are equal, whatever their last bits say.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome.

    Attributes:
        chosen: None where nothing keeps to the budget.
        nearest: What comes nearest to the budget where nothing keeps to it.
        why: The rule with its numbers, in words.
        records: All candidates with their standing: chosen, possible by speed, others by speed.
    """

    chosen: CandidateRecord | None
    nearest: CandidateRecord | None
    why: str
    records: tuple[CandidateRecord, ...]


def choose(records: Sequence[CandidateRecord], budget: Budget) -> Decision:
    """Take the fastest that keeps to the budget and is as accurate as wanted.

    Fast is a small p90, as MLPerf's SingleStream counts: a small median hides calls that wait for
    a second thread. Within `SAME_SPEED` of the fastest, fewer threads win, then accuracy, then the
    smaller file. Without a wanted accuracy, one may lie `ACCURACY_MARGIN` or a standard error below
    the best of those that are quick enough.
    """
    timed = [_judge_latency(record, budget.max_latency_us) for record in records]
    floor = _find_floor(timed, budget)
    judged = [_judge_accuracy(record, floor) for record in timed]
    possible = [record for record in judged if record.standing == "possible"]
    chosen = replace(_pick(possible), standing="chosen") if possible else None
    order: dict[Standing, int] = {"chosen": 0, "possible": 1, "refused": 3}
    finals = [chosen if chosen and _same(record, chosen) else record for record in judged]
    finals.sort(key=lambda one: (order.get(one.standing, 2), _time_us(one)))
    return Decision(
        chosen,
        None if chosen else _find_nearest(judged, budget),
        _describe(len(possible), len(judged), floor, budget),
        tuple(finals),
    )


def _judge_latency(record: CandidateRecord, most_us: float | None) -> CandidateRecord:
    if record.standing == "refused" or most_us is None:
        return record
    if record.p90_us is None:
        needed = least_samples(0.90)
        reason = f"p90 needs {needed} samples, found {record.samples}"
        return replace(record, standing="unknown", reason=reason)
    return record if record.p90_us <= most_us else replace(record, standing="too slow")


def _find_floor(records: Sequence[CandidateRecord], budget: Budget) -> float | None:
    if budget.min_accuracy is not None:
        return budget.min_accuracy
    known = [r.accuracy for r in records if r.standing == "possible" and r.accuracy]
    if not known:
        return None
    best = max(known, key=lambda one: one.share)
    error = math.sqrt(best.share * (1 - best.share) / best.total)
    return best.share - max(ACCURACY_MARGIN, error)


def _judge_accuracy(record: CandidateRecord, floor: float | None) -> CandidateRecord:
    if record.standing != "possible" or floor is None:
        return record
    if record.accuracy is None:
        return replace(record, standing="unknown", reason="its accuracy is not known: give --data")
    if record.accuracy.share >= floor - _ROUNDING:
        return record
    return replace(record, standing="not accurate enough")


def _pick(possible: Sequence[CandidateRecord]) -> CandidateRecord:
    fastest = min(map(_time_us, possible))
    level = [one for one in possible if _time_us(one) <= fastest * (1 + SAME_SPEED)]
    return min(
        level,
        key=lambda one: (
            one.threads,
            -(one.accuracy.share if one.accuracy else 0.0),
            one.size_bytes,
            _time_us(one),
        ),
    )


def _time_us(record: CandidateRecord) -> float:
    """What counts as its time: p90, or the median where there are too few samples for one."""
    return record.p90_us or record.p50_us or 0.0


def _same(one: CandidateRecord, other: CandidateRecord) -> bool:
    return (one.artifact, one.backend, one.threads) == (
        other.artifact,
        other.backend,
        other.threads,
    )


def _find_nearest(records: Sequence[CandidateRecord], budget: Budget) -> CandidateRecord | None:
    def excess(record: CandidateRecord) -> float:
        """By which factor the budget is exceeded; infinite where a figure is missing."""
        factors = [1.0]
        if budget.max_latency_us is not None:
            factors.append(record.p90_us / budget.max_latency_us if record.p90_us else float("inf"))
        if budget.min_accuracy is not None:
            share = record.accuracy.share if record.accuracy else 0.0
            factors.append(budget.min_accuracy / share if share else float("inf"))
        return max(factors)

    able = [record for record in records if record.standing != "refused"]
    return min(able, key=lambda one: (excess(one), _time_us(one)), default=None)


def _format_limit(latency_us: float) -> str:
    """As it was stated, in the unit that the table takes for such a time."""
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if latency_us >= size:
            return f"{latency_us / size:g} {unit}"
    return f"{latency_us:g} µs"


def _describe(possible: int, tried: int, floor: float | None, budget: Budget) -> str:
    limits = []
    if budget.max_latency_us is not None:
        limits.append(f"p90 at most {_format_limit(budget.max_latency_us)}")
    if budget.min_accuracy is not None:
        limits.append(f"accuracy at least {budget.min_accuracy:.2%}")
    elif floor is not None:
        limits.append(f"accuracy at least {floor:.2%}, near enough to the best of them")
    text = " and ".join(limits) or "no budget was given and no accuracy is known"
    if not possible:
        kept = f"keeps to {text}" if limits else "gave a result"
        return f"none of {tried} candidates {kept}"
    return (
        f"{text}: {possible} of {tried} candidates; of these it has the smallest p90 "
        f"(within {SAME_SPEED:.0%} fewer threads win, then accuracy, then the smaller file)"
    )
