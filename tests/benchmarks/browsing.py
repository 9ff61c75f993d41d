"""Opening a report in a real browser, as wide as a screen or a sheet of paper."""

import shutil
from pathlib import Path
from typing import Any

DESKTOP, PHONE, PAPER = 1280, 390, 718  # A4 between its margins, in CSS pixels
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")


def open_page(browser: Any, path: Path, width: int, scheme: str) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [feature]})
    browser.get_log("browser")  # what an earlier page left there
    browser.get(path.as_uri())


def count(browser: Any, selector: str) -> int:
    return len(browser.find_elements("css selector", selector))
