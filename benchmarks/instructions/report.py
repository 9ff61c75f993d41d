"""Counts as a Markdown table."""

from collections.abc import Iterable

from benchmarks.instructions.counts import InstructionCount
from benchmarks.instructions.prediction import ASSUMPTIONS, CORES, predict_ms


def format_table(counts: Iterable[InstructionCount]) -> str:
    """One row per artifact, runtime and processor, and what the prediction assumes."""
    lines = [
        "| artifact | runtime | processor | instructions per inference | spread | predicted |",
        "|---|---|---|--:|--:|--:|",
    ]
    lines += [_format_row(count) for count in counts]
    return "\n".join([*lines, "", ASSUMPTIONS, ""])


def _format_row(count: InstructionCount) -> str:
    head = f"| `{count.artifact}` | {count.runtime} {count.version} | {count.processor} |"
    if count.refused:
        return f"{head} refused | | |"
    predicted = predict_ms(count)
    time = (
        f"{predicted[0]:.2g}–{predicted[1]:.2g} ms ({CORES[count.processor].board})"
        if predicted
        else ""
    )
    return f"{head} {count.instructions / 1e6:.3f} M | {count.spread * 100:.2f} % | {time} |"
