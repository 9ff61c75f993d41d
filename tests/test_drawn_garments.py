"""The photos of docs/photos.md: what the page claims is what comes out."""

from pathlib import Path

import numpy as np
import pytest

from edge_runtime import Classifier
from edge_runtime.pictures.photo import to_model_pixels
from examples.photos.__main__ import classify_scenes, format_table
from examples.photos.grounds import (
    GROUNDS,
    Ground,
    handle_plainly,
    lay_on,
    load_items,
    measure_ground,
)
from examples.photos.scenes import SCENES
from examples.photos.sheet import Outcome, draw_sheet

FIXTURES = Path(__file__).parent / "fixtures"
# So many are right with the model that the package carries; 11 with the one before it.
LEAST_RIGHT = 10
# Of 2,000 pictures on a ground against the same pictures without one: of 400, chance alone took
# up to a point more or less.
MOST_LOST = 0.03


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    with Classifier.load("default") as classifier:
        return classify_scenes(classifier)


def test_drawn_garments_are_recognized_however_they_come(outcomes: list[Outcome]) -> None:
    wrong = [(o.scene.title, o.answer.top.label) for o in outcomes if not o.is_right]
    assert len(outcomes) == len(SCENES) >= 10
    assert len(outcomes) - len(wrong) >= LEAST_RIGHT, wrong


def test_the_sheet_and_the_table_hold_every_scene(outcomes: list[Outcome]) -> None:
    sheet, table = draw_sheet(outcomes), format_table(outcomes, "a model")
    assert sheet.size == (1260, 784)
    assert all(scene.title in table for scene in SCENES)


@pytest.mark.slow
@pytest.mark.parametrize("ground", GROUNDS, ids=lambda ground: ground.title)
def test_grounds_cost_little_accuracy(ground: Ground) -> None:
    items, labels = load_items()
    with Classifier.load("default") as classifier:
        bare = float((classifier.scores(items[..., np.newaxis]).argmax(axis=1) == labels).mean())
        found = measure_ground(
            classifier,
            ground,
            lambda picture: to_model_pixels(picture, classifier.input),
            items,
            labels,
        )
    assert found >= bare - MOST_LOST


def test_plain_steps_are_what_the_table_says_they_are() -> None:
    with np.load(FIXTURES / "fashion_mnist_sample.npz") as sample:
        item = sample["test_images"][0, ..., 0]
    white, grey = (lay_on(item, ground, np.random.default_rng(0)) for ground in GROUNDS[1:3])
    assert handle_plainly(white).shape == (28, 28, 1)
    assert handle_plainly(white)[0, 0] == 0
    assert handle_plainly(grey)[0, 0] == 55
