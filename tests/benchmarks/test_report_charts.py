"""The charts of report.html with runs that are unlike most: one case, many threads or classes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.report.page import format_page
from benchmarks.results import ClassAccuracy, Results
from benchmarks.spread import Estimate
from tests.benchmarks.browsing import DESKTOP, PHONE, count, open_page


def test_a_run_with_many_threads_alone_shows_what_it_measured(
    browser: Any, results: Results, tmp_path: Path
) -> None:
    cases = tuple(case for case in results.cases if case.threads == 2)
    page = tmp_path / "report.html"
    page.write_text(format_page([replace(results, cases=cases)]), encoding="utf-8")
    open_page(browser, page, DESKTOP, "light")
    for name in ("startup", "memory"):
        assert count(browser, f"#{name} svg") == 1, name


def test_a_single_case_stands_on_an_axis_with_numbers(
    browser: Any, results: Results, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    page.write_text(format_page([replace(results, cases=results.cases[:1])]), encoding="utf-8")
    open_page(browser, page, DESKTOP, "light")
    along = '#scatter text[text-anchor="middle"]'
    assert count(browser, along) >= 2


def test_numbers_along_an_axis_do_not_touch(browser: Any, results: Results, tmp_path: Path) -> None:
    measured = [case for case in results.cases if case.summary is not None]
    cases = tuple(
        replace(case, summary=replace(case.summary, p50_ns=Estimate(median_ns, None, None, 1)))
        for case, median_ns in zip(measured, (18_500, 2_026_000), strict=False)
        if case.summary is not None
    )
    page = tmp_path / "report.html"
    page.write_text(format_page([replace(results, cases=cases)]), encoding="utf-8")
    open_page(browser, page, PHONE, "light")
    gaps = browser.execute_script(
        """const boxes = [...document.querySelectorAll('#scatter text[text-anchor="middle"]')]
          .map((text) => text.getBoundingClientRect());
        return boxes.slice(1).map((box, place) => box.left - boxes[place].right);"""
    )
    assert len(gaps) > 2
    assert min(gaps) > 2


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_many_classes_can_all_be_scrolled_to(
    browser: Any, results: Results, tmp_path: Path, width: int
) -> None:
    names = tuple(f"kind of garment {number}" for number in range(60))
    record = replace(
        results.accuracies[0],
        confusion=tuple(tuple(int(row == column) for column in range(60)) for row in range(60)),
        per_class=tuple(ClassAccuracy(name, 1, 1) for name in names),
    )
    named = replace(results.evaluation, class_names=names)
    page = tmp_path / "report.html"
    page.write_text(
        format_page([replace(results, evaluation=named, accuracies=(record,))]), "utf-8"
    )
    open_page(browser, page, width, "light")
    place = "document.getElementById('confusion')"
    drawn = browser.execute_script(f"return {place}.querySelector('svg').clientWidth")
    last = browser.execute_script(f"return {place}.querySelector('svg > :last-child').getBBox().x")
    assert last < drawn <= browser.execute_script(f"return {place}.scrollWidth")
    assert browser.execute_script(f"return {place}.clientWidth") < drawn
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert count(browser, "#confusion rect") == 61  # empty cells share one ground
    assert "kind of garme…" in browser.find_element("id", "confusion").text
