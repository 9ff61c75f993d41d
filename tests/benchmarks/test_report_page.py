"""report.html in a real browser: desktop and phone, light and dark, nothing from the network."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import ActionChains, Keys

from benchmarks.report.page import format_page
from benchmarks.results import Results
from edge_runtime.measurement.steadiness import Finding
from tests.benchmarks.browsing import DESKTOP, PAPER, PHONE, count, open_page

READABLE = 4.5  # to 1, WCAG's AA for small letters


@pytest.mark.parametrize(("width", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_the_page_opens_whole(
    browser: Any, results: Results, tmp_path: Path, width: int, scheme: str
) -> None:
    page = tmp_path / "report.html"
    page.write_text(format_page([results]), encoding="utf-8")
    open_page(browser, page, width, scheme)
    assert browser.get_log("browser") == []
    assert browser.execute_script("return document.documentElement.dataset.ready") == "yes"
    assert browser.title == "toy-cnn"
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    assert wide <= width, "nothing makes the page wider than the screen"
    charts = ("scatter", "distributions", "startup", "sizes", "memory", "confusion", "per-class")
    for name in charts:
        assert count(browser, f"#{name} svg") == 1, name
    assert count(browser, "#scatter .point") == 6
    assert count(browser, "#results tbody tr") == 8
    assert count(browser, "#confusion rect") == 100
    assert "operator</b> too new" in browser.find_element("id", "refusals").text
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, ground.removeprefix("rgb(").removesuffix(")").split(","))) / 3
    assert (brightness > 128) == (scheme == "light")


def test_filter_and_sort_work(browser: Any, results: Results, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(format_page([results]), encoding="utf-8")
    open_page(browser, page, DESKTOP, "light")
    chip = browser.find_element("css selector", '[data-filter="runtime=tflite"]')
    chip.click()
    assert chip.get_attribute("aria-pressed") == "false"
    assert count(browser, "#scatter .point") == 4
    assert count(browser, "#results tbody tr") == 4
    browser.find_element("css selector", '[data-filter="runtime=litert"]').click()
    assert "Nothing measured" in browser.find_element("id", "scatter").text
    chip.click()
    assert count(browser, "#scatter .point") == 2

    browser.find_element("css selector", '[data-filter="runtime=litert"]').click()
    browser.execute_script("document.querySelectorAll('#results th button')[0].click()")
    names = [
        row.find_element("css selector", "td").get_attribute("title")
        for row in browser.find_elements("css selector", "#results tbody tr")
    ]
    assert names == sorted(names)

    browser.find_element("css selector", '[data-filter="runtime=litert"]').click()
    browser.find_element("id", "show-all").click()
    assert count(browser, "#scatter .point") == 6
    assert count(browser, '[data-filter][aria-pressed="false"]') == 0
    assert not browser.find_element("id", "show-all").is_displayed()

    select = browser.find_element("id", "scatter-cost")
    select.find_element("css selector", 'option[value="size"]').click()
    assert "size on disk" in browser.find_element("id", "scatter").text
    assert browser.get_log("browser") == []


def test_pointer_and_focus_tell_the_figures(browser: Any, results: Results, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(format_page([results]), encoding="utf-8")
    open_page(browser, page, DESKTOP, "light")
    tip = browser.find_element("id", "tip")
    for place in ("#scatter .point", "#confusion rect", "#per-class svg", "#distributions svg"):
        spot = browser.find_element("css selector", place)
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", spot)
        ActionChains(browser).move_to_element(spot).perform()
        assert tip.is_displayed(), place
        assert tip.text, place
    browser.execute_script("document.querySelector('#scatter .point').focus()")
    assert "p50" in tip.text
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(
    browser: Any, results: Results, tmp_path: Path, scheme: str
) -> None:
    page = tmp_path / "report.html"
    page.write_text(format_page([results]), encoding="utf-8")
    open_page(browser, page, DESKTOP, scheme)
    script = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
    assert browser.execute_script(script, READABLE) == []


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_no_chart_cuts_its_own_words(
    browser: Any, results: Results, tmp_path: Path, width: int
) -> None:
    page = tmp_path / "report.html"
    page.write_text(format_page([results]), encoding="utf-8")
    open_page(browser, page, width, "light")
    cut = browser.execute_script(
        """return [...document.querySelectorAll(".chart svg text")].filter((text) => {
          const [a, b] = [text, text.ownerSVGElement].map((one) => one.getBoundingClientRect());
          return a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 2;
        }).map((text) => text.closest(".chart").id + ": " + text.textContent);"""
    )
    assert cut == []


def test_paper_shows_it_whole_and_light(browser: Any, results: Results, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(format_page([results]), encoding="utf-8")
    open_page(browser, page, DESKTOP, "dark")
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": [dark]})
    size = {"width": PAPER, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= PAPER
    card = browser.find_element("css selector", ".card")
    assert card.value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
    assert not browser.find_element("id", "filters").is_displayed()


def test_all_can_be_reached_by_keyboard(browser: Any, results: Results, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(format_page([results]), encoding="utf-8")
    open_page(browser, page, DESKTOP, "light")
    reached: list[str] = []
    for _ in range(60):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        reached.append(
            browser.execute_script(
                "const at = document.activeElement;"
                "return at.id || at.dataset.filter || at.getAttribute('class') || at.tagName;"
            )
        )
    wanted = {"runtime=litert", "scatter-cost", "point", "scroll", "BUTTON", "confusion-choice"}
    assert wanted <= set(reached)
    browser.execute_script("document.querySelector('#scatter .point').focus()")
    assert "McNemar" in browser.find_element("id", "tip").text
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    assert not browser.find_element("id", "tip").is_displayed()


def test_a_lead_of_a_few_pictures_is_called_a_tie(
    browser: Any, results: Results, tmp_path: Path
) -> None:
    # The scripted launcher answers alike for every artifact, so none leads.
    page = tmp_path / "report.html"
    page.write_text(format_page([results]), encoding="utf-8")
    open_page(browser, page, DESKTOP, "light")
    assert "not told apart from any other here" in browser.find_element("id", "summary").text


def test_several_machines_stand_side_by_side(
    browser: Any, results: Results, tmp_path: Path
) -> None:
    board = replace(results, host=replace(results.host, board="Raspberry Pi 5 Model B"))
    page = tmp_path / "report.html"
    page.write_text(format_page([results, board]), encoding="utf-8")
    open_page(browser, page, PHONE, "light")
    assert browser.get_log("browser") == []
    assert count(browser, ".verdict") == 2
    assert count(browser, '[data-filter^="run="]') == 2
    assert browser.execute_script("return document.documentElement.scrollWidth") <= PHONE


def test_verdicts_stand_above_the_numbers_with_their_next_step(results: Results) -> None:
    finding = Finding("invalid", "throttled", "the board reports under-voltage", "use a supply")
    invalid = replace(results, verdict=replace(results.verdict, valid=False, findings=(finding,)))
    page = format_page([invalid])
    assert "use a supply" in page
    assert page.index('id="verdicts"') < page.index('id="results"')


def test_the_page_asks_nothing_of_the_network(results: Results) -> None:
    page = format_page([results])
    assert "default-src 'none'" in page
    assert "<script src" not in page
    assert "@import" not in page
    assert 'href="http' not in page
    assert "</script><script>document" not in page
