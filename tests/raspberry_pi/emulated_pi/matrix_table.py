"""The compared answers as a table of a document."""

from collections.abc import Sequence

from .errors import SetupError
from .matrix import Outcome
from .systems import PINS, SYSTEMS
from .wheels import DISTRIBUTIONS

_COLUMNS = (
    "system",
    "boards",
    "runtime",
    "artifact",
    "loads",
    "same label as x86",
    "scores that differ",
    "by at most",
    "accuracy (x86)",
)


def format_table(outcomes: Sequence[Outcome]) -> str:
    """Markdown: one row per system, runtime and artifact, and per group of boards that agree."""
    images = max(outcome.images for outcome in outcomes)
    runtimes = sorted({outcome.case.runtime for outcome in outcomes})
    versions = ", ".join(f"{DISTRIBUTIONS[one]} {PINS[DISTRIBUTIONS[one]]}" for one in runtimes)
    lines = [
        f"{images:,} test pictures each, ten scores a picture; {versions}. Differences count in "
        "256ths, one step of an int8 output. Boards in one row answer alike to the last bit.",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        "|---|---|---|---|---|--:|--:|--:|--:|",
    ]
    groups: dict[tuple[str, str, str, str, int], list[Outcome]] = {}
    for one in sorted(outcomes, key=_order):
        groups.setdefault((*_order(one), one.refused or "", one.digest), []).append(one)
    lines += [_format_row(alike) for alike in groups.values()]
    return "\n".join(lines) + "\n"


def _order(one: Outcome) -> tuple[str, str, str]:
    return one.case.system, one.case.runtime, one.case.artifact.name


def _format_row(alike: Sequence[Outcome]) -> str:
    one, case = alike[0], alike[0].case
    boards = ", ".join(outcome.case.board.replace("pi", "Pi ") for outcome in alike)
    if SYSTEMS[case.system].bits == 32:
        boards = "all"
    head = f"| {case.system} | {boards} | {case.runtime} | `{case.artifact.name}` |"
    if one.refused:
        return f"{head} no: {one.refused} | | | | |"
    share, most = (
        ("none", "") if one.steps == 0 else (f"{100 * one.differing:.2f} %", f"{one.steps:.2g}")
    )
    accuracy, here = 100 * one.correct / one.images, 100 * one.correct_x86 / one.images
    return (
        f"{head} yes | {one.agreeing} of {one.images} | {share} | {most} "
        f"| {accuracy:.1f} % ({here:.1f} %) |"
    )


def replace_between(text: str, name: str, content: str) -> str:
    """Put `content` between the marks ``<!-- name -->`` and ``<!-- /name -->`` of a document.

    Raises:
        SetupError: The document has no such marks.
    """
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    head, found, rest = text.partition(start)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise SetupError(f"the document has no marks {start} … {end}")
    return f"{head}{start}\n{content}{end}{tail}"
