"""The command line, without loading Keras."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.train.miniature import Miniature
from train.cli import main
from train.commands import data as data_command
from train.commands.fit import build_parser
from train.commands.options import read_settings
from train.commands.recipe_options import parse_with_recipe
from train.data.sources import load_fashion_mnist
from train.settings import TrainingSettings


def test_without_options_the_defaults_are_the_settings_own() -> None:
    assert read_settings(build_parser().parse_args([])) == TrainingSettings()


def test_help_states_every_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for words in ("--epochs", "default: 18", "--force", "0.003", "data"):
        assert words in text


@pytest.mark.parametrize(
    "words",
    [
        ["--epochs", "0"],
        ["--epochs", "many"],
        ["--erase", "2"],
        ["--validation-fraction", "1"],
        ["--test-fraction", "1.5"],
        ["--test-fraction", "nan"],
        ["--model", "unknown"],
        ["--nonsense"],
        ["--input-size", "large"],
        ["--init", "somewhere", "--channels", "3"],
        ["--init", "somewhere", "--model", "MobileNetV2"],
        ["--init", "somewhere", "--model", "cnn"],
        ["--init", "somewhere", "--resize", "crop"],
        ["--teacher-share", "0.5"],
        ["--teacher-share", "nan"],
        ["--epochs", "99999999999999999999"],
        ["--widths", "0,8,8"],
        ["--init", "somewhere", "--recipe", "nano", "--widths", "8,8,8"],
        ["--label-smoothing", "1"],
        ["--learning-rate", "nan"],
        ["--weight-decay", "inf"],
        ["--seed", "4294967296"],
        ["--freeze", "--tail-epochs", "1"],
        ["--rec", "nano"],
    ],
)
def test_wrong_use_ends_with_2_and_a_reason(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_a_folder_that_is_not_there_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path / "none")]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_a_folder_of_something_else_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().err


def test_what_fashion_mnist_settles_is_not_wished_for_in_vain(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--input-size", "5"]) == 1
    assert "--input-size" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_told_before_training(
    miniature: Miniature, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = load_fashion_mnist(miniature.folder, whole=miniature.known)
    monkeypatch.setattr("train.commands.fit.open_dataset", lambda *_: found.dataset)
    assert main(["--run", "/proc/none/run"]) == 1
    assert "/proc cannot be written to" in capsys.readouterr().err


def test_teachers_answers_are_smoothed_only_where_that_is_asked_for() -> None:
    for words, smoothing in (
        ([], 0.05),
        (["--teacher", "a", "b"], 0.0),
        (["--teacher", "a", "--label-smoothing", "0.05"], 0.05),
    ):
        arguments = parse_with_recipe(build_parser(), ["--recipe", "micro", *words])
        assert read_settings(arguments).label_smoothing == smoothing


def test_an_interruption_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("train.commands.fit.open_dataset", interrupt)
    monkeypatch.setattr("train.commands.cost.open_dataset", interrupt)
    for words, said in (
        ([], "The same command goes on"),
        (["--force"], "starts anew; without --force it goes on from the last whole epoch, unless"),
        (["cost"], "Interrupted.\n"),
    ):
        assert main(words) == 1
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--force"]])
def test_a_place_that_holds_no_run_is_never_replaced(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        for number in range(4):
            file = tmp_path / "pictures" / name / f"{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8), 50 * number + (name == "b")).save(file)
    before = sorted(tmp_path.rglob("*"))
    for place in (tmp_path / "pictures", file):
        assert main(["--data", str(tmp_path / "pictures"), "--run", str(place), *words]) == 1
        said = capsys.readouterr().err
        assert "with --run" in said
        assert "holds files and no run" in said or "is a file" in said
    assert sorted(tmp_path.rglob("*")) == before


def test_the_folder_that_the_user_is_in_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(4):
            picture = Image.new("L", (8, 8), 50 * number + (name == "b"))
            picture.save(tmp_path / "pictures" / name / f"{number}.png")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert main(["--data", str(tmp_path / "pictures"), "--run", "."]) == 1
    assert "is the folder you are in" in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_the_data_command_describes_what_it_found(
    miniature: Miniature, capsys: pytest.CaptureFixture[str]
) -> None:
    found = load_fashion_mnist(miniature.folder, whole=miniature.known)
    capsys.readouterr()
    document = json.loads(json.dumps(data_command.describe(found)))
    assert document["train_per_class"] == [40] * 10
    assert len(document["files"]) == 4
    text = data_command.format_description(document)
    assert "Ankle boot" in text
    assert "400" in text


def test_the_data_command_refuses_a_miniature(
    miniature: Miniature, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "--data", str(miniature.folder)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "truncated" in printed.err


def test_help_loads_no_framework() -> None:
    code = (
        "import sys\n"
        "from train.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'keras', 'tensorflow', 'matplotlib'} & set(sys.modules), 'loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
