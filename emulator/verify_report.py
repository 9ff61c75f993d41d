"""The command ``verify``: run what is missing in the record, and write the table.

A cell that was run is not run again while the artifact, the runtime, the images and the code
between them are the same, so the command may be interrupted.
"""

import argparse
import ast
import functools
import hashlib
import importlib.metadata
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edge_runtime.output_file import write_output

from .errors import SetupError
from .processors import BOARDS, PROCESSORS, X86_LEVELS
from .scoring import CHECKOUT, FORMATS, Samples, expand_artifacts, replace_between
from .verify import (
    BOARD_SYSTEM,
    Cell,
    Outcome,
    find_version,
    list_cells,
    list_released,
    load_samples,
    measure_cells,
)
from .wheels import DISTRIBUTIONS

RECORD = Path(__file__).parent / "records" / "verify.json"
# Between an artifact and its scores, and between the scores and what is said of them.
_CODE = (
    "edge_runtime/backends",
    "edge_runtime/classifier.py",
    "edge_runtime/quantization.py",
    "edge_runtime/scoring.py",
    "edge_runtime/verification.py",
    "emulator/score_probe.py",
)

_Basis = dict[str, str | int]


def add_verify_command(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = actions.add_parser(
        "verify", help="replay artifacts on every processor; prints a table, 1 if any fails"
    )
    parser.add_argument(
        "artifacts",
        type=Path,
        nargs="*",
        help="files, or folders of them (default: models/ and the default model of the wheel)",
    )
    parser.add_argument(
        "--processor", choices=PROCESSORS, action="append", help="default: all, and always the host"
    )
    parser.add_argument(
        "--samples",
        type=Path,
        help=".npz file with images and labels (default: Fashion-MNIST's test images, found by "
        "python -m train data)",
    )
    parser.add_argument(
        "--images", type=_positive, default=500, help="how many, from the first (default: 500)"
    )
    parser.add_argument("--jobs", type=_positive, default=2, help="at the same time (default: 2)")
    parser.add_argument(
        "--record",
        type=Path,
        default=RECORD,
        help="file of outcomes; what it holds is not run again (default: the committed one)",
    )
    parser.add_argument("--write", type=Path, help="document to put the table into")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.set_defaults(action=_run)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found {text!r}")
    return int(text)


def _run(arguments: argparse.Namespace) -> int:
    artifacts = expand_artifacts(arguments.artifacts) or list_released()
    chosen = {*(arguments.processor or PROCESSORS), "host"}
    processors = [name for name in PROCESSORS if name in chosen]
    if arguments.write:
        _put_into(arguments.write, None)
    names = _name_by_content(artifacts)
    cells = list_cells(list(names), processors)
    if not cells:
        found = ", ".join(path.name for path in artifacts) or "none"
        raise SetupError(
            f"expected .tflite or .onnx files that an installed runtime reads: {found}"
        )
    record = Record.load(arguments.record)
    with tempfile.TemporaryDirectory() as folder:
        samples = load_samples(arguments.samples, arguments.images, Path(folder))
        found_by_cell = _find_or_measure(cells, samples, record, Path(folder), arguments.jobs)
    source = f"`{arguments.samples.name}`" if arguments.samples else "Fashion-MNIST's test images"
    table = format_table(names, processors, found_by_cell, source)
    print(_format_json(found_by_cell) if arguments.json else table, end="")
    if arguments.write:
        _put_into(arguments.write, table)
    failing = [cell for cell, outcome in found_by_cell.items() if not outcome.passed]
    print(f"{len(cells) - len(failing)} of {len(cells)} verify", file=sys.stderr)
    return 1 if failing else 0


def _find_or_measure(
    cells: Sequence[Cell], samples: Samples, record: "Record", work: Path, jobs: int
) -> dict[Cell, Outcome]:
    images = samples.hash_images()
    bases = {cell: _describe_basis(cell, samples.count, images) for cell in cells}
    recorded = {cell: record.find(cell, bases[cell]) for cell in cells}
    found = {cell: outcome for cell, outcome in recorded.items() if outcome is not None}
    missing = [cell for cell in cells if cell not in found]
    print(f"{len(found)} of {len(cells)} are recorded", file=sys.stderr, flush=True)
    done = 0

    def report(cell: Cell, outcome: Outcome) -> None:
        nonlocal done
        done += 1
        found[cell] = outcome
        if not outcome.crashed:
            record.add(cell, bases[cell], outcome)
        result = outcome.problem or f"passed, {100 * outcome.accuracy:.1f} % correct"
        print(f"[{done}/{len(missing)}] {cell}: {result}", file=sys.stderr, flush=True)

    if missing:
        measure_cells(missing, samples, work, report, jobs)
    return {cell: found[cell] for cell in cells}


def _put_into(document: Path, table: str | None) -> None:
    """Put the table between the document's marks; with None, only see that there are some."""
    try:
        text = document.read_text(encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{document} cannot be read: {error.strerror}") from error
    filled = replace_between(text, "processors", table or "")
    if table is not None:
        write_output(document, filled)


def _name_by_content(artifacts: Sequence[Path]) -> dict[Path, str]:
    """One path for each content, with the names of all files that have it."""
    names: dict[str, list[str]] = {}
    first: dict[str, Path] = {}
    for path in artifacts:
        digest = _hash_file(path)
        first.setdefault(digest, path)
        names.setdefault(digest, []).append(f"`{path.name}`")
    return {path: " = ".join(dict.fromkeys(names[digest])) for digest, path in first.items()}


def _hash_file(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}") from error


def _describe_basis(cell: Cell, count: int, images: str) -> _Basis:
    """All that an outcome depends on, besides the names in the cell."""
    on_board = cell.processor in BOARDS
    numpy = BOARD_SYSTEM.numpy if on_board else importlib.metadata.version("numpy")
    basis: _Basis = {
        "artifact": _hash_file(cell.artifact),
        "runtime": find_version(cell.runtime, cell.processor) or "none",
        "numpy": numpy or "Debian's",
        "images": count,
        "pixels": images,
        "code": hash_code(),
    }
    if cell.processor == "host":
        basis["host"] = read_host_name()
    return basis


@functools.cache
def hash_code() -> str:
    """Digest of our code that scores depend on, without its comments and docstrings."""
    digest = hashlib.sha256()
    for name in _CODE:
        path = CHECKOUT / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            tree = ast.parse(file.read_bytes())
            for node in ast.walk(tree):
                body = getattr(node, "body", None)
                if isinstance(body, list):
                    node.body = [part for part in body if not _is_text(part)]  # type: ignore[attr-defined]
            digest.update(ast.dump(tree).encode())
    return digest.hexdigest()


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def read_host_name() -> str:
    """The processor of this machine, as its kernel names it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"


@dataclass(slots=True)
class Record:
    """A file of outcomes: one for each artifact, runtime and processor. Build it with `load`.

    Attributes:
        path: The file; made at the first outcome.
    """

    path: Path
    _known: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Record":
        """Read the file, where it exists.

        Raises:
            SetupError: It is damaged.
        """
        if not path.is_file():
            return cls(path)
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            for entry in known.values():
                Outcome(**entry["outcome"])
                dict(entry["basis"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SetupError(f"{path} is not a record of outcomes: remove it") from error
        return cls(path, known)

    def find(self, cell: Cell, basis: _Basis) -> Outcome | None:
        """The outcome of a cell that was run on the same basis."""
        entry = self._known.get(_name(cell))
        return Outcome(**entry["outcome"]) if entry and entry["basis"] == basis else None

    def add(self, cell: Cell, basis: _Basis, outcome: Outcome) -> None:
        """Write an outcome down, in place of what was known of this cell."""
        values = asdict(outcome)
        del values["crashed"]
        self._known[_name(cell)] = {"basis": basis, "outcome": values}
        # A line for each cell, so that changes are read as such.
        lines = [
            f"{json.dumps(name)}: {json.dumps(self._known[name])}" for name in sorted(self._known)
        ]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_output(self.path, "{\n" + ",\n".join(lines) + "\n}\n")


def _name(cell: Cell) -> str:
    path = cell.artifact.resolve()
    named = path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path.name
    return f"{named} {cell.runtime} {cell.processor}"


def format_table(
    names: dict[Path, str], processors: Sequence[str], found: dict[Cell, Outcome], source: str
) -> str:
    """Markdown: a row for each artifact and runtime, a column for each processor.

    Args:
        names: How each artifact is called.
        processors: The columns.
        found: What came of every cell; one that is missing is shown as a dash.
        source: What the images are, for the caption.
    """
    notes: list[str] = []
    columns = [name.replace("pi", "Pi ") for name in processors]
    lines = [
        _format_caption(processors, found, source),
        "",
        f"| artifact | runtime | {' | '.join(columns)} |",
        f"|---|---|{'---|' * len(columns)}",
    ]
    for artifact, title in names.items():
        for runtime in FORMATS:
            row = [found.get(Cell(artifact, runtime, name)) for name in processors]
            if any(row):
                host = found.get(Cell(artifact, runtime, "host"))
                cells = [_format_cell(outcome, host, notes) for outcome in row]
                lines.append(f"| {title} | {runtime} | {' | '.join(cells)} |")
    if notes:
        lines += ["", *(f"{number}. {note}" for number, note in enumerate(notes, 1))]
    return "\n".join(lines) + "\n"


def _format_caption(processors: Sequence[str], found: dict[Cell, Outcome], source: str) -> str:
    images = max(outcome.images for outcome in found.values())
    runtimes = dict.fromkeys(
        f"{DISTRIBUTIONS[cell.runtime]} {find_version(cell.runtime, cell.processor)}"
        for cell in sorted(found, key=lambda cell: (cell.runtime, cell.processor))
    )
    sentences = [
        f"✓: all golden samples pass. Then the accuracy on the first {images:,} of {source}, "
        "and how many labels differ from those of the same runtime on the host "
        f"({read_host_name()}). {', '.join(runtimes)}."
    ]
    if any(name in BOARDS for name in processors):
        sentences.append(f"The boards run Debian's {BOARD_SYSTEM.suite}, 64-bit.")
    sentences += [
        f"{name}: {X86_LEVELS[name].example}."
        for name in processors
        if name in X86_LEVELS and name != "host"
    ]
    return " ".join(sentences)


def _format_cell(outcome: Outcome | None, host: Outcome | None, notes: list[str]) -> str:
    if outcome is None:
        return "–"
    if outcome.problem and outcome.problem not in notes:
        notes.append(outcome.problem)
    mark = "✓" if outcome.passed else f"FAILED ({notes.index(outcome.problem) + 1})"
    if not outcome.images:
        return mark
    different = outcome.count_differences(host) if host and host.images else 0
    differing = f", {different} differ{'s' if different == 1 else ''}" if different else ""
    return f"{mark} {100 * outcome.accuracy:.1f} %{differing}"


def _format_json(found: dict[Cell, Outcome]) -> str:
    cells = [
        {
            "artifact": cell.artifact.name,
            "runtime": cell.runtime,
            "version": find_version(cell.runtime, cell.processor),
            "processor": cell.processor,
            "passed": outcome.passed,
            "problem": outcome.problem,
            "images": outcome.images,
            "accuracy": outcome.accuracy if outcome.images else None,
            "labels_unlike_host": _count_unlike_host(cell, found),
        }
        for cell, outcome in found.items()
    ]
    return json.dumps({"cells": cells}, indent=1, ensure_ascii=False) + "\n"


def _count_unlike_host(cell: Cell, found: dict[Cell, Outcome]) -> int | None:
    host = found.get(Cell(cell.artifact, cell.runtime, "host"))
    if host is None or not host.images or not found[cell].images:
        return None
    return found[cell].count_differences(host)
