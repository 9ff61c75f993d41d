"""The pictures of a report, whatever the labels are called."""

from pathlib import Path

import numpy as np

from export.comparison import Flip
from export.figures import draw_flips
from export.samples import Samples


def test_labels_of_any_script_are_drawn_without_warnings(tmp_path: Path) -> None:
    samples = Samples(np.zeros((1, 8, 8, 1), np.uint8), np.zeros(1, np.int64))
    flip = Flip(index=0, label=0, reference=0, found=1, regret=0.5)
    draw_flips([flip], samples, ["裤子", "$5"], "title", tmp_path / "flips.png")
    assert (tmp_path / "flips.png").stat().st_size > 1000
