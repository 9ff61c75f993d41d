"""The pictures of an export report. Colours are Okabe and Ito's, told apart by everyone."""

import warnings
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
    """Draw each file's accuracy against the float model's, with its paired interval and size."""
    rows = [(entry, find_primary(entry)) for entry in manifest.artifacts]
    shown = [(entry, found) for entry, found in rows if found is not None]
    with plt.rc_context(_STYLE):
        size = (7.6, 1.4 + 0.36 * len(shown))
        figure, axes = plt.subplots(figsize=size, layout="constrained")
        axes.axvline(0, color=_GREY, lw=1)
        gate = _draw_gate(axes, [found for _, found in shown], manifest.max_accuracy_drop_points)
        for place, (entry, found) in enumerate(shown):
            _draw_difference(axes, place, entry, found)
        axes.set_yticks(range(len(shown)), [f"{e.precision} {e.format}" for e, _ in shown])
        axes.invert_yaxis()
        axes.margins(x=0.08)
        axes.set_xlabel("accuracy against the float model, points, with 95 % interval")
        axes.set_title("What each file keeps, and its size")
        handles = [
            Line2D([], [], color=_BLUE, marker="o", label="TFLite"),
            Line2D([], [], color=_ORANGE, marker="s", label="ONNX"),
            gate,
        ]
        if any(entry.status != "kept" for entry, _ in shown):
            handles.append(Line2D([], [], color=_GREY, marker="o", mfc="white", label="kept out"))
        figure.legend(handles=handles, frameon=False, loc="outside lower right", ncols=4)
        _save(figure, path)


def _draw_gate(axes: Any, shown: Sequence[Comparison], most_points: float) -> Line2D:
    """Draw the most that may be lost, unless it is so far off that nothing else could be seen."""
    look: dict[str, Any] = {"color": _RED, "lw": 1, "ls": (0, (4, 3))}
    widest = max(max(abs(c.difference_low), abs(c.difference_high)) for c in shown)
    if most_points <= 100 * 4 * widest:
        axes.axvline(-most_points, **look)
        return Line2D([], [], label="the gate", **look)
    return Line2D([], [], label=f"the gate, {-most_points:g}, is left of this", **look)


def _draw_difference(axes: Any, place: int, entry: ArtifactEntry, found: Comparison) -> None:
    colour, marker = (_BLUE, "o") if entry.format == "tflite" else (_ORANGE, "s")
    low, middle, high = (
        100 * value for value in (found.difference_low, found.difference, found.difference_high)
    )
    # The adjusted interval need not contain the plain estimate where nothing differs.
    spread = [[max(0.0, middle - low)], [max(0.0, high - middle)]]
    face = colour if entry.status == "kept" else "white"
    axes.errorbar(middle, place, xerr=spread, fmt=marker, color=colour, mfc=face, capsize=3, ms=6)
    size = f"{entry.size_bytes / 1000:,.0f} kB" if entry.size_bytes else entry.status
    axes.text(1.01, place, size, transform=axes.get_yaxis_transform(), va="center", color=_GREY)


def draw_class_differences(manifest: Manifest, path: Path) -> None:
    """Draw the change of each class's recall, per file, in percentage points."""
    rows = [(entry, find_primary(entry)) for entry in manifest.artifacts]
    shown = [(entry, found) for entry, found in rows if found is not None]
    values = 100 * np.array([found.class_differences for _, found in shown])  # (files, classes)
    most = max(3.0, float(np.abs(values).max()))
    labels = manifest.model.labels
    with plt.rc_context(_STYLE):
        # With few classes it is the title that needs the width.
        size = (max(7.6, 2.6 + 0.62 * len(labels)), 1.6 + 0.34 * len(shown))
        figure, axes = plt.subplots(figsize=size, layout="constrained")
        axes.imshow(values, cmap="RdBu", vmin=-most, vmax=most, aspect="auto")
        for (row, column), value in np.ndenumerate(values):
            colour = "white" if abs(value) > 0.6 * most else "black"
            text = f"{value:+.1f}" if abs(value) >= 0.05 else "·"
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
        axes.set_xticks(range(len(labels)), map(_to_text, labels), rotation=35, ha="right")
        names = [f"{entry.precision} {entry.format}" for entry, _ in shown]
        axes.set_yticks(range(len(shown)), names)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title("Change of recall per class against the float model, points (·: none)")
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
        axes.set_ylim(len(noise) - 0.4, -0.6)
        axes.margins(x=0.08)
        axes.set_xlabel("signal to noise, dB (dashed: noise is 10 % of the signal)")
        axes.set_title("Where static int8 loses precision")
        _save(figure, path)


def draw_flips(
    flips: Sequence[Flip], samples: Samples, labels: Sequence[str], title: str, path: Path
) -> None:
    """Draw the worst pictures that a file labels differently from the float model."""
    columns = 5
    rows = -(-len(flips) // columns)
    height = 2.3 * rows + 0.4
    with plt.rc_context(_STYLE):
        # Fixed places: a layout that is solved for takes seconds for so many small pictures.
        figure, grid = plt.subplots(rows, columns, figsize=(8.4, height), squeeze=False)
        figure.subplots_adjust(
            left=0.01, right=0.99, bottom=0.1 / height, top=1 - 0.88 / height, hspace=0.4
        )
        for place in grid.flat:
            place.set(xticks=[], yticks=[])
            place.axis("off")
        for place, flip in zip(grid.flat, flips, strict=False):
            image = samples.images[flip.index]
            place.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255)
            lost = flip.reference == flip.label
            place.set_title(
                f"#{flip.index}  {_to_text(labels[flip.label])}\n"
                f"float: {_to_text(labels[flip.reference])}\n"
                f"file: {_to_text(labels[flip.found])}",
                fontsize=8,
                fontweight="normal",
                loc="center",
                y=1.0,  # said, so that it need not be looked for
                color=_RED if lost else "black",
            )
        figure.suptitle(
            _escape(title), fontsize=11, fontweight="bold", x=0.01, y=1 - 0.08 / height, ha="left"
        )
        _save(figure, path)


def _format_layer(entry: LayerNoise) -> str:
    parts = entry.tensor.split(";")[0].split("/")
    name = parts[-2] if len(parts) > 1 else parts[0]
    return f"{_to_text(name, 32)}  {entry.operator.lower()}"


def _to_text(name: str, most: int = 20) -> str:
    return _escape(name if len(name) <= most else f"{name[: most - 1]}…")


def _escape(text: str) -> str:
    """Text that is drawn as it is: between two dollar signs matplotlib would read a formula."""
    return text.replace("$", r"\$")


def _save(figure: Any, path: Path) -> None:
    with warnings.catch_warnings():
        # Labels in scripts that the font lacks are drawn as boxes, which needs no lines of Python.
        warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from font", UserWarning)
        # Without the version note the same report gives the same bytes.
        figure.savefig(path, metadata={"Software": None})
    plt.close(figure)
