"""What the pictures of a run say, for few classes and for answers that are all right."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from matplotlib.text import Text

from train.evaluation import Evaluation
from train.figures import draw_confusion, draw_curves, draw_per_class, draw_run
from train.history import Epoch
from train.report import format_class_table
from train.samples import LabelledImages


def _evaluation(names: tuple[str, ...], wrong: int, total: int = 10_000) -> Evaluation:
    """`wrong` pictures, spread over all classes, are taken for the next class."""
    labels = np.arange(total) % len(names)
    given = np.where(np.arange(total) < wrong, (labels + 1) % len(names), labels)
    probabilities = np.full((total, len(names)), 0.01, np.float32)
    probabilities[np.arange(total), given] = 0.9
    return Evaluation(
        LabelledImages(np.zeros((total, 4, 4, 1), np.uint8), labels), probabilities, names
    )


@pytest.mark.parametrize("wrong", [0, 3, 900, 5_000])
def test_the_shares_of_classes_stand_where_their_axis_says(wrong: int) -> None:
    figure = draw_per_class(_evaluation(("cat", "dog"), wrong))
    figure.canvas.draw()
    axis = figure.axes[0].xaxis
    low, high = axis.get_view_interval()
    shown = [
        (place, label.get_text())
        for place, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
        if low <= place <= high
    ]
    assert len(shown) >= 2
    for place, text in shown:
        assert float(text.removesuffix("%")) == pytest.approx(100 * place)
        assert place <= 1


def test_what_hardly_moves_is_drawn_flat() -> None:
    epochs = tuple(Epoch(n, 0.01, 0.5, 1 / 7, 0.6, 1 / 7 + 1e-8, 1.0, 0.0) for n in (1, 2))
    low, high = draw_curves(epochs).axes[0].get_ylim()
    assert high - low == pytest.approx(0.02)
    assert (low + high) / 2 == pytest.approx(1 / 7)


def test_names_do_not_break_the_tables_of_a_report() -> None:
    table = format_class_table(_evaluation(("a|b", "*c* <i>"), 3))
    assert r"| a\|b |" in table
    assert r"| \*c\* \<i\> |" in table


@pytest.mark.parametrize("classes", [2, 3, 10, 40])
def test_the_title_of_a_confusion_matrix_fits(classes: int) -> None:
    figure = draw_confusion(_evaluation(tuple(f"class {n}" for n in range(classes)), 700))
    figure.canvas.draw()
    (title,) = figure.findobj(lambda part: isinstance(part, Text) and " right: " in part.get_text())
    assert isinstance(title, Text)
    assert title.get_window_extent().x1 <= figure.bbox.width


def test_labels_of_any_script_are_drawn_without_warnings(tmp_path: Path) -> None:
    epochs = tuple(Epoch(n, 0.01, 0.5, 0.9, 0.6, 0.8, 1.0, 0.0) for n in (1, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_run(tmp_path, epochs, _evaluation(("猫", "$5"), 3, total=20))
    assert all(path.stat().st_size > 1_000 for path in tmp_path.iterdir())
