"""`edge-runtime classify`, as its users type it."""

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from edge_runtime.cli.answer_formats import AlignedLines
from edge_runtime.cli.main import run_command_line
from edge_runtime.cli.plain_output import plain_output
from edge_runtime.cli.progress import ProgressLine
from edge_runtime.results import Classification, Prediction, Timings


@pytest.fixture
def model(write_artifact: Callable[..., Path]) -> list[str]:
    # Answers by brightness: black, dark, bright, white.
    return ["--model", str(write_artifact()), "--backend", "fake"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name, level in (("black.png", 0), ("much_longer_name_white.png", 255)):
        Image.new("L", (28, 28), level).save(pictures / name)
    return pictures


def classify(*arguments: object) -> int:
    # Even pictures have no ground to tell a polarity from.
    options = ["--polarity", "light-on-dark"] if "--polarity" not in arguments else []
    return run_command_line(["classify", *map(str, arguments), *options])


def test_people_get_aligned_columns(
    folder: Path,
    model: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder.parent)
    assert classify(folder.name, *model) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.split()[1:3] == ["black", "90.0%"]
    assert second.split()[1:3] == ["white", "90.0%"]
    assert first.index("black ") == second.index("white ")
    assert first.index("90.0%") == second.index("90.0%")


def test_one_long_label_does_not_widen_all_lines() -> None:
    answer = Classification((Prediction("tench", 0, 0.9),), Timings(0, 0, 0, 0))
    labels = ["tench", "cock", "great white shark, white shark, man-eater, man-eating shark"]
    line = AlignedLines(labels, ["a.png"]).format_answer({"file": "a.png"}, answer)
    assert line == "a.png  tench  90.0%"


def test_a_file_s_name_cannot_forge_a_line(
    folder: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "black.png").rename(folder / "x\nfront_door.png  white 99.9%\r.png")
    assert classify(folder, *model) == 0
    _, forged = capsys.readouterr().out.splitlines()
    assert r"x\u000afront_door.png  white 99.9%\u000d.png  black" in forged


def test_json_lines_hold_all_of_an_answer(
    folder: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert classify(folder / "black.png", *model, "--json", "--top", 1) == 0
    assert json.loads(capsys.readouterr().out) == {
        "file": str(folder / "black.png"),
        "predictions": [{"label": "black", "index": 0, "score": 0.9}],
        "notes": [],
    }


def test_csv_has_a_header_and_a_row_for_each(
    folder: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (28, 28), 255).save(folder / 'a,"b.png')
    assert classify(folder, *model, "--csv", "--top", 9) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["label_1"], row["score_1"]) for row in rows] == [
        ("white", "0.900000"),
        ("black", "0.900000"),
        ("white", "0.900000"),
    ]
    assert rows[0]["file"] == str(folder / 'a,"b.png')
    assert list(rows[0])[-2:] == ["score_4", "notes"]


def test_json_and_csv_exclude_each_other(folder: Path, model: list[str]) -> None:
    assert classify(folder, *model, "--csv", "--json") == 2


def test_a_picture_on_standard_input(
    folder: Path,
    model: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (folder / "black.png").open() as picture:
        monkeypatch.setattr(sys, "stdin", picture)
        assert classify("-", *model) == 0
    assert capsys.readouterr().out.split()[:2] == ["-", "black"]


def test_nothing_on_standard_input(
    model: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "nothing").touch()
    with (tmp_path / "nothing").open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert classify("-", *model) == 1
    assert "empty" in capsys.readouterr().err


def test_one_bad_picture_among_many_is_reported_and_the_rest_done(
    folder: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(100):
        Image.new("L", (28, 28), 0).save(folder / f"{number:03}.png")
    (folder / "050.png").write_text("no picture")
    (folder / "Thumbs.db").write_text("passed over")
    assert classify(folder, folder / "missing.png", *model) == 1
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 101
    told = captured.err.splitlines()[1:]  # The first one says that the answers are invented.
    assert "050.png" in told[0]
    assert "missing.png" in told[1]
    assert told[2:] == ["edge-runtime: 2 of 103 pictures failed"]


def test_a_path_that_cannot_be_looked_at_is_one_bad_picture(
    folder: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    # As a file in a folder that is locked, which tests that run as root could not show.
    assert classify("a" * 300 + ".png", folder, *model) == 1
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 2
    assert "File name too long" in captured.err
    assert "1 of 3 pictures failed" in captured.err


def test_a_folder_without_pictures_is_an_error(
    folder: Path, model: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert classify(empty, *model) == 1
    assert "empty holds no pictures" in capsys.readouterr().err
    assert classify(empty, folder, *model) == 1  # what there is, is done
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_polarity_can_be_stated(
    folder: Path, model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    white = folder / "much_longer_name_white.png"
    assert classify(white, *model, "--polarity", "dark-on-light", "--top", "1") == 0
    assert capsys.readouterr().out.split()[1] == "black"


@pytest.mark.parametrize(
    "wrong", [["--top", "0"], ["--top", "x"], ["--polarity", "grey"], ["--threads", "0"]]
)
def test_wrong_use_ends_with_2(folder: Path, model: list[str], wrong: list[str]) -> None:
    assert run_command_line(["classify", str(folder), *model, *wrong]) == 2


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_clears_its_line_past_what_makes_output_plain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    with plain_output(), plain_output():
        progress = ProgressLine()
        progress("pictures", 1, 2)
        progress.hide()
        print("\r\x1b[K", file=sys.stderr)
    assert screen.getvalue().startswith("\r\x1b[Kpictures ")
    assert screen.getvalue().endswith("\r\x1b[K\\u000d\\u001b[K\n")


@pytest.mark.parametrize(("screen", "shown"), [(Screen(), True), (io.StringIO(), False)])
def test_progress_appears_after_two_seconds_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, screen: io.StringIO, shown: bool
) -> None:
    now = [0.0]
    monkeypatch.setattr(sys, "stderr", screen)
    progress = ProgressLine(2.0, on_terminals_only=True, clock=lambda: now[0])
    progress("pictures", 0, 4)
    now[0] = 1.9
    progress("pictures", 1, 4)
    assert screen.getvalue() == ""
    now[0] = 3.0
    progress("pictures", 2, 4)
    assert ("2/4  3 s left" in screen.getvalue()) is shown
    progress.hide()
    assert screen.getvalue().endswith("\r\x1b[K") is shown
    progress("pictures", 3, 4)  # shown again at once: a message had to stand there
    assert ("3/4  1 s left" in screen.getvalue()) is shown
