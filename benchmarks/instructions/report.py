"""Counts as a Markdown table."""

from collections.abc import Iterable
from pathlib import Path

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


def write_table(counts: Iterable[InstructionCount], document: Path) -> None:
    """Put the table between ``<!-- instructions -->`` and ``<!-- /instructions -->``.

    Raises:
        OSError: The document cannot be read or has no such marks.
    """
    text = document.read_text(encoding="utf-8")
    head, start, rest = text.partition("<!-- instructions -->")
    _, end, tail = rest.partition("<!-- /instructions -->")
    if not start or not end:
        raise OSError(f"{document} has no marks <!-- instructions --> … <!-- /instructions -->")
    beside = document.with_name(document.name + ".new")
    beside.write_text(f"{head}{start}\n{format_table(counts)}{end}{tail}", encoding="utf-8")
    beside.replace(document)


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
