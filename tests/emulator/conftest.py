"""Fixtures of the tests of emulated processors."""

import os
from pathlib import Path

import pytest

from emulator.errors import EmulationUnavailableError, SetupError
from emulator.machine import check_emulation, check_host
from emulator.qemu import load_x86_emulator


@pytest.fixture(scope="session")
def emulation() -> None:
    """Skip, with the reason, where boards cannot be emulated."""
    try:
        check_emulation()
    except EmulationUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def x86_emulation() -> Path:
    """QEMU for x86-64; skip, with the reason, where it cannot be had (in CI: fail)."""
    try:
        check_host()
        return load_x86_emulator()
    except (EmulationUnavailableError, SetupError) as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"QEMU is needed in CI: {error}")
        pytest.skip(str(error))
