"""The networks of the zoo: what they cost, and that folding changes nothing but their form."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from train.framework import load_keras
from train.samples import ImageDataset
from train.zoo import ARCHITECTURES, TIER_BUDGETS

# Float rounding of a sum over a kernel, relative to the greatest score.
FOLDING_TOLERANCE = 1e-4
# What LiteRT runs in int8 without leaving the fast path.
FAST_LAYERS = ("InputLayer", "Rescaling", "Conv2D", "GlobalAveragePooling2D", "Dense")


@pytest.fixture(scope="module", autouse=True)
def _keras() -> None:
    load_keras()


def _shake(model: Any, random: np.random.Generator) -> None:
    """Give every variable, running statistics too, a value that training could have left."""
    for variable in model.variables:
        value = np.asarray(variable)
        noise = random.uniform(0.5, 1.5, value.shape)
        is_kernel = value.ndim > 1
        variable.assign(value * noise if is_kernel or value.any() else noise - 1)


@pytest.mark.parametrize("name", TIER_BUDGETS)
def test_each_tier_keeps_its_budget_as_deployed(name: str) -> None:
    from train.zoo.footprint import measure_footprint

    entry = ARCHITECTURES[name]
    plain = entry.to_deployable(entry.build((28, 28, 1), 10))
    footprint = measure_footprint(plain)
    assert footprint.parameters == plain.count_params() <= TIER_BUDGETS[name].parameters
    assert footprint.macs <= TIER_BUDGETS[name].macs
    assert {type(layer).__name__ for layer in plain.layers} <= set(FAST_LAYERS)
    assert all(
        layer.filters % 16 == 0 for layer in plain.layers if type(layer).__name__ == "Conv2D"
    )


def test_the_cost_of_the_cnn_is_what_its_page_says() -> None:
    from train.zoo.footprint import measure_footprint

    footprint = measure_footprint(ARCHITECTURES["cnn"].build((28, 28, 1), 10))
    assert footprint.parameters == 225_034
    assert footprint.macs == 26 * 26 * 9 * 32 + 11 * 11 * 9 * 32 * 64 + 1600 * 128 + 1280


@pytest.mark.parametrize(
    ("name", "shape"),
    [("nano", (28, 28, 1)), ("nano", (27, 30, 3)), ("resnet20", (28, 28, 1))],
)
def test_folding_changes_no_score(name: str, shape: tuple[int, int, int]) -> None:
    random = np.random.default_rng(0)
    entry = ARCHITECTURES[name]
    trained = entry.build(shape, 10)
    _shake(trained, random)
    before = [np.asarray(variable) for variable in trained.variables]
    plain = entry.to_deployable(trained)
    images = random.integers(0, 256, (16, *shape)).astype(np.float32)
    expected, found = (np.asarray(model(images, training=False)) for model in (trained, plain))
    assert np.abs(found - expected).max() <= FOLDING_TOLERANCE * np.abs(expected).max()
    assert expected.std() > 0
    # Nothing of the trained form is left, and it was not touched.
    assert {type(layer).__module__.partition(".")[0] for layer in plain.layers} == {"keras"}
    for variable, value in zip(trained.variables, before, strict=True):
        assert np.array_equal(np.asarray(variable), value)


def test_every_network_gives_scores_for_other_inputs(dataset: ImageDataset) -> None:
    for name in ("nano", "resnet20", "wide_resnet"):
        model = ARCHITECTURES[name].build((32, 40, 3), 7)
        assert model.output_shape == (None, 7), name
        assert model.input_shape == (None, 32, 40, 3), name


def test_mixed_precision_narrows_convolutions_alone() -> None:
    from train.precision import narrow_convolutions, widen_convolutions

    model = ARCHITECTURES["nano"].build((28, 28, 1), 10)
    narrow_convolutions(model)
    branched = model.get_layer("conv2")
    assert {conv.compute_dtype for conv in branched.convolutions} == {"bfloat16"}
    assert branched.norm.compute_dtype == branched.compute_dtype == "float32"
    assert {np.asarray(variable).dtype for variable in model.variables} == {np.dtype("float32")}
    assert model.get_layer("logits").compute_dtype == "float32"
    scores = model(np.zeros((1, 28, 28, 1), np.float32), training=True)
    assert np.asarray(scores).dtype == np.float32
    widen_convolutions(model)
    assert {conv.compute_dtype for conv in branched.convolutions} == {"float32"}


def test_the_documents_table_is_what_the_command_writes() -> None:
    from train.commands.zoo import format_zoo, measure_zoo

    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    assert format_zoo(measure_zoo()) in page
