"""Writes a report's folder: built beside its place, then moved in whole."""

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.report.earlier_report import MERGED, MERGED_TITLE, RUN, ReportKind
from benchmarks.report.figures import draw_figures
from benchmarks.report.markdown import format_report
from benchmarks.report.page import format_page
from benchmarks.report.rows import format_csv
from benchmarks.results import Results, save_results
from edge_runtime.folder_exchange import carry_over, swap_in


def write_report(results: Results, folder: Path) -> list[Path]:
    """Write results.json, the page, the Markdown, the CSV and the pictures; returns these."""
    with _fill_folder(folder, RUN) as partial:
        save_results(results, partial / "results.json")
        names = [path.name for path in draw_figures(results, partial / "figures")]
        (partial / "report.md").write_text(format_report(results, names), encoding="utf-8")
        (partial / "report.html").write_text(format_page([results]), encoding="utf-8")
        (partial / "results.csv").write_text(format_csv(results), encoding="utf-8")
    return [folder / "figures" / name for name in names]


def write_merged(runs: Sequence[Results], lines: Sequence[str], folder: Path) -> None:
    """Write one page and one Markdown table over several machines."""
    with _fill_folder(folder, MERGED) as partial:
        (partial / "report.html").write_text(format_page(runs), encoding="utf-8")
        text = "\n".join([MERGED_TITLE, "", *lines, ""])
        (partial / "report.md").write_text(text, encoding="utf-8")


@contextlib.contextmanager
def _fill_folder(folder: Path, kind: ReportKind) -> Iterator[Path]:
    """Give an empty folder to fill; it takes its place when the block ends without an error.

    What is there already and no report wrote is carried over.
    """
    folder = folder.resolve()  # Behind a link the report is replaced, and the link stays.
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed
    try:
        partial.mkdir(parents=True)
        yield partial
        if folder.is_dir():
            carry_over(folder, partial, kind.written if kind.is_in(folder) else ())
        swap_in(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
