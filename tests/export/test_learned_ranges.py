"""Ranges that quantization-aware training learned, in both formats."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_runtime.contract import (
    ActivationRange,
    InputSpec,
    LearnedRanges,
    ModelSpec,
    OutputSpec,
)
from export.comparison import compare_scores
from export.convert import Converter
from export.errors import ConversionError
from export.float_model import FloatClassifier
from export.recipes import RECIPES
from export.samples import Samples
from export.verification import replay_all
from tests.export.conftest import LABELS

LEARNED = [recipe for recipe in RECIPES if recipe.needs == "ranges"]


def build_folded(keras: Any, *, rescaling: bool) -> Any:
    """What a quantization-aware run hands over: plain layers, logits out."""
    layers = keras.layers
    keras.utils.set_random_seed(3)
    inputs = keras.Input((28, 28, 1), name="input")
    x = layers.Rescaling(1 / 255, name="rescaling")(inputs) if rescaling else inputs
    x = layers.Conv2D(16, 4, strides=2, padding="same", activation="relu", name="conv1")(x)
    x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, layers.Dense(10, name="logits")(x))


def measure_ranges(keras: Any, model: Any, samples: Samples) -> LearnedRanges:
    names = ["conv1", "conv2", "pool", "logits"]
    inside = keras.Model(model.inputs[0], [model.get_layer(name).output for name in names])
    outputs = inside(samples.images.astype(np.float32))
    spans = ((name, np.asarray(values)) for name, values in zip(names, outputs, strict=True))
    return LearnedRanges(
        1,
        tuple(
            ActivationRange(name, min(0.0, float(v.min())), max(0.0, float(v.max())))
            for name, v in spans
        ),
    )


@pytest.mark.parametrize("rescaling", [True, False])
def test_both_formats_follow_the_fake_quant_network_to_the_step(
    keras: Any, pictures: dict[str, Samples], tmp_path: Path, rescaling: bool
) -> None:
    from export.fake_quant import build_fake_quant

    model = build_folded(keras, rescaling=rescaling)
    ranges = measure_ranges(keras, model, pictures["train"])
    classifier = FloatClassifier(
        model, ModelSpec("folded", LABELS, InputSpec(28, 28, 1), OutputSpec("logits"))
    )
    test = pictures["test"].first(100)
    network = build_fake_quant(model, ranges, classifier.spec, kernels=True)
    expected = np.asarray(network.apply(keras.ops.convert_to_tensor(test.images, "float32")))
    step = (ranges.activations[-1].maximum - ranges.activations[-1].minimum) / 255
    converter = Converter(classifier, pictures["train"].images, ranges)
    files = []
    for recipe in LEARNED:
        files.append(tmp_path / recipe.to_file_name("folded"))
        files[-1].write_bytes(converter.convert(recipe).content)
    reference = classifier.measure_scores(test.images)
    for replays in replay_all(files, test.images, tmp_path).values():
        for replay in replays:
            assert replay.scores is not None, replay.reason
            steps = np.abs(replay.scores - expected) / step
            # A kernel that rounds a tie the other way moves an output by one step, rarely two.
            assert steps.max() <= 2.01, replay.backend
            assert (steps < 0.5).mean() >= 0.9, replay.backend
            assert compare_scores(replay.scores, reference, test.labels).agreement >= 0.9


def test_a_layer_without_its_range_is_named(keras: Any, pictures: dict[str, Samples]) -> None:
    model = build_folded(keras, rescaling=False)
    whole = measure_ranges(keras, model, pictures["train"].first(20))
    classifier = FloatClassifier(
        model, ModelSpec("folded", LABELS, InputSpec(28, 28, 1), OutputSpec("logits"))
    )
    part = LearnedRanges(1, whole.activations[1:])
    with pytest.raises(ConversionError, match=r"no range for layer 'conv1'"):
        Converter(classifier, pictures["train"].images, part).convert(LEARNED[0])
    strange = LearnedRanges(1, (*whole.activations, ActivationRange("conv9", 0.0, 1.0)))
    with pytest.raises(ConversionError, match=r"'conv9', which is no layer"):
        Converter(classifier, pictures["train"].images, strange).convert(LEARNED[1])
