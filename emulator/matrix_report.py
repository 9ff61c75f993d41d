"""The command ``matrix``: compare, keep a record, and write the table into a document.

Outcomes go into a file line by line as they come: what was compared once is not compared again.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .errors import SetupError
from .matrix import Case, Outcome, list_cases, measure_matrix
from .processors import BOARDS
from .scoring import Samples, expand_artifacts, hash_model, replace_between
from .systems import PINS, SYSTEMS
from .wheels import DISTRIBUTIONS, build_wheel

RECORD = Path(__file__).parent / "records" / "matrix.jsonl"


def add_matrix_command(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = actions.add_parser(
        "matrix", help="compare Arm's predictions with x86's; prints a table"
    )
    parser.add_argument("artifacts", type=Path, nargs="+", help="files, or folders of them")
    parser.add_argument(
        "--samples", type=Path, help="default: evaluation.npz beside the first artifact"
    )
    parser.add_argument(
        "--images", type=int, default=1000, help="how many, from the first (default: 1000)"
    )
    parser.add_argument("--system", choices=SYSTEMS, action="append", help="default: all")
    parser.add_argument("--processor", choices=BOARDS, action="append", help="default: all boards")
    parser.add_argument("--jobs", type=int, default=2, help="at the same time (default: 2)")
    parser.add_argument(
        "--record",
        type=Path,
        default=RECORD,
        help="file of outcomes; what it holds is not run again (default: the committed one)",
    )
    parser.add_argument("--write", type=Path, help="document to put the table into")
    parser.set_defaults(action=_run)


def _run(arguments: argparse.Namespace) -> int:
    artifacts = expand_artifacts(arguments.artifacts)
    cases = list_cases(artifacts, arguments.system or SYSTEMS, arguments.processor or list(BOARDS))
    if not cases:
        print("error: no artifact was named that these systems run", file=sys.stderr)
        return 2
    path = (arguments.samples or artifacts[0].parent / "evaluation.npz").resolve()
    samples = Samples(path, arguments.images)
    record = Record.load(arguments.record, samples)
    missing = [case for case in cases if record.find(case) is None]
    print(f"{len(cases) - len(missing)} of {len(cases)} are recorded", file=sys.stderr, flush=True)
    _measure(missing, samples, record, arguments.jobs)
    outcomes = [found for case in cases if (found := record.find(case))]
    table = format_table(outcomes)
    print(table, end="")
    if arguments.write:
        text = arguments.write.read_text(encoding="utf-8")
        arguments.write.write_text(replace_between(text, "matrix", table), encoding="utf-8")
    return 0 if all(one.agreeing == one.images for one in outcomes if not one.refused) else 1


def _measure(cases: Sequence[Case], samples: Samples, record: "Record", jobs: int) -> None:
    done = 0

    def report(outcome: Outcome) -> None:
        nonlocal done
        done += 1
        record.add(outcome)
        case = outcome.case
        name = f"{case.system} {case.board} {case.runtime} {case.artifact.name}"
        found = outcome.refused or f"{outcome.agreeing} of {outcome.images} labels agree"
        print(f"[{done}/{len(cases)}] {name}: {found}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        measure_matrix(cases, samples, build_wheel(work), work, report, jobs)


_Key = tuple[str, ...]


@dataclass(slots=True)
class Record:
    """A file of outcomes, one JSON object per line. Build it with `load`.

    An outcome counts for the same model, images and versions only; a model exported again is the
    same one. Our own code is not part of the key: remove the file after a change there that may
    change scores.

    Attributes:
        path: The file; made at the first outcome.
        images: SHA-256 of the images that are scored.
    """

    path: Path
    images: str
    _known: dict[_Key, dict[str, Any]] = field(default_factory=dict)
    _artifacts: dict[Path, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path, samples: Samples) -> "Record":
        """Read the file, where it exists.

        Args:
            path: The file.
            samples: What is scored.

        Raises:
            SetupError: A line of it is damaged.
        """
        record = cls(path, samples.hash_images())
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        for number, line in enumerate(lines, 1):
            try:
                document = json.loads(line)
                record._known[tuple(document["key"])] = document["outcome"]
            except (ValueError, KeyError, TypeError) as error:
                raise SetupError(
                    f"{path}: line {number} is not an outcome: remove that line"
                ) from error
        return record

    def find(self, case: Case) -> Outcome | None:
        """The outcome of a case that was compared before."""
        values = self._known.get(self._key(case))
        return None if values is None else Outcome(case, **values)

    def add(self, outcome: Outcome) -> None:
        """Write an outcome down."""
        key = self._key(outcome.case)
        values = asdict(outcome)
        del values["case"]
        self._known[key] = values
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "outcome": values}) + "\n")

    def _key(self, case: Case) -> _Key:
        if case.artifact not in self._artifacts:
            self._artifacts[case.artifact] = hash_model(case.artifact)
        version = PINS[DISTRIBUTIONS[case.runtime]]
        numpy = SYSTEMS[case.system].numpy or "Debian's"
        placed = (case.system, case.board, case.runtime, version, f"numpy {numpy}")
        return (*placed, case.artifact.name, self._artifacts[case.artifact], self.images)


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
        f"{images:,} test images each, ten scores an image; {versions}. Differences count in "
        "256ths, one step of an int8 output. Boards in one row give equal scores to the last bit.",
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
    fraction, largest = (
        ("none", "") if one.steps == 0 else (f"{100 * one.differing:.2f} %", f"{one.steps:.2g}")
    )
    accuracy, here = 100 * one.correct / one.images, 100 * one.correct_x86 / one.images
    return (
        f"{head} yes | {one.agreeing} of {one.images} | {fraction} | {largest} "
        f"| {accuracy:.1f} % ({here:.1f} %) |"
    )
