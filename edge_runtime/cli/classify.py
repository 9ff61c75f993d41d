"""Say what pictures show."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from edge_runtime.classifier import Classifier
from edge_runtime.cli.answer_formats import AlignedLines, AnswerFormat, CsvRows, JsonLines
from edge_runtime.cli.answer_options import add_answer_arguments, read_polarity
from edge_runtime.cli.model_options import add_model_arguments, load_classifier
from edge_runtime.cli.progress import ProgressLine
from edge_runtime.errors import ImageError
from edge_runtime.pictures.picture_files import list_pictures

_STANDARD_INPUT = "-"
# What is done sooner needs no bar.
_PATIENCE_S = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "pictures",
        nargs="+",
        metavar="PICTURE",
        help="file, folder, or - for a picture on standard input",
    )
    add_answer_arguments(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object per line")
    form.add_argument("--csv", action="store_true", help="one row per picture, with a header")
    add_model_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Classify each picture; 1 where one of them could not be, after all others were."""
    names, refusals = _find_all(arguments.pictures)
    for refusal in refusals:
        print(f"edge-runtime: {refusal}", file=sys.stderr)
    if not names:
        return 1
    with load_classifier(arguments) as classifier:
        failed = _classify_all(classifier, names, arguments)
    if failed and len(names) > 1:
        print(f"edge-runtime: {failed} of {len(names)} pictures failed", file=sys.stderr)
    return 1 if failed or refusals else 0


def _find_all(given: Sequence[str]) -> tuple[list[str], list[ImageError]]:
    """Replace each folder by its pictures; a folder without any is refused, the rest is kept."""
    names: list[str] = []
    refusals = []
    for name in given:
        if name == _STANDARD_INPUT or not name or not _is_folder(name):
            names.append(name)
            continue
        try:
            names += map(str, list_pictures(Path(name)))
        except ImageError as error:
            refusals.append(error)
    return names, refusals


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except OSError:  # In a locked folder, or too long: opening it says so, when its turn comes.
        return False


def _classify_all(
    classifier: Classifier, names: Sequence[str], arguments: argparse.Namespace
) -> int:
    form = _choose_format(arguments, classifier, names)
    progress = ProgressLine(_PATIENCE_S, on_terminals_only=True)
    shares_screen = sys.stdout.isatty()
    if start := form.format_start():
        print(start)
    failed = 0
    pictures = map(_open, names)
    progress("pictures", 0, len(names))
    for result in classifier.stream(
        pictures, arguments.top, polarity=read_polarity(arguments), drop_stale=False
    ):
        if shares_screen or result.error:
            progress.hide()
        if result.answer:
            print(form.format_answer({"file": names[result.index]}, result.answer))
        else:
            failed += 1
            print(f"edge-runtime: {result.error}", file=sys.stderr)
        progress("pictures", result.index + 1, len(names))
    progress.hide()
    return failed


def _choose_format(
    arguments: argparse.Namespace, classifier: Classifier, names: Sequence[str]
) -> AnswerFormat:
    if arguments.json:
        return JsonLines()
    if arguments.csv:
        return CsvRows(min(arguments.top, len(classifier.labels)))
    return AlignedLines(classifier.labels, names)


def _open(name: str) -> str | bytes:
    return sys.stdin.buffer.read() if name == _STANDARD_INPUT else name
