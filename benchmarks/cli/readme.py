"""``python -m benchmarks readme RESULTS``: write a README's table and picture from a judged run."""

import argparse
import os
import sys
from pathlib import Path

from benchmarks.errors import InputError
from benchmarks.report.figures import draw_accuracy_latency
from benchmarks.report.readme import format_section, keep_threads, replace_section
from benchmarks.results import load_results


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    add = parser.add_argument
    add("results", type=Path, help="results.json of a VALID run")
    add(
        "--file",
        type=Path,
        default=Path("README.md"),
        help="Markdown file with the two markers (default: README.md)",
    )
    add(
        "--figure",
        type=Path,
        default=Path("docs/figures/accuracy_latency.png"),
        metavar="PNG",
        help="where the picture goes (default: docs/figures/accuracy_latency.png)",
    )
    add("--threads", type=int, default=1, metavar="N", help="which thread count (default: 1)")
    add("--check", action="store_true", help="write nothing; 1 if the file says something else")


def run(arguments: argparse.Namespace) -> int:
    """Replace what stands between the markers, or tell whether it is what the results say."""
    file: Path = arguments.file.resolve()  # a link stays one
    if arguments.figure.suffix.lower() != ".png":
        raise InputError(f"--figure draws a .png, found {arguments.figure}")
    results = keep_threads(load_results(arguments.results), arguments.threads)
    folder = file.resolve().parent
    source, figure = (_link(folder, path) for path in (arguments.results, arguments.figure))
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {file}: {error}") from error
    written = replace_section(text, format_section(results, source, figure))
    if arguments.check:
        if written != text:
            print(f"{file} says something else than {arguments.results}", file=sys.stderr)
        if not arguments.figure.is_file():
            print(f"there is no {arguments.figure}, which {file} shows", file=sys.stderr)
        return int(written != text or not arguments.figure.is_file())
    arguments.figure.parent.mkdir(parents=True, exist_ok=True)
    draw_accuracy_latency(results, arguments.figure)
    partial = file.with_name(f"{file.name}.partial")
    partial.write_text(written, encoding="utf-8")
    partial.replace(file)
    print(f"{file} and {arguments.figure} show {arguments.results}")
    return 0


def _link(folder: Path, path: Path) -> str:
    """A path as a Markdown file in that folder links to it."""
    return Path(os.path.relpath(path.resolve(), folder)).as_posix()
