"""How the points of a figure are told apart, and the legends that say so."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.legend import Legend

from benchmarks.results import Results

# Okabe and Ito's palette: told apart by people with any colour vision.
RUNTIME_COLOURS = {
    "litert": "#0072B2",
    "tflite": "#D55E00",
    "onnx": "#009E73",
    "openvino": "#CC79A7",
    "keras": "#666666",
}
_OTHER_COLOUR = "#E69F00"
_MARKERS = {
    "fp32": "o",
    "fp16": "s",
    "dynamic_int8": "^",
    "static_int8": "D",
    "int16x8": "v",
    "qat_int8": "P",
}
_NO_COLOUR = "#444444"
_LARGEST_MARK, _SMALLEST_MARK = 14.0, 6.0
# Height of one line of a legend as part of the plot's, and what a title takes with the gap below.
_LEGEND_LINE, _LINES_OF_TITLE = 0.047, 1.9


def colour_of(runtime: str) -> str:
    """The colour that stands for a runtime in every figure."""
    return RUNTIME_COLOURS.get(runtime, _OTHER_COLOUR)


def choose_sizes(runtimes: Sequence[str]) -> dict[str, float]:
    """A size per runtime, the first one's largest: marks at one place then lie in each other."""
    names = list(dict.fromkeys(runtimes))
    step = (_LARGEST_MARK - _SMALLEST_MARK) / max(1, len(names) - 1)
    return {name: _LARGEST_MARK - step * place for place, name in enumerate(names)}


def build_mark(colour: str, precision: str, threads: int = 1) -> dict[str, Any]:
    """How a point is drawn: see-through, so that one behind it shows; hollow for more threads."""
    return {
        "linestyle": "none",
        "color": colour,
        "marker": _MARKERS.get(precision, "X"),
        "markerfacecolor": (*mpl.colors.to_rgb(colour), 0.2) if threads == 1 else "none",
        "markeredgecolor": colour,
        "markeredgewidth": 1.4,
    }


def add_legends(axes: Axes, results: Results, sizes: Mapping[str, float]) -> None:
    """One legend per thing that is told apart, above each other to the right of the plot.

    Args:
        axes: Where the points are.
        results: What they stand for.
        sizes: Of the marks of each runtime, as `choose_sizes` gives them.
    """
    measured = [case for case in results.cases if case.summary is not None]
    runtimes = {
        name: {**build_mark(colour_of(name), "fp32"), "markersize": size}
        for name, size in sizes.items()
    }
    shapes = {
        name: build_mark(_NO_COLOUR, name)
        for name in dict.fromkeys(results.artifact_of(case).precision for case in measured)
    }
    threads = {
        "one": build_mark(_NO_COLOUR, "fp32"),
        "more": build_mark(_NO_COLOUR, "fp32", threads=2),
    }
    legends = [("runtime by colour", runtimes), ("precision by shape", shapes)]
    if len({case.threads for case in measured}) > 1:
        legends.append(("threads by filling", threads))
    top = 1.0
    for title, entries in legends:
        _place_legend(axes, title, entries, top)
        top -= _LEGEND_LINE * (len(entries) + _LINES_OF_TITLE)


def _place_legend(
    axes: Axes, title: str, entries: Mapping[str, dict[str, Any]], top: float
) -> None:
    handles = [axes.plot([], [], **how)[0] for how in entries.values()]
    # Added by hand: of those that `Axes.legend` makes, each takes the place of the one before.
    axes.add_artist(
        Legend(
            axes,
            handles,
            list(entries),
            title=title,
            loc="upper left",
            bbox_to_anchor=(1.01, top),
            bbox_transform=axes.transAxes,
            frameon=False,
            alignment="left",
        )
    )
