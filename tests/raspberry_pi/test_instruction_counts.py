"""Instructions per inference: the arithmetic, the check against a reference, the prediction."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.instructions.counts import (
    CountSet,
    InstructionCount,
    load_counts,
    save_counts,
    to_count,
)
from benchmarks.instructions.prediction import predict_ms
from benchmarks.instructions.regression import find_regressions, format_change
from benchmarks.instructions.report import format_table, write_table


def count(instructions: float, refused: str | None = None) -> InstructionCount:
    return InstructionCount(
        "m.tflite",
        "litert",
        "cortex-a72",
        instructions,
        instructions,
        instructions,
        9,
        "1",
        refused,
    )


def test_rounds_are_summed_up_by_their_median() -> None:
    found = to_count("m.tflite", "litert", "cortex-a76", "2.3.0", [100.0, 104.0, 101.0])
    assert (found.instructions, found.lowest, found.highest) == (101.0, 100.0, 104.0)
    assert found.spread == pytest.approx(4 / 101)


@pytest.mark.parametrize(("found", "expected"), [(1.03, 0), (1.0301, 1), (0.5, 0)])
def test_more_than_three_percent_is_a_regression(found: float, expected: int) -> None:
    assert len(find_regressions([count(1e6)], [count(found * 1e6)])) == expected


def test_being_refused_only_now_is_a_regression() -> None:
    (change,) = find_regressions([count(1e6)], [count(0.0, "operator too new")])
    assert "operator too new" in format_change(change)


def test_what_was_refused_before_may_run_now() -> None:
    assert find_regressions([count(0.0, "operator too new")], [count(1e6)]) == []


def test_a_regression_names_case_and_share() -> None:
    (change,) = find_regressions([count(1e6)], [count(1.1e6)])
    assert format_change(change) == (
        "m.tflite on litert on cortex-a72: 1,100,000 instructions per inference, "
        "1,000,000 in the reference (+10.0 %)"
    )


def test_counts_survive_their_file(tmp_path: Path) -> None:
    written = CountSet(1, "Debian 12", (count(1e6), count(0.0, "no")))
    save_counts(written, tmp_path / "counts.json")
    assert load_counts(tmp_path / "counts.json") == written
    other = replace(count(3e6), processor="cortex-a53")
    save_counts(CountSet(1, "Debian 12", (other,)), tmp_path / "counts.json")
    save_counts(CountSet(1, "Debian 12", (count(2e6),)), tmp_path / "counts.json")
    assert set(load_counts(tmp_path / "counts.json").counts) == {other, count(2e6)}


def test_the_prediction_is_a_range_and_says_what_it_assumes() -> None:
    fast, slow = predict_ms(count(1.8e6)) or (0.0, 0.0)
    assert [fast, slow] == pytest.approx([0.5, 1.0])  # 2 and 1 a cycle at 1.8 GHz
    table = format_table([count(1.8e6)])
    assert "0.5–1 ms (Pi 4)" in table
    assert "Predicted, not measured" in table


def test_the_table_goes_between_the_marks_of_a_document(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- instructions -->\nold\n<!-- /instructions -->\nz\n")
    write_table([count(1.8e6)], page)
    text = page.read_text()
    assert text.startswith("a\n<!-- instructions -->\n| artifact")
    assert text.endswith("<!-- /instructions -->\nz\n")
    assert "old" not in text


def test_a_document_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a")
    with pytest.raises(OSError, match="has no marks"):
        write_table([count(1.8e6)], page)
    assert page.read_text() == "a"


def test_what_is_refused_has_no_prediction() -> None:
    assert predict_ms(count(0.0, "no")) is None
    assert "refused" in format_table([count(0.0, "no")])
