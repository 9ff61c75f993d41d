"""Fixtures of the tests that run on an emulated Raspberry Pi."""

import os
from pathlib import Path

import numpy as np
import pytest

from emulator.errors import EmulationUnavailableError
from emulator.machine import check_emulation
from emulator.storage import cache_folder
from emulator.wheels import build_wheel
from tests.raspberry_pi.playbook import find_ansible

_CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def emulation() -> None:
    """Skip, with the reason, where boards cannot be emulated."""
    try:
        check_emulation()
    except EmulationUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def ansible() -> str:
    """ansible-playbook, which the development environment brings: without it nothing is proved."""
    program = find_ansible()
    if program is None:
        pytest.fail("ansible-playbook is missing: pip install -e '.[deploy]'")
    return program


@pytest.fixture(scope="session")
def wheel(emulation: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our wheel, built from the checkout (or $EMULATOR_WHEEL)."""
    given = os.environ.get("EMULATOR_WHEEL")
    return Path(given) if given else build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """A folder of artifacts: $EMULATOR_ARTIFACTS, else of a demo, else those in the wheel."""
    named = os.environ.get("EMULATOR_ARTIFACTS")
    folders = [_CHECKOUT / "artifacts" / "fashion-cnn", _CHECKOUT / "edge_runtime" / "models"]
    for folder in [Path(named)] if named else folders:
        if any(folder.glob("*.tflite")):
            return folder.resolve()
    pytest.skip("no artifacts: make them with make demo, or name them in EMULATOR_ARTIFACTS")


@pytest.fixture(scope="session")
def samples(artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled test pictures: those beside the artifacts, else Fashion-MNIST's own."""
    beside = artifacts / "evaluation.npz"
    if beside.is_file():
        return beside
    from train.data.sources import load_fashion_mnist

    test = load_fashion_mnist().dataset.test
    path = tmp_path_factory.mktemp("samples") / "evaluation.npz"
    np.savez(path, images=test.images, labels=test.labels)
    return path


@pytest.fixture(scope="session")
def wheelhouses() -> Path:
    """Where wheels for boards are kept, between runs too."""
    return cache_folder() / "wheelhouses"
