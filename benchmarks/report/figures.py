"""Pictures for ``report.md`` and the README: accuracy against latency, and sizes."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.pareto import find_front
from benchmarks.results import CaseRecord, Results

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
_STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "svg.hashsalt": "edge-runtime",
}


def draw_figures(results: Results, folder: Path) -> list[Path]:
    """Draw every picture that the results allow; returns where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    with mpl.rc_context(_STYLE):
        for name, figure in (
            ("accuracy_latency.png", _draw_accuracy_latency(results)),
            ("sizes.png", _draw_sizes(results)),
            ("latency_spread.png", _draw_latency_spread(results)),
        ):
            if figure is not None:
                figure.savefig(folder / name, dpi=150)
                drawn.append(folder / name)
    return drawn


def _draw_accuracy_latency(results: Results) -> Figure | None:
    points = [
        (case, case.summary.p50_ns.value / 1e3, accuracy)
        for case in results.cases
        if case.summary is not None and (accuracy := results.accuracy_of(case)) is not None
    ]
    if not points:
        return None
    figure = Figure(figsize=(9, 5.4), layout="constrained")
    axes = figure.subplots()
    for case, latency_us, accuracy in points:
        share = accuracy.correct / accuracy.total
        interval = accuracy.interval
        axes.errorbar(
            latency_us,
            share * 100,
            yerr=[[(share - interval.low) * 100], [(interval.high - share) * 100]],
            color=_colour_of(case.runtime),
            marker=_MARKERS.get(results.artifact_of(case).precision, "X"),
            markersize=8 if case.threads == 1 else 6,
            markerfacecolor=_colour_of(case.runtime) if case.threads == 1 else "white",
            ecolor=(*mpl.colors.to_rgb(_colour_of(case.runtime)), 0.25),
            linestyle="none",
        )
    front = find_front([(latency_us, -a.correct / a.total) for _, latency_us, a in points])
    corners = sorted((points[i][1], points[i][2]) for i in front) if len(front) > 1 else []
    if corners:
        axes.plot(
            [x for x, _ in corners],
            [a.correct / a.total * 100 for _, a in corners],
            color="#888888",
            linewidth=1,
            linestyle="--",
            zorder=0,
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("median latency of one picture, µs (log scale)")
    axes.set_ylabel(f"top-1 accuracy, % of {results.evaluation.images:,} pictures")
    axes.set_title("Accuracy against latency", loc="left", fontweight="bold")
    _add_legend(axes, results)
    return figure


def _add_legend(axes: Axes, results: Results) -> None:
    measured = [case for case in results.cases if case.summary is not None]
    entries = [
        axes.plot([], [], color=_colour_of(name), marker="o", linestyle="none", label=name)[0]
        for name in dict.fromkeys(case.runtime for case in measured)
    ]
    entries += [
        axes.plot(
            [], [], color="#444444", marker=_MARKERS.get(name, "X"), linestyle="none", label=name
        )[0]
        for name in dict.fromkeys(results.artifact_of(case).precision for case in measured)
    ]
    if len({case.threads for case in measured}) > 1:
        entries += axes.plot(
            [], [], color="#444444", marker="o", markerfacecolor="white", linestyle="none",
            label="more than one thread",
        )  # fmt: skip
    axes.legend(handles=entries, loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)


def _draw_sizes(results: Results) -> Figure:
    artifacts = results.artifacts
    figure = Figure(figsize=(9, 1.2 + 0.42 * len(artifacts)), layout="constrained")
    axes = figure.subplots()
    names = [record.file for record in artifacts]
    sizes = [record.size_bytes / 1024 for record in artifacts]
    colours = ["#0072B2" if record.format == "tflite" else "#009E73" for record in artifacts]
    bars = axes.barh(names, sizes, color=colours)
    axes.bar_label(bars, labels=[f"{size:,.0f}" for size in sizes], padding=4)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("size on disk, KiB")
    axes.set_title("Size of each artifact", loc="left", fontweight="bold")
    return figure


def _draw_latency_spread(results: Results) -> Figure | None:
    """Boxes over all samples of each case, with the processes' medians as dots."""
    cases = [case for case in results.cases if case.summary is not None]
    if not cases:
        return None
    cases.sort(key=lambda case: case.summary.p50_ns.value if case.summary else 0.0)
    figure = Figure(figsize=(9, 1.4 + 0.34 * len(cases)), layout="constrained")
    axes = figure.subplots()
    for row, case in enumerate(cases):
        _draw_box(axes, row, case)
    axes.set_yticks(range(len(cases)), [_name_of(case) for case in cases])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("latency of one picture, µs (log scale): 1st to 99th percentile, quartiles")
    axes.set_title("How latency spreads", loc="left", fontweight="bold")
    return figure


def _draw_box(axes: Axes, row: int, case: CaseRecord) -> None:
    medians = []
    pooled: list[int] = []
    for process in case.processes:
        if process.result.stream is not None:
            kept = sorted(process.result.stream.samples_ns)
            medians.append(kept[len(kept) // 2] / 1e3)
            pooled += kept
    axes.boxplot(
        [[sample / 1e3 for sample in pooled]],
        positions=[row],
        orientation="horizontal",
        widths=0.6,
        whis=(1, 99),
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": (*mpl.colors.to_rgb(_colour_of(case.runtime)), 0.45), "lw": 0.8},
        medianprops={"color": "black"},
        manage_ticks=False,
    )
    axes.plot(medians, [row] * len(medians), ".", color="black", markersize=3, alpha=0.7)


def _name_of(case: CaseRecord) -> str:
    return f"{case.artifact}  {case.runtime} ×{case.threads}"


def _colour_of(runtime: str) -> str:
    return RUNTIME_COLOURS.get(runtime, _OTHER_COLOUR)
