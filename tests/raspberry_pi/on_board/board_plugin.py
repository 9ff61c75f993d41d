"""A plugin for pytest on an emulated board: what the runtime's tests must know of it.

A test that asks for a runtime which cannot exist there is skipped: no wheels of LiteRT and ONNX
Runtime exist for 32-bit Arm. The variable ``LACKING_RUNTIMES`` names the runtimes that the board
lacks; where it is empty, nothing is skipped.
"""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

_LACKING = tuple(os.environ.get("LACKING_RUNTIMES", "").split())

# Under emulation each example costs ten times as much; the full number runs on workstations.
settings.register_profile("board", max_examples=20, deadline=None)
settings.load_profile("board")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a failure for want of a lacking runtime into a skip; every other one stays."""
    report = yield
    if report.failed and report.when == "call":
        said = "\n".join([str(report.longrepr), *(text for _, text in report.sections)])
        for name in _LACKING:
            if f"the runtime {name} cannot be used: it is not installed" in said:
                path, line, _ = item.location
                report.outcome = "skipped"
                report.longrepr = (path, line or 0, f"no {name} exists for this board")
                break
    return report
