"""Pictures of a training run: curves, confusion matrix, per-class results, confident mistakes."""

import warnings
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from train.evaluation import Evaluation
from train.history import Epoch

_TRAIN, _HELD_OUT, _THIRD, _QUIET = "#8d99ae", "#1d5f8a", "#e08a1e", "#5c6370"
_DPI = 130
# Of the axis of accuracies.
_LEAST_SPAN = 0.02
# Above this many classes, numbers in cells and names on axes run into each other.
_READABLE_CLASSES = 24


def draw_run(folder: Path, epochs: tuple[Epoch, ...], evaluation: Evaluation) -> None:
    """Draw all figures of a run into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {
        "curves.png": draw_curves(epochs),
        "confusion_matrix.png": draw_confusion(evaluation),
        "per_class.png": draw_per_class(evaluation),
        "mistakes.png": draw_mistakes(evaluation),
    }
    with warnings.catch_warnings():
        # Class names in scripts that the font lacks are drawn as boxes, as docs/export.md says.
        warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from font", UserWarning)
        for name, figure in figures.items():
            figure.savefig(folder / name, dpi=_DPI)


def draw_curves(epochs: tuple[Epoch, ...]) -> Figure:
    """Draw accuracy and loss over the epochs, for the training and the validation split."""
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    x = [epoch.epoch for epoch in epochs]
    for axes, title, train, held_out in (
        (left, "Accuracy", "accuracy", "validation_accuracy"),
        (right, "Loss", "loss", "validation_loss"),
    ):
        values = [getattr(epoch, held_out) for epoch in epochs]
        axes.plot(
            x,
            [getattr(epoch, train) for epoch in epochs],
            color=_TRAIN,
            marker=".",
            label="training (augmented)",
        )
        axes.plot(x, values, color=_HELD_OUT, marker=".", label="validation")
        shown = f"{values[-1]:.1%}" if title == "Accuracy" else f"{values[-1]:.3f}"
        axes.annotate(
            shown, (x[-1], values[-1]), (4, 5), textcoords="offset points", color=_HELD_OUT
        )
        axes.set_title(title, loc="left", fontweight="bold")
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.margins(x=0.1)
        _calm(axes)
    left.yaxis.set_major_formatter(PercentFormatter(1))
    low, high = left.get_ylim()
    if high - low < _LEAST_SPAN:  # what hardly moves is drawn flat
        middle = min(max((low + high) / 2, _LEAST_SPAN / 2), 1 - _LEAST_SPAN / 2)
        left.set_ylim(middle - _LEAST_SPAN / 2, middle + _LEAST_SPAN / 2)
    left.legend(frameon=False, loc="best")
    return figure


def draw_confusion(evaluation: Evaluation) -> Figure:
    """Draw the confusion matrix; each row is a true class, coloured by its shares."""
    confusion = evaluation.confusion
    names = [_literal(name) for name in evaluation.class_names]
    size = min(max(5.7, 4 + 0.45 * len(names)), 14)  # with two classes the title needs the room
    figure = Figure(figsize=(size + 0.6, size), layout="constrained")
    axes = figure.subplots()
    shares = confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
    # The square root keeps the small off-diagonal shares, the ones of interest, visible.
    axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
    if len(names) <= _READABLE_CLASSES:
        for (row, column), count in np.ndenumerate(confusion):
            if count:
                colour = "white" if shares[row, column] > 0.35 else "#22303c"
                axes.text(column, row, f"{count}", ha="center", va="center", color=colour)
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("labelled as")
    axes.set_ylabel("true class")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    interval = evaluation.interval()
    axes.set_title(
        f"{evaluation.correct:,} of {len(evaluation.samples):,} right: "
        f"{evaluation.accuracy:.2%} (95 % interval {interval.low:.2%} to {interval.high:.2%})",
        loc="left",
        fontsize=10.5,
    )
    return figure


def draw_per_class(evaluation: Evaluation) -> Figure:
    """Draw precision, recall and F1 of each class, the hardest class at the top."""
    results = sorted(evaluation.per_class(), key=lambda result: result.f1, reverse=True)
    figure = Figure(figsize=(7.5, min(1.6 + 0.36 * len(results), 14)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(results))
    for name, colour, marker in (
        ("precision", _THIRD, "o"),
        ("recall", _HELD_OUT, "s"),
        ("f1", _QUIET, "|"),
    ):
        axes.scatter(
            [getattr(result, name) for result in results],
            places,
            color=colour,
            marker=marker,
            s=90 if marker == "|" else 34,
            label="F1" if name == "f1" else name,
            zorder=3,
        )
    axes.hlines(
        places,
        [np.nanmin([r.precision, r.recall, 1.0]) for r in results],
        [np.nanmax([r.precision, r.recall, 0.0]) for r in results],
        color="#d5dae1",
        zorder=2,
    )
    axes.set_yticks(places, [_literal(result.name) for result in results])
    axes.set_ylim(-0.6, len(results) - 0.4)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    low, high = axes.get_xlim()
    if high > 1:  # no share is above 1, so no tick is; what is at 1 needs half a marker's room
        low = min(low, 0.9)
        axes.set_xlim(low, 1 + 0.015 * (1 - low))
    axes.set_title("Results per class, on the test set", loc="left", fontweight="bold")
    axes.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.08))
    axes.tick_params(axis="y", length=0)
    _calm(axes)
    return figure


def draw_mistakes(evaluation: Evaluation, columns: int = 8, rows: int = 4) -> Figure:
    """Draw a sheet of the wrongly labelled pictures that the model was surest of."""
    chosen = evaluation.confident_mistakes(columns * rows)
    rows = max(1, -(-len(chosen) // columns))
    figure = Figure(figsize=(columns * 1.35, rows * 1.75 + 0.5), layout="constrained")
    figure.suptitle(
        "Most confident mistakes: given label with its probability, then the true class",
        x=0.01,
        ha="left",
        fontsize=11,
        fontweight="bold",
    )
    all_axes = figure.subplots(rows, columns, squeeze=False)
    for axes in all_axes.flat:
        axes.axis("off")
    names, predicted = evaluation.class_names, evaluation.predicted
    for axes, place in zip(all_axes.flat, chosen, strict=False):
        image = evaluation.samples.images[place]
        axes.imshow(image.squeeze(-1) if image.shape[-1] == 1 else image, cmap="gray")
        given, true = predicted[place], evaluation.samples.labels[place]
        axes.set_title(
            f"{_short(names[given])} {evaluation.probabilities[place, given]:.0%}\n"
            f"is {_short(names[true])}",
            fontsize=8,
        )
    if len(chosen) == 0:
        all_axes[0, 0].text(0, 0.5, "none", fontsize=9)
    return figure


def _short(name: str) -> str:
    return _literal(name if len(name) <= 13 else f"{name[:12]}…")


def _literal(name: str) -> str:
    """Keep matplotlib from reading what stands between two dollars as a formula."""
    return name.replace("$", r"\$")


def _calm(axes: Axes) -> None:
    axes.grid(color="#e3e6ea", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
