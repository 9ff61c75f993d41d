"""An evaluation as text: accuracy, a line per class, and what is taken for what."""

from collections.abc import Sequence

from edge_runtime.evaluation.evaluating import Evaluation, StatedAccuracy

# A wider matrix fits no terminal; beyond it the commonest confusions are listed.
MOST_COLUMNS = 20
_MOST_CONFUSIONS = 15
_LABEL_WIDTH = 24


def format_evaluation(result: Evaluation) -> str:
    """Build the whole report, without a line break at its end."""
    sections = [format_accuracy(result), format_classes(result)]
    if len(result.labels) <= MOST_COLUMNS:
        sections.append(format_confusion(result))
    else:
        sections.append(format_confusions(result))
    return "\n\n".join(sections)


def format_accuracy(result: Evaluation) -> str:
    """Build the lines of the accuracy and of what the artifact states."""
    low, high = result.interval.low, result.interval.high
    lines = [
        f"accuracy  {result.correct / result.total:.2%}  "
        f"({result.correct:,} of {result.total:,} right; {result.interval.confidence:.0%} interval "
        f"{low * 100:.2f}–{high:.2%})"
    ]
    lines.extend(_format_stated(one) for one in result.stated)
    if any(not one.contained for one in result.stated):
        lines.append(
            "          Other pictures than its maker's explain a difference; on the same ones, "
            "check this device: edge-runtime verify"
        )
    return "\n".join(lines)


def _format_stated(stated: StatedAccuracy) -> str:
    place = "inside" if stated.contained else "OUTSIDE"
    return (
        f"          {stated.correct / stated.total:.2%} is what the artifact states of "
        f"{stated.whose} ({stated.correct:,} of {stated.total:,}): {place} this interval"
    )


def format_classes(result: Evaluation) -> str:
    """Build a line per class: recall, hits, pictures, and what it is most often taken for."""
    width = _label_width(result.labels)
    lines = [f"{'class':{width}}  recall  right     of  most often taken for"]
    for place, (label, row) in enumerate(zip(result.labels, result.confusion, strict=True)):
        total = sum(row)
        recall = f"{row[place] / total:6.1%}" if total else "   n/a"
        wrong = [(count, other) for other, count in enumerate(row) if other != place and count]
        worst = max(wrong, key=lambda pair: pair[0], default=None)
        taken_for = f"{result.labels[worst[1]]} ({worst[0]})" if worst else "–"
        name = _fit(label, width)
        lines.append(f"{name}  {recall} {row[place]:6,} {total:6,}  {taken_for}".rstrip())
    return "\n".join(lines)


def format_confusion(result: Evaluation) -> str:
    """Build the matrix: rows are the true class, columns the answer; a dot is none."""
    width = _label_width(result.labels)
    cell = max(4, 1 + max(len(str(count)) for row in result.confusion for count in row))
    numbers = range(len(result.labels))
    lines = [
        "confusion: rows are the true class, columns the answer",
        " " * (width + 3) + "".join(f"{number:{cell}}" for number in numbers),
    ]
    for number in numbers:
        cells = "".join(f"{count or '·':>{cell}}" for count in result.confusion[number])
        lines.append(f"{number:2} {_fit(result.labels[number], width)}{cells}")
    return "\n".join(lines)


def format_confusions(result: Evaluation) -> str:
    """List the commonest confusions, where the matrix is too wide; --json holds all of it."""
    wrong = sorted(
        (
            (count, true, answer)
            for true, row in enumerate(result.confusion)
            for answer, count in enumerate(row)
            if true != answer and count
        ),
        key=lambda one: -one[0],
    )
    lines = [f"most common confusions (the matrix of {len(result.labels)} classes: --json)"]
    lines += [
        f"{count:6,}  {result.labels[true]} taken for {result.labels[answer]}"
        for count, true, answer in wrong[:_MOST_CONFUSIONS]
    ]
    return "\n".join(lines if wrong else [*lines, "     –"])


def _label_width(labels: Sequence[str]) -> int:
    return min(_LABEL_WIDTH, max(5, *map(len, labels)))


def _fit(label: str, width: int) -> str:
    return f"{label if len(label) <= width else label[: width - 1] + '…':{width}}"
