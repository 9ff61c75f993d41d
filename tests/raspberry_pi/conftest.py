"""Fixtures of the tests that run on an emulated Raspberry Pi."""

import os
from pathlib import Path

import pytest

from tests.raspberry_pi.emulated_pi.errors import EmulationUnavailableError
from tests.raspberry_pi.emulated_pi.machine import check_emulation
from tests.raspberry_pi.emulated_pi.storage import cache_folder
from tests.raspberry_pi.emulated_pi.wheels import build_wheel

_FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"


@pytest.fixture(scope="session")
def emulation() -> None:
    """Skip, with the reason, where boards cannot be emulated."""
    try:
        check_emulation()
    except EmulationUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def wheel(emulation: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our wheel, built from the checkout (or $EMULATED_PI_WHEEL)."""
    given = os.environ.get("EMULATED_PI_WHEEL")
    return Path(given) if given else build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """A folder of artifacts with evaluation.npz: $EMULATED_PI_ARTIFACTS, else the released ones."""
    given = os.environ.get("EMULATED_PI_ARTIFACTS")
    checkout = Path(__file__).resolve().parents[2]
    for folder in (given, checkout / "artifacts" / "fashion-cnn"):
        if folder and (Path(folder) / "manifest.json").is_file():
            return Path(folder)
    pytest.skip("no artifacts: make them with make demo, or name them in EMULATED_PI_ARTIFACTS")


@pytest.fixture(scope="session")
def wheelhouses() -> Path:
    """Where wheels for boards are kept, between runs too."""
    return cache_folder() / "wheelhouses"
