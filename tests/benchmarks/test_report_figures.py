"""The pictures of a report: what their legends say, and that no point hides another."""

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from benchmarks.report import figures
from benchmarks.report.marks import choose_sizes
from benchmarks.report.page import format_page
from benchmarks.results import Results


def draw(results: Results) -> Figure:
    figure = figures._draw_accuracy_latency(results)
    assert figure is not None
    return figure


def test_each_thing_that_is_told_apart_has_a_legend_of_its_own(results: Results) -> None:
    legends = draw(results).axes[0].findobj(Legend)
    assert [one.get_title().get_text() for one in legends] == [
        "runtime by colour",
        "precision by shape",
        "threads by filling",
    ]
    assert {text.get_text() for text in legends[2].get_texts()} == {"one", "more"}


def test_marks_at_one_place_all_show(results: Results) -> None:
    lines = [line for line in draw(results).axes[0].lines if line.get_marker() not in ("None", "")]
    for line in lines:
        filling = mpl.colors.to_rgba(line.get_markerfacecolor())
        assert filling[3] < 0.5
    assert choose_sizes(["litert", "onnx", "litert"]) == {"litert": 14.0, "onnx": 6.0}
    assert choose_sizes(["litert"]) == {"litert": 14.0}


def test_two_kinds_of_median_have_two_names(results: Results) -> None:
    assert "┃ p50 (joined)" in format_page([results])
    assert draw(results).axes[0].get_xlabel().startswith("p50 (joined)")
    spread = figures._draw_latency_spread(results)
    assert spread is not None
    assert "line: median of all samples" in spread.axes[0].get_xlabel()
