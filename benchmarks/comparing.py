"""What changed between two runs on the same machine, beyond the noise.

Latency: Yuen's test on the logarithms of the processes' medians, held against many cases at once
(Holm), and only what moved by more than `MIN_LATENCY_CHANGE`, because two runs minutes apart differ
by more than their own spread shows. Accuracy: McNemar's exact test on the same pictures. Sizes are
exact. What must not be compared at all is told by `benchmarks.comparability`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from benchmarks.accuracy import count_flips, unpack_predictions
from benchmarks.comparability import check_comparable
from benchmarks.results import CaseRecord, Results
from benchmarks.spread import estimate_ratio, holm_rejections
from benchmarks.summary import process_medians
from edge_runtime.statistics import mcnemar_exact

ALPHA = 0.05
# Two runs of the same code differ by this much now and then on a shared machine, however often
# their processes agree among themselves; what is smaller is not worth an alarm.
MIN_LATENCY_CHANGE = 0.03
MIN_MEMORY_CHANGE = 0.05

Direction = Literal["worse", "better", "same"]
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Change:
    """One quantity of one line of the table, old against new.

    Attributes:
        subject: Artifact, runtime and threads, as far as the quantity depends on them.
        quantity: ``latency``, ``accuracy``, ``size``, ``memory`` or ``status``.
        direction: Whether the new is worse, better, or not told apart.
        text: Old and new with what supports the judgement.
    """

    subject: str
    quantity: str
    direction: Direction
    text: str


def compare_results(old: Results, new: Results) -> list[Change]:
    """Compare two runs case by case; every judged quantity is listed, also what stayed the same.

    Raises:
        ResultsError: They are not of the same machine and pictures.
    """
    check_comparable(old, new)
    pairs = _match(old.cases, new.cases, _case_key)
    return [
        *_list_vanished(old, new),
        *_compare_status(pairs),
        *_compare_latencies([pair for pair in pairs if pair[0].summary and pair[1].summary]),
        *_compare_memory(pairs),
        *_compare_accuracies(old, new),
        *_compare_sizes(old, new),
    ]


def _match(
    old: Sequence[Record], new: Sequence[Record], key: Callable[[Record], object]
) -> list[tuple[Record, Record]]:
    """Pair what stands in both, in the order of the new."""
    earlier = {key(record): record for record in old}
    return [(earlier[key(record)], record) for record in new if key(record) in earlier]


def _case_key(case: CaseRecord) -> tuple[str, str, int]:
    return case.artifact, case.runtime, case.threads


def _case_name(case: CaseRecord) -> str:
    return f"{case.artifact} on {case.runtime}, {case.threads} thread{'s'[: case.threads > 1]}"


def _list_vanished(old: Results, new: Results) -> list[Change]:
    """Artifacts that the old run measured and that are gone, though the new run asked for all.

    A runtime or a number of threads that the new run does not have was not asked for; an artifact
    was, unless its plan names some.
    """
    still = {case.artifact for case in new.cases}
    asked = {(case.runtime, case.threads) for case in new.cases}
    return [
        Change(_case_name(case), "status", "worse", "measured → not there any more")
        for case in old.cases
        if case.status == "measured"
        and case.artifact not in still
        and (case.runtime, case.threads) in asked
        and new.plan.wants(case.artifact)
    ]


def _compare_status(pairs: Sequence[tuple[CaseRecord, CaseRecord]]) -> list[Change]:
    return [
        Change(
            _case_name(new),
            "status",
            "worse" if old.status == "measured" else "better",
            f"{old.status} → {new.status}" + (f" ({new.reason})" if new.reason else ""),
        )
        for old, new in pairs
        if (old.status == "measured") != (new.status == "measured")
    ]


def _compare_latencies(pairs: Sequence[tuple[CaseRecord, CaseRecord]]) -> list[Change]:
    ratios = [
        estimate_ratio(process_medians(old.processes), process_medians(new.processes))
        for old, new in pairs
    ]
    stands = holm_rejections(
        [1.0 if ratio.p_value is None else ratio.p_value for ratio in ratios], ALPHA
    )
    changes = []
    for (old, new), ratio, significant in zip(pairs, ratios, stands, strict=True):
        assert old.summary is not None
        assert new.summary is not None
        told_apart = significant and abs(ratio.ratio - 1) > MIN_LATENCY_CHANGE
        interval = (
            "one process tells no interval"
            if ratio.low is None or ratio.high is None
            else f"{ratio.low - 1:+.1%} to {ratio.high - 1:+.1%}"
        )
        text = (
            f"p50 {old.summary.p50_ns.value / 1e3:.1f} → {new.summary.p50_ns.value / 1e3:.1f} µs, "
            f"{ratio.ratio - 1:+.1%} ({interval})"
        )
        direction: Direction = "worse" if ratio.ratio > 1 else "better"
        changes.append(
            Change(_case_name(new), "latency", direction if told_apart else "same", text)
        )
    return changes


def _compare_memory(pairs: Sequence[tuple[CaseRecord, CaseRecord]]) -> list[Change]:
    changes = []
    for old, new in pairs:
        before = old.summary and old.summary.memory_over_bare_bytes
        after = new.summary and new.summary.memory_over_bare_bytes
        if not before or not after:
            continue
        share = after / before - 1
        direction: Direction = "worse" if share > 0 else "better"
        changes.append(
            Change(
                _case_name(new),
                "memory",
                direction if abs(share) > MIN_MEMORY_CHANGE else "same",
                f"{before / 2**20:.1f} → {after / 2**20:.1f} MiB, {share:+.1%}",
            )
        )
    return changes


def _compare_accuracies(old: Results, new: Results) -> list[Change]:
    labels = unpack_predictions(new.evaluation.labels, new.evaluation.images)
    pairs = _match(old.accuracies, new.accuracies, lambda record: (record.artifact, record.runtime))
    tests = []
    for before, after in pairs:
        lost, won = count_flips(
            unpack_predictions(before.predictions, before.total),
            unpack_predictions(after.predictions, after.total),
            labels,
        )
        tests.append((lost, won, mcnemar_exact(lost, won)))
    stands = holm_rejections([p_value for _, _, p_value in tests], ALPHA)
    changes = []
    for (before, after), (lost, won, p_value), significant in zip(
        pairs, tests, stands, strict=True
    ):
        direction: Direction = "worse" if lost > won else "better"
        changes.append(
            Change(
                f"{after.artifact} on {after.runtime}",
                "accuracy",
                direction if significant else "same",
                f"{before.correct / before.total:.2%} → {after.correct / after.total:.2%}, "
                f"{lost} lost, {won} won, McNemar p = {p_value:.2g}",
            )
        )
    return changes


def _compare_sizes(old: Results, new: Results) -> list[Change]:
    pairs = _match(old.artifacts, new.artifacts, lambda record: record.file)
    return [
        Change(
            after.file,
            "size",
            "worse" if after.size_bytes > before.size_bytes else "better",
            f"{before.size_bytes:,} → {after.size_bytes:,} bytes",
        )
        for before, after in pairs
        if before.size_bytes != after.size_bytes
    ]
