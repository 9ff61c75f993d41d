"""What augmentation and mixing cost, measured on a few real epochs."""

import dataclasses

import pytest

from train.framework import load_keras
from train.input_cost import format_cost, measure_input_cost
from train.progress import Progress
from train.recipes import RECIPES
from train.samples import ImageDataset


@pytest.mark.slow
def test_the_cost_of_a_recipes_input_is_measured(dataset: ImageDataset) -> None:
    load_keras()
    settings = dataclasses.replace(RECIPES["large"], architecture="nano", batch_size=64)
    cost = measure_input_cost(dataset, settings, 1, Progress(quiet=True))
    assert cost.pictures == 400
    for times in (cost.augment_alone_s, cost.plain_epoch_s, cost.augmented_epoch_s):
        assert len(times) == 1
        assert times[0] > 0
    assert 0 <= cost.augmented_wait_s[0] <= cost.augmented_epoch_s[0]
    assert "Preparing 400 augmented pictures takes" in format_cost(cost)
