"""Answers as text: aligned lines for people, JSON lines and CSV for programs."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Protocol

from edge_runtime.results import Classification

# Names and labels longer than this stand out of their column, so that one long path, or one class
# with all its synonyms, does not widen all lines.
_WIDEST_NAME, _WIDEST_LABEL = 60, 24
# In the name of a file these would begin a line, or write over one, that looks like an answer.
_LINE_ENDS = str.maketrans({"\n": r"\u000a", "\r": r"\u000d"})


class AnswerFormat(Protocol):
    """How answers are written."""

    def format_start(self) -> str:
        """What stands before the first answer; may be empty."""

    def format_answer(
        self, source: Mapping[str, str | int], answer: Classification, dropped: int = 0
    ) -> str:
        """One answer as one or more lines, the last line end left out.

        Args:
            source: What was looked at, by what it is: ``{"file": "a.jpg"}``, ``{"frame": 17}``.
            answer: What it shows.
            dropped: Frames dropped before it.
        """


class AlignedLines:
    """One line for a picture, in columns."""

    def __init__(self, labels: Sequence[str], names: Sequence[str] = ()) -> None:
        self._name_width = _find_width(names, _WIDEST_NAME)
        self._label_width = _find_width(labels, _WIDEST_LABEL)

    def format_start(self) -> str:
        """Nothing."""
        return ""

    def format_answer(
        self, source: Mapping[str, str | int], answer: Classification, dropped: int = 0
    ) -> str:
        """See `AnswerFormat`."""
        name = " ".join(
            str(value) if kind == "file" else f"{kind} {value}" for kind, value in source.items()
        ).translate(_LINE_ENDS)
        best = "  ".join(
            f"{p.label:{self._label_width}} {p.score:6.1%}" for p in answer.predictions
        )
        remarks = [*answer.notes, *([f"{dropped} dropped"] if dropped else [])]
        tail = f"  ({'; '.join(remarks)})" if remarks else ""
        return f"{name:{self._name_width}}  {best}{tail}"


class JsonLines:
    """One JSON object for a picture, on a line of its own."""

    def __init__(self, counts_dropped: bool = False) -> None:
        self._counts_dropped = counts_dropped

    def format_start(self) -> str:
        """Nothing."""
        return ""

    def format_answer(
        self, source: Mapping[str, str | int], answer: Classification, dropped: int = 0
    ) -> str:
        """See `AnswerFormat`."""
        predictions = [
            {"label": p.label, "index": p.index, "score": round(p.score, 6)}
            for p in answer.predictions
        ]
        document = {**source, "predictions": predictions, "notes": list(answer.notes)}
        if self._counts_dropped:
            document["dropped"] = dropped
        return json.dumps(document, allow_nan=False)


class CsvRows:
    """One row for a picture: file, label and score of each prediction, notes."""

    def __init__(self, top: int) -> None:
        self._top = top

    def format_start(self) -> str:
        """The names of the columns."""
        pairs = [f"{what}_{rank + 1}" for rank in range(self._top) for what in ("label", "score")]
        return _to_row(["file", *pairs, "notes"])

    def format_answer(
        self,
        source: Mapping[str, str | int],
        answer: Classification,
        dropped: int = 0,  # noqa: ARG002 - the seam's
    ) -> str:
        """See `AnswerFormat`; nothing is dropped where rows are written."""
        pairs = [cell for p in answer.predictions for cell in (p.label, f"{p.score:.6f}")]
        return _to_row([*source.values(), *pairs, "; ".join(answer.notes)])


def _find_width(texts: Sequence[str], most: int) -> int:
    return max((len(text) for text in texts if len(text) <= most), default=0)


def _to_row(cells: Sequence[object]) -> str:
    row = io.StringIO()
    csv.writer(row, lineterminator="").writerow(cells)
    return row.getvalue()
