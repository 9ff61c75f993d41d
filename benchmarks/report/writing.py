"""Writes a report's folder: built beside its place, then moved in whole."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report.figures import draw_figures
from benchmarks.report.markdown import format_report
from benchmarks.report.page import format_page
from benchmarks.report.rows import format_csv
from benchmarks.results import Results, save_results


def write_report(results: Results, folder: Path) -> list[Path]:
    """Write results.json, the page, the Markdown, the CSV and the pictures; returns these."""
    partial = _make_partial(folder)
    save_results(results, partial / "results.json")
    names = [path.name for path in draw_figures(results, partial / "figures")]
    (partial / "report.md").write_text(format_report(results, names), encoding="utf-8")
    (partial / "report.html").write_text(format_page([results]), encoding="utf-8")
    (partial / "results.csv").write_text(format_csv(results), encoding="utf-8")
    _move_in(partial, folder)
    return [folder / "figures" / name for name in names]


def write_merged(runs: Sequence[Results], lines: Sequence[str], folder: Path) -> None:
    """Write one page and one Markdown table over several machines."""
    partial = _make_partial(folder)
    (partial / "report.html").write_text(format_page(runs), encoding="utf-8")
    text = "\n".join(["# Benchmarks side by side", "", *lines, ""])
    (partial / "report.md").write_text(text, encoding="utf-8")
    _move_in(partial, folder)


def _make_partial(folder: Path) -> Path:
    folder = folder.resolve()
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    return partial


def _move_in(partial: Path, folder: Path) -> None:
    folder = folder.resolve()  # Behind a link the report is replaced, and the link stays.
    if folder.exists():
        shutil.rmtree(folder)
    partial.replace(folder)
