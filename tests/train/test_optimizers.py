"""What the optimizers do to kernels and to everything else."""

from typing import Any

import numpy as np
import pytest

from train.framework import load_keras

RATE = 0.1


@pytest.fixture(scope="module", autouse=True)
def _keras() -> None:
    load_keras()


def _step(name: Any, value: Any, gradient: Any, weight_decay: float = 0.0) -> Any:
    """Return what one step takes off a variable."""
    import keras

    from train.optimizers import build_optimizer

    variable = keras.Variable(value, dtype="float32", name="kernel")
    optimizer = build_optimizer(name, RATE, weight_decay, ema=0.0)
    optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")], [variable])
    return value - np.asarray(variable)


@pytest.mark.parametrize("shape", [(3, 3, 16, 32), (1, 1, 48, 16)])
def test_muon_lets_all_directions_of_a_kernel_learn_alike(shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    # Directions whose sizes lie a factor of 50 apart.
    rows, columns = int(np.prod(shape[:-1])), shape[-1]
    left, sizes, right = np.linalg.svd(random.normal(size=(rows, columns)), full_matrices=False)
    gradient = (left * np.geomspace(50, 1, len(sizes))) @ right
    step = _step("muon", np.zeros(shape), gradient.reshape(shape)).reshape(rows, columns)
    found = np.linalg.svd(step, compute_uv=False) / (RATE * 0.2 * max(rows, columns) ** 0.5)
    # Five iterations bring them close to 1; the method asks for no more.
    assert found.min() > 0.5
    assert found.max() < 1.3
    # They are the gradient's own directions.
    assert np.abs(left.T @ step @ right.T - np.diag(np.diag(left.T @ step @ right.T))).max() < 1e-4


def test_muon_leaves_all_but_kernels_with_inputs_to_adam() -> None:
    random = np.random.default_rng(0)
    for shape in ((7,), (16, 10), (3, 3, 1, 16)):
        value, gradient = random.normal(size=shape), random.normal(size=shape)
        muon, adam = (_step(name, value, gradient, 0.01) for name in ("muon", "adam"))
        assert np.allclose(muon, adam, atol=1e-5), shape


def test_a_step_of_muon_is_as_large_as_one_of_adam() -> None:
    gradient = np.random.default_rng(0).normal(size=(3, 3, 32, 32))
    muon = _step("muon", np.zeros(gradient.shape), gradient)
    assert 0.1 < np.sqrt(np.mean(muon**2)) / RATE < 0.3


def test_weight_decay_takes_a_share_of_the_kernel() -> None:
    value = np.random.default_rng(0).normal(size=(3, 3, 16, 16))
    for name in ("muon", "adam"):
        taken = _step(name, value, np.zeros(value.shape), weight_decay=0.5)
        assert np.allclose(taken, RATE * 0.5 * value, atol=1e-5), name
