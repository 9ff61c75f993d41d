"""The pictures of a report, whatever the labels are called."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from export.comparison import Flip
from export.figures import draw_class_differences, draw_flips, draw_layer_noise
from export.manifest import LayerNoise, Manifest
from export.samples import Samples

# Matplotlib would read what stands between two dollar signs as a formula, and cannot read this one.
NO_FORMULA = r"$\5 to $10"


def test_labels_of_any_script_are_drawn_without_warnings(tmp_path: Path) -> None:
    samples = Samples(np.zeros((1, 8, 8, 1), np.uint8), np.zeros(1, np.int64))
    flip = Flip(index=0, label=0, reference=0, found=1, regret=0.5)
    draw_flips([flip], samples, ["裤子", "$5"], "title", tmp_path / "flips.png")
    assert (tmp_path / "flips.png").stat().st_size > 1000


def test_dollar_signs_are_drawn_as_they_are(
    artifacts: tuple[Path, Manifest], tmp_path: Path
) -> None:
    manifest = artifacts[1]
    labels = tuple(f"{number} {NO_FORMULA}" for number in range(len(manifest.model.labels)))
    priced = replace(manifest, model=replace(manifest.model, labels=labels))
    draw_class_differences(priced, tmp_path / "classes.png")
    draw_layer_noise([LayerNoise(NO_FORMULA, "CONV_2D", 30.0)], tmp_path / "noise.png")
    samples = Samples(np.zeros((1, 8, 8, 1), np.uint8), np.zeros(1, np.int64))
    flip = Flip(index=0, label=0, reference=0, found=1, regret=0.5)
    draw_flips([flip], samples, labels, NO_FORMULA, tmp_path / "flips.png")
    assert all(path.stat().st_size > 1000 for path in tmp_path.iterdir())
