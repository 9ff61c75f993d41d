"""Pictures for ``report.md`` and the README: accuracy against latency, and sizes."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from benchmarks.pareto import find_front
from benchmarks.report.marks import add_legends, build_mark, choose_sizes, colour_of
from benchmarks.results import AccuracyRecord, CaseRecord, Results
from edge_runtime.measurement.host import describe_cores
from edge_runtime.tuning.rounds import choose_processes

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


def draw_accuracy_latency(results: Results, path: Path) -> None:
    """Draw the one picture that a README shows; nothing where nothing was measured."""
    with mpl.rc_context(_STYLE):
        figure = _draw_accuracy_latency(results)
        if figure is not None:
            figure.savefig(path, dpi=150)


def escape_text(text: str) -> str:
    """Text that is drawn as it is: between two dollar signs matplotlib would read a formula."""
    return text.replace("$", r"\$")


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
    sizes = choose_sizes([case.runtime for case, _, _ in points])
    for case, latency_us, accuracy in points:
        share = accuracy.correct / accuracy.total
        interval = accuracy.interval
        axes.errorbar(
            latency_us,
            share * 100,
            yerr=[[(share - interval.low) * 100], [(interval.high - share) * 100]],
            ecolor=(*mpl.colors.to_rgb(colour_of(case.runtime)), 0.25),
            markersize=sizes[case.runtime],
            **build_mark(
                colour_of(case.runtime), results.artifact_of(case).precision, case.threads
            ),
        )
    _draw_front(axes, results, points)
    _set_log_axis(axes)
    # Room to the left of the first point for its name: a quarter of the axis, which is logarithmic.
    fastest, slowest = (end(us for _, us, _ in points) for end in (min, max))
    axes.set_xlim(left=fastest / max(2.5, (slowest / fastest) ** 0.33))
    axes.set_xlabel("p50 (joined) of one picture, µs (log scale)")
    axes.set_ylabel(f"top-1 accuracy, % of {results.evaluation.images:,} pictures")
    axes.set_title("Accuracy against latency", loc="left", fontweight="bold")
    add_legends(axes, results, sizes)
    _add_source(figure, results)
    return figure


def _draw_front(
    axes: Axes, results: Results, points: Sequence[tuple[CaseRecord, float, AccuracyRecord]]
) -> None:
    """A staircase over what nothing else beats in both, each step with its name."""
    corners = [points[i] for i in find_front([(us, -a.correct / a.total) for _, us, a in points])]
    if len(corners) < 2:
        return
    shares = [accuracy.correct / accuracy.total * 100 for _, _, accuracy in corners]
    axes.step(
        [us for _, us, _ in corners],
        shares,
        where="post",
        color="#888888",
        linewidth=1,
        linestyle="--",
        zorder=0,
    )
    named = set()
    for (case, us, _), share in zip(corners, shares, strict=True):
        precision = results.artifact_of(case).precision
        if (us, share) not in named:  # Equal points would print their names over each other.
            axes.annotate(
                f"{precision} {case.runtime}",
                (us, share),
                # Above and to the left: no point lies there, or this one were not on the front.
                xytext=(-8, 8),
                textcoords="offset points",
                ha="right",
                fontsize=8.5,
                color="#333333",
            )
        named.add((us, share))


def _set_log_axis(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")


def _add_source(figure: Figure, results: Results) -> None:
    """Whose figures these are: a picture is copied without the page that judges it."""
    host, verdict = results.host, "VALID" if results.verdict.valid else "INVALID, do not quote"
    figure.supxlabel(
        f"{escape_text(host.board or host.processor or host.machine)}, {describe_cores(host)}, "
        f"{results.created[:10]}: {verdict}",
        x=0.995,
        ha="right",
        fontsize=8,
        color="#666666" if results.verdict.valid else "#b3261e",
    )


def _draw_sizes(results: Results) -> Figure:
    artifacts = results.artifacts
    figure = Figure(figsize=(9, 1.2 + 0.42 * len(artifacts)), layout="constrained")
    axes = figure.subplots()
    names = [escape_text(record.file) for record in artifacts]
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
    _set_log_axis(axes)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(
        "latency of one picture, µs (log scale)\n"
        "line: median of all samples; box: quartiles; whiskers: 1st to 99th percentile\n"
        "dots: medians of processes, which p50 joins"
    )
    axes.set_title("How latency spreads", loc="left", fontweight="bold")
    _add_source(figure, results)
    return figure


def _draw_box(axes: Axes, row: int, case: CaseRecord) -> None:
    """The processes that the table counts, so that picture and table tell the same."""
    streams = [
        process.result.stream
        for process in choose_processes(case.processes)
        if process.result.stream is not None
    ]
    colour = colour_of(case.runtime)
    axes.boxplot(
        [[sample / 1e3 for stream in streams for sample in stream.samples_ns]],
        positions=[row],
        orientation="horizontal",
        widths=0.6,
        whis=(1, 99),
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": (*mpl.colors.to_rgb(colour), 0.35), "edgecolor": colour},
        whiskerprops={"color": colour},
        capprops={"color": colour},
        medianprops={"color": "black", "lw": 1.6},
        manage_ticks=False,
    )
    medians = [median(stream.samples_ns) / 1e3 for stream in streams]
    axes.plot(medians, [row] * len(medians), ".", color="black", markersize=4, alpha=0.7)


def _name_of(case: CaseRecord) -> str:
    return escape_text(f"{case.artifact}  {case.runtime} ×{case.threads}")
