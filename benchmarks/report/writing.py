"""Writes a report's folder: built beside its place, then moved in whole."""

import shutil
from pathlib import Path

from benchmarks.report.figures import draw_figures
from benchmarks.report.markdown import format_report
from benchmarks.report.rows import format_csv
from benchmarks.results import Results, save_results


def write_report(results: Results, folder: Path) -> list[Path]:
    """Write results.json, report.md, results.csv and figures; returns where the pictures are."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_results(results, partial / "results.json")
    names = [path.name for path in draw_figures(results, partial / "figures")]
    (partial / "report.md").write_text(format_report(results, names), encoding="utf-8")
    (partial / "results.csv").write_text(format_csv(results), encoding="utf-8")
    if folder.exists():
        shutil.rmtree(folder)
    partial.replace(folder)
    return [folder / "figures" / name for name in names]
