"""Where Arm's int8 answers leave x86's: in the softmax, and nowhere else.

TensorFlow Lite's int8 softmax looks exponentials up in a table. Its entries are 16-bit integers on
64-bit Arm if clang compiled it (``TFLITE_SOFTMAX_USE_UINT16_LUT`` in ``optimized_ops.h``), floats
elsewhere. The two formulas are written out here and give every score of the CNN on their side
exactly. (Of the fixture with tiny layers, the one for Arm misses 7 of 10,000 by a step.)
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from emulator.machine import EmulatedPi
from emulator.processors import BOARDS
from emulator.systems import SYSTEMS
from emulator.wheels import install_wheel

pytestmark = [pytest.mark.emulated, pytest.mark.timeout(600)]

_CHECKOUT = Path(__file__).resolve().parents[2]
_PROBE = Path(__file__).parent / "on_board" / "tensor_probe.py"
# The CNN of the README: its scores are int8 after a softmax.
_MODEL = _CHECKOUT / "tests" / "fixtures" / "cnn_static_int8.tflite"
_IMAGES = 1000

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int8]
Table = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Tensors:
    """What a model ends with, for N pictures: int8 (N, 10) twice, and the two scales."""

    logits: Integers
    scores: Integers
    scales: Floats

    @classmethod
    def load(cls, path: Path) -> "Tensors":
        with np.load(path) as held:
            return cls(held["logits"], held["scores"], held["scales"])


def float_table(exponents: Floats) -> Floats:
    entries: Floats = np.exp(exponents)
    return entries


def integer_table(exponents: Floats) -> Floats:
    entries: Floats = np.floor(np.exp(exponents) * np.float32(65535) + np.float32(0.5))
    return entries


def softmax(found: Tensors, table: Table) -> Integers:
    """The scores that a table gives, in single precision and in the order of the kernel's sums."""
    below = found.logits.astype(np.float32) - found.logits.max(1, keepdims=True)
    exponentials = table(found.scales[0] * below)
    sums = np.zeros(len(below), np.float32)
    for column in exponentials.T:
        sums += column
    per_step = np.float32(1) / (sums * found.scales[1])
    steps = np.rint(exponentials * per_step[:, np.newaxis]) - 128
    scores: Integers = np.clip(steps, -128, 127).astype(np.int8)
    return scores


@pytest.fixture(scope="module")
def both(
    wheel: Path, samples: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Tensors, Tensors]:
    """What x86 and an emulated Pi 4 have in their last tensors."""
    folder = tmp_path_factory.mktemp("tensors")
    here, there = folder / "here.npz", folder / "there.npz"
    command = [str(part) for part in (_PROBE, _MODEL, samples, _IMAGES)]
    subprocess.run([sys.executable, *command, str(here)], check=True, capture_output=True)
    site = install_wheel(SYSTEMS["bookworm"], "litert", wheel)
    shared = [_PROBE.parent, _MODEL.parent, samples.parent, site, folder]
    pi = EmulatedPi.create(BOARDS["pi4"], SYSTEMS["bookworm"], folder / "disk", shared)
    done = pi.run(["python3", *command, there], environment={"PYTHONPATH": str(site)})
    assert done.returncode == 0, done.stderr
    return Tensors.load(here), Tensors.load(there)


def test_all_that_comes_before_the_softmax_agrees_to_the_bit(both: tuple[Tensors, Tensors]) -> None:
    here, there = both
    np.testing.assert_array_equal(here.logits, there.logits)


@pytest.mark.parametrize(
    ("side", "table"), [(0, float_table), (1, integer_table)], ids=["x86", "Arm"]
)
def test_each_side_follows_its_own_table(
    both: tuple[Tensors, Tensors], side: int, table: Table
) -> None:
    np.testing.assert_array_equal(both[side].scores, softmax(both[side], table))


def test_the_tables_differ_by_one_step_at_most(both: tuple[Tensors, Tensors]) -> None:
    here, there = both
    assert np.abs(here.scores.astype(int) - there.scores).max() <= 1
