"""The pictures of an export report. Colours are Okabe and Ito's, told apart by everyone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")  # no display is needed, or there

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D

from export.comparison import Comparison, Flip
from export.manifest import ArtifactEntry, LayerNoise, Manifest
from export.samples import Samples

_BLUE, _ORANGE, _GREY, _RED = "#0072B2", "#E69F00", "#6b6b6b", "#D55E00"
_STYLE: Any = {
    "figure.dpi": 110,
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "svg.hashsalt": "edge",
}
# Below this, noise is a tenth of the signal: where answers start to flip.
_NOISY_DB = 20.0


def find_primary(entry: ArtifactEntry) -> Comparison | None:
    """The comparison on the runtime that devices prefer, of those that ran the file."""
    return next((f.comparison for f in entry.findings if f.comparison is not None), None)


def draw_accuracy(manifest: Manifest, path: Path) -> None:
    """Draw accuracy with its paired interval against file size."""
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(7.6, 3.9), layout="constrained")
        float_accuracy = 100 * manifest.reference_correct / manifest.verified_on.count
        limit = float_accuracy - manifest.max_accuracy_drop_points
        axes.axhline(float_accuracy, color=_GREY, lw=1)
        axes.axhline(limit, color=_RED, lw=1, ls=(0, (4, 3)))
        for entry in manifest.artifacts:
            found = find_primary(entry)
            if found is not None and entry.size_bytes is not None:
                _draw_point(axes, entry, found, float_accuracy)
        axes.set_xscale("log")
        axes.margins(x=0.16, y=0.12)
        kilobytes = mpl.ticker.FuncFormatter(lambda size, _: f"{size:,.0f} kB")
        axes.xaxis.set_major_locator(mpl.ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(kilobytes)
        axes.xaxis.set_minor_formatter(mpl.ticker.NullFormatter())
        right = axes.get_yaxis_transform()
        axes.text(1.0, float_accuracy, "float Keras ", transform=right, ha="right", va="bottom")
        axes.text(1.0, limit, "gate ", transform=right, ha="right", va="bottom", color=_RED)
        axes.set_ylabel("accuracy, %")
        axes.set_xlabel("file size")
        axes.set_title("What each file costs and keeps")
        handles = [
            Line2D([], [], color=_BLUE, marker="o", ls="", label="TFLite"),
            Line2D([], [], color=_ORANGE, marker="s", ls="", label="ONNX"),
        ]
        axes.legend(handles=handles, frameon=False, loc="lower right")
        _save(figure, path)


def _draw_point(axes: Any, entry: ArtifactEntry, found: Comparison, reference: float) -> None:
    assert entry.size_bytes is not None
    colour, marker = (_BLUE, "o") if entry.format == "tflite" else (_ORANGE, "s")
    accuracy, size = 100 * found.accuracy, entry.size_bytes / 1000
    low, high = reference + 100 * found.difference_low, reference + 100 * found.difference_high
    axes.errorbar(
        size,
        accuracy,
        yerr=[[max(0.0, accuracy - low)], [max(0.0, high - accuracy)]],
        fmt=marker,
        color=colour,
        capsize=3,
        ms=6,
    )
    # TFLite's labels above, ONNX's below: the two formats of a precision are of nearly one size.
    above = entry.format == "tflite"
    axes.annotate(
        entry.precision,
        (size, high if above else low),
        xytext=(0, 4 if above else -4),
        textcoords="offset points",
        ha="center",
        va="bottom" if above else "top",
        color=colour,
        fontsize=8,
    )


def draw_class_differences(manifest: Manifest, path: Path) -> None:
    """Draw the change of each class's recall, per file, in percentage points."""
    rows = [(entry, find_primary(entry)) for entry in manifest.artifacts]
    shown = [(entry, found) for entry, found in rows if found is not None]
    values = 100 * np.array([found.class_differences for _, found in shown])  # (files, classes)
    most = max(1.0, float(np.abs(values).max()))
    labels = manifest.model.labels
    with plt.rc_context(_STYLE):
        size = (2.6 + 0.62 * len(labels), 1.6 + 0.34 * len(shown))
        figure, axes = plt.subplots(figsize=size, layout="constrained")
        axes.imshow(values, cmap="RdBu", vmin=-most, vmax=most, aspect="auto")
        for (row, column), value in np.ndenumerate(values):
            colour = "white" if abs(value) > 0.6 * most else "black"
            text = f"{value:+.1f}" if abs(value) >= 0.05 else "·"
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
        axes.set_xticks(range(len(labels)), labels, rotation=35, ha="right")
        names = [f"{entry.precision} {entry.format}" for entry, _ in shown]
        axes.set_yticks(range(len(shown)), names)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title("Change of recall per class against the float model, points")
        _save(figure, path)


def draw_layer_noise(noise: Sequence[LayerNoise], path: Path) -> None:
    """Draw what each layer of the static int8 file keeps of its signal."""
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(7.6, 1.3 + 0.27 * len(noise)), layout="constrained")
        values = [entry.sqnr_db for entry in noise]
        colours = [_RED if value < _NOISY_DB else _BLUE for value in values]
        places = range(len(noise))
        axes.barh(places, values, color=colours, height=0.68)
        for place, value in zip(places, values, strict=True):
            axes.text(value + 0.4, place, f"{value:.1f}", va="center", fontsize=8)
        axes.axvline(_NOISY_DB, color=_GREY, lw=1, ls=(0, (4, 3)))
        axes.set_yticks(places, [_format_layer(entry) for entry in noise], fontsize=8)
        axes.invert_yaxis()
        axes.set_xlabel("signal to quantization noise, dB (higher keeps more; dashed: noise 10 %)")
        axes.set_title("Where static int8 loses precision")
        _save(figure, path)


def draw_flips(
    flips: Sequence[Flip], samples: Samples, labels: Sequence[str], title: str, path: Path
) -> None:
    """Draw the worst pictures that a file labels differently from the float model."""
    columns = 5
    rows = -(-len(flips) // columns)
    with plt.rc_context(_STYLE):
        figure, grid = plt.subplots(
            rows, columns, figsize=(8.4, 2.25 * rows + 0.4), layout="constrained", squeeze=False
        )
        for place in grid.flat:
            place.axis("off")
        for place, flip in zip(grid.flat, flips, strict=False):
            image = samples.images[flip.index]
            place.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255)
            lost = flip.reference == flip.label
            place.set_title(
                f"#{flip.index}  {labels[flip.label]}\n"
                f"float: {labels[flip.reference]}\nfile: {labels[flip.found]}",
                fontsize=8,
                fontweight="normal",
                loc="center",
                color=_RED if lost else "black",
            )
        figure.suptitle(title, fontsize=11, fontweight="bold", x=0.01, ha="left")
        _save(figure, path)


def _format_layer(entry: LayerNoise) -> str:
    parts = entry.tensor.split(";")[0].split("/")
    name = parts[-2] if len(parts) > 1 else parts[0]
    return f"{name[:28]}  {entry.operator.lower()}"


def _save(figure: Any, path: Path) -> None:
    # Without the version note the same report gives the same bytes.
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)
