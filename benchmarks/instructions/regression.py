"""Comparing counts with a committed reference."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.instructions.counts import InstructionCount

# Repeated runs differ by less than 0.5 %; what exceeds this is another code path, not noise.
TOLERANCE = 0.03


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that differs from its reference.

    Attributes:
        reference: What it was.
        found: What it is.
        ratio: Found over reference; above 1 is dearer.
    """

    reference: InstructionCount
    found: InstructionCount
    ratio: float


def find_regressions(
    reference: Iterable[InstructionCount],
    found: Iterable[InstructionCount],
    tolerance: float = TOLERANCE,
) -> list[Change]:
    """Entries that cost more than `tolerance` above the reference, or are refused only now.

    Entries that only one side has are passed over: artifacts come and go.
    """
    known = {count.key: count for count in reference}
    changes = []
    for count in found:
        before = known.get(count.key)
        if before is None or before.refused:
            continue
        ratio = float("inf") if count.refused else count.instructions / before.instructions
        if ratio > 1 + tolerance:
            changes.append(Change(before, count, ratio))
    return changes


def format_change(change: Change) -> str:
    """One line for people."""
    name = " on ".join(change.found.key)
    if change.found.refused:
        return f"{name}: ran before, is refused now: {change.found.refused}"
    return (
        f"{name}: {change.found.instructions:,.0f} instructions per inference, "
        f"{change.reference.instructions:,.0f} in the reference "
        f"(+{(change.ratio - 1) * 100:.1f} %)"
    )
