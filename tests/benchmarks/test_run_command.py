"""The command as a user types it, with real child processes and the fake backend."""

import csv
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks import runtimes
from benchmarks.artifacts import load_recommended
from benchmarks.cli import run
from benchmarks.cli.main import main
from benchmarks.report.earlier_report import RUN
from benchmarks.results import load_results
from benchmarks.runtimes import Runtime
from tests.benchmarks.scripted import LABELS

PNG = b"\x89PNG"


@pytest.fixture(autouse=True)
def only_the_fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = [Runtime("fake", ("tflite", "onnx"))]
    monkeypatch.setattr(run, "list_runtimes", lambda _: fake)
    plan = tmp_path / "tiny.toml"
    plan.write_text(
        'based_on = "quick"\nrounds = 2\n[effort]\nwarmup_ns = 1000000\n'
        "steady_ns = 2000000\noffline_ns = 1000000\nkept_samples = 50\n"
    )
    monkeypatch.chdir(tmp_path)


def test_a_folder_becomes_a_report(toy_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--artifacts", str(toy_folder), "--plan", "tiny.toml"]) == 0
    report = Path("report/toy-cnn")
    shown = capsys.readouterr().out
    assert str(report / "report.html") in shown
    assert "toy-cnn_static_int8.tflite" in shown
    results = load_results(report / "results.json")
    assert [case.status for case in results.cases] == ["measured", "measured"]
    assert results.evaluation.images == 200
    assert results.accuracies[0].total == 200
    assert all(p.result.interpreter_ns for case in results.cases for p in case.processes)
    pictures = sorted(path.name for path in (report / "figures").iterdir())
    assert {"accuracy_latency.png", "sizes.png"} <= set(pictures)
    assert all((report / "figures" / name).read_bytes().startswith(PNG) for name in pictures)
    assert all(f"figures/{name}" in (report / "report.md").read_text() for name in pictures)
    rows = list(csv.DictReader((report / "results.csv").read_text().splitlines()))
    assert [row["status"] for row in rows] == ["measured", "measured"]
    assert float(rows[0]["p50_us"]) > 0

    # A second time into the same folder only when asked for.
    assert main(["--artifacts", str(toy_folder), "--plan", "tiny.toml"]) == 2
    assert "--force" in capsys.readouterr().err


def test_the_fastest_artifact_stands_beside_the_recommended_one(
    toy_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recommend(toy_folder, "toy-cnn_fp32.tflite")
    words = ["--artifacts", str(toy_folder), "--plan", "tiny.toml", "--force"]
    assert main(words) == 0
    report = Path("report/toy-cnn")
    assert load_results(report / "results.json").recommended == "toy-cnn_fp32.tflite"
    shown = capsys.readouterr().out
    written = (report / "report.md").read_text()
    for text in (shown, written, (report / "report.html").read_text()):
        assert "fastest measured" in text
        assert "the smallest precision that is still right" in text
    assert "recommended by export" in shown
    assert main([*words, "--only", "*_static_int8.*"]) == 0
    assert "toy-cnn_fp32.tflite, which was not measured" in capsys.readouterr().out
    # A manifest may name what is not there, or be no manifest of ours.
    for name in ("../elsewhere.tflite", None, 3):
        recommend(toy_folder, name)
        assert load_recommended(toy_folder) is None
    (toy_folder / "manifest.json").write_text("[]")
    assert load_recommended(toy_folder) is None
    (toy_folder / "manifest.json").unlink()
    assert load_recommended(toy_folder) is None


def recommend(folder: Path, name: Any) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"recommended": name}))


def test_json_keeps_standard_output_clean(
    toy_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--artifacts", str(toy_folder), "--plan", "tiny.toml", "--json"]
    assert main([*words, "--evaluation-images", "50"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["evaluation"]["images"] == 50


def test_without_a_manifest_the_artifact_names_its_classes(toy_folder: Path) -> None:
    (toy_folder / "manifest.json").unlink()
    keep_classes(toy_folder / "evaluation.npz", below=8)
    assert main(["--artifacts", str(toy_folder), "--plan", "tiny.toml"]) == 0
    results = load_results(Path("report/toy-cnn/results.json"))
    assert results.evaluation.class_names == LABELS


def keep_classes(file: Path, below: int) -> None:
    with np.load(file) as arrays:
        kept = arrays["labels"] < below
        images, labels = arrays["images"][kept], arrays["labels"][kept]
    np.savez(file, images=images, labels=labels)


def test_nothing_that_runs_is_a_failure_with_reasons(
    toy_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in toy_folder.glob("*.tflite"):
        path.write_bytes(b"not a model")
    assert main(["--artifacts", str(toy_folder), "--plan", "tiny.toml"]) == 1
    shown = capsys.readouterr().out
    assert "refused" in shown
    assert "is not a TFLite model" in shown
    assert "±0.00" not in shown, "an accuracy that nobody measured is not known to the point"


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1000])


def spoil_an_array(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[1000:1100] = bytes(value ^ 0xFF for value in data[1000:1100])
    file.write_bytes(data)


def cut_header(file: Path) -> None:
    with np.load(file) as arrays:
        np.savez(file, images=arrays["images"], labels=arrays["labels"])
    file.write_bytes(file.read_bytes().replace(b"}", b" "))


def spoil_reference(folder: Path) -> None:
    replace_reference(folder, np.zeros((200, 10), np.float32))
    data = (folder / "evaluation.npz").read_bytes()
    with zipfile.ZipFile(folder / "evaluation.npz") as archive:
        at = archive.getinfo("reference_scores.npy").header_offset + 200
    (folder / "evaluation.npz").write_bytes(data[:at] + b"damage" + data[at + 6 :])


def store_alone(file: Path) -> None:
    with file.open("wb") as stream:
        np.save(stream, np.zeros((3, 28, 28, 1), np.uint8))


def replace_reference(folder: Path, scores: npt.NDArray[Any]) -> None:
    with np.load(folder / "evaluation.npz") as arrays:
        images, labels = arrays["images"], arrays["labels"]
    np.savez(folder / "evaluation.npz", images=images, labels=labels, reference_scores=scores)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: folder.rename(folder.with_name("moved")), "there is no folder"),
        (lambda folder: [p.unlink() for p in folder.glob("*.tflite")], "holds no .tflite or .onnx"),
        (lambda folder: (folder / "evaluation.npz").unlink(), "there is no evaluation set"),
        (
            lambda folder: (folder / "evaluation.npz").write_bytes(b"zip?"),
            "is no .npz file; hand in",
        ),
        (lambda folder: (folder / "manifest.json").write_text("{"), "cannot be read"),
        (
            lambda folder: np.savez(folder / "evaluation.npz", images=np.zeros(3), labels=[1]),
            "images must be uint8",
        ),
        (lambda folder: cut_short(folder / "evaluation.npz"), "is no evaluation set"),
        (lambda folder: spoil_an_array(folder / "evaluation.npz"), "is no evaluation set"),
        (lambda folder: cut_header(folder / "evaluation.npz"), "is no evaluation set"),
        (spoil_reference, "its array reference_scores cannot be read"),
        (lambda folder: store_alone(folder / "evaluation.npz"), "is no evaluation set"),
        (
            lambda folder: replace_reference(folder, np.zeros((200, 8), np.float32)),
            "reference_scores are for 8 classes, the model has 10",
        ),
        (
            lambda folder: replace_reference(folder, np.full((200, 10), "x")),
            "reference_scores must be floats (N, classes) for 200 pictures, found <U1",
        ),
        (
            lambda folder: replace_reference(folder, np.full((200, 10), np.nan, np.float32)),
            "reference_scores hold nan",
        ),
    ],
)
def test_bad_input_is_wrong_use_and_nothing_is_written(
    toy_folder: Path,
    change: Callable[[Path], object],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change(toy_folder)
    assert main(["--artifacts", str(toy_folder), "--plan", "tiny.toml"]) == 2
    assert message in capsys.readouterr().err
    assert not Path("report").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--threads", "two"], "whole numbers such as 1,2; found 'two'"),
        (["--threads", "0"], "threads must be"),
        (["--evaluation-images", "0"], "a number from 1, or 'all'; found '0'"),
        (["--min-accuracy", "nan"], "a number above 0, found 'nan'"),
        (["--min-accuracy", "0.91"], "percent, such as 91 for 91 %; found '0.91'"),
        (["--max-p90", "-5"], "a number above 0, found '-5'"),
        (["--quick", "--plan", "thorough"], "say different things"),
        (["--only", "*_fp64.*"], "no artifact is named like *_fp64.*"),
        (["--only", "*_fp32.*,*_fp33.*"], "no artifact is named like *_fp33.*"),
        (["--threads", "2000"], "from 1 to 1024"),
        (["--rounds", "99999999999"], "at most 10,000"),
        (["--soak", "99999999999999h"], "up to 30 days"),
        (["--soak", "1s", "--threads", "1,2"], "give --threads one value"),
        (["--soak", "1s", "--rounds", "3"], "--rounds is not for --soak"),
        (["--soak", "1s", "--evaluation-images", "all"], "--evaluation-images is not for --soak"),
        (["--soak", "1s", "--max-p90", "5"], "nothing that a gate could judge"),
        (["--soak", "1s", "--host", "pi@a", "--host", "pi@b"], "runs on one machine"),
        (["--host", "pi@a", "--host", "ssh://pi@a"], "would have the same folder"),
        (["--host", "pi@a", "--host", "side-by-side"], "would have the same folder"),
        (["--keras", "model.keras"], "--keras needs --peers"),
    ],
)
def test_options_that_make_no_sense_are_wrong_use(
    toy_folder: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["--artifacts", str(toy_folder), *words])
    except SystemExit as left:  # argparse's own way out
        code = int(left.code or 0)
    assert code == 2
    assert message in capsys.readouterr().err
    assert not Path("report").exists()


def test_only_what_is_asked_for_is_measured_and_gated(
    toy_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--artifacts", str(toy_folder), "--plan", "tiny.toml", "--only", "*_fp32.*"]
    assert main([*words, "--max-size", "1000", "--out", "small"]) == 0
    measured = load_results(Path("small/results.json"))
    assert [case.artifact for case in measured.cases] == ["toy-cnn_fp32.tflite"]
    assert main([*words, "--max-size", "0.01", "--out", "large"]) == 1
    assert "gate: toy-cnn_fp32.tflite on fake, 1 thread: size" in capsys.readouterr().err
    assert Path("large/report.html").exists(), "the report of a run that misses is kept"


def test_a_mistyped_command_shows_those_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["comapre", "a", "b"]) == 2
    shown = capsys.readouterr().err
    assert "there is no command 'comapre'" in shown
    assert "compare" in shown


def test_a_folder_with_other_things_is_not_replaced(
    toy_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("years of work")
    words = ["--artifacts", str(toy_folder), "--plan", "tiny.toml", "--out", "mine", "--force"]
    assert main(words) == 2
    assert "holds no report" in capsys.readouterr().err
    assert Path("mine/thesis.txt").exists()


@pytest.mark.parametrize("text", ["[]", "{}", '{"schema_version": 1, "cases": []}', "{"])
def test_somebody_elses_results_are_not_replaced(
    toy_folder: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine").mkdir()
    Path("mine/results.json").write_text(text)
    words = ["--artifacts", str(toy_folder), "--plan", "tiny.toml", "--out", "mine", "--force"]
    assert main(words) == 2
    assert "holds no report to replace (no results.json of one)" in capsys.readouterr().err
    assert Path("mine/results.json").read_text() == text


def test_notes_beside_a_report_stay_when_it_is_replaced(toy_folder: Path) -> None:
    words = ["--artifacts", str(toy_folder), "--plan", "tiny.toml", "--out", "out"]
    assert main(words) == 0
    found = {p.relative_to("out").as_posix() for p in Path("out").rglob("*") if p.is_file()}
    assert found == set(RUN.written)
    document = json.loads(Path("out/results.json").read_text())
    Path("out/results.json").write_text(json.dumps({**document, "schema_version": 0}))
    Path("out/notes.md").write_text("with the fan on")
    Path("out/figures/mine.png").write_bytes(PNG)
    Path("out/figures/sizes.png").write_bytes(b"")
    assert main([*words, "--force"]) == 0
    assert load_results(Path("out/results.json")).cases
    assert Path("out/notes.md").read_text() == "with the fan on"
    assert Path("out/figures/mine.png").read_bytes() == PNG
    assert Path("out/figures/sizes.png").read_bytes().startswith(PNG)
    assert not list(Path().glob(".out.*"))


def test_a_report_that_cannot_be_moved_in_leaves_the_earlier_one(
    toy_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--artifacts", str(toy_folder), "--plan", "tiny.toml", "--out", "out"]
    assert main(words) == 0
    before = Path("out/results.json").read_bytes()
    rename = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if "partial" in path.name:
            raise OSError("the disk was pulled out")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    assert main([*words, "--force"]) == 1
    assert "pulled out" in capsys.readouterr().err
    assert Path("out/results.json").read_bytes() == before
    assert not list(Path().glob(".out.*"))


def test_artifacts_are_drawn_by_their_names_whatever_these_hold(toy_folder: Path) -> None:
    name = "toy $x^$_fp32.tflite"  # between dollar signs matplotlib would read a formula
    (toy_folder / "toy-cnn_fp32.tflite").rename(toy_folder / name)
    assert main(["--artifacts", str(toy_folder), "--plan", "tiny.toml", "--out", "out"]) == 0
    assert Path("out/figures/latency_spread.png").read_bytes().startswith(PNG)


def test_a_linked_artifact_keeps_its_suffix(toy_folder: Path) -> None:
    (toy_folder / "blob").write_bytes((toy_folder / "toy-cnn_fp32.tflite").read_bytes())
    (toy_folder / "toy-cnn_fp32.tflite").unlink()
    (toy_folder / "toy-cnn_fp32.tflite").symlink_to("blob")
    assert main(["--artifacts", str(toy_folder), "--plan", "tiny.toml", "--out", "out"]) == 0
    cases = load_results(Path("out/results.json")).cases
    assert [case.status for case in cases] == ["measured", "measured"]


def test_a_report_behind_a_link_is_replaced_there(toy_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    Path("link").symlink_to(tmp_path / "disk")
    words = ["--artifacts", str(toy_folder), "--plan", "tiny.toml", "--out", "link"]
    assert main(words) == 0
    assert main([*words, "--force"]) == 0
    assert Path("link").is_symlink()
    assert (tmp_path / "disk" / "report.html").is_file()


@pytest.mark.parametrize(
    ("out", "message"),
    [(".", "is the folder that you are in"), ("file/report", "file is a file, so file/report")],
)
def test_a_place_that_cannot_be_written_is_told_before_anything_runs(
    toy_folder: Path, out: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_text("")
    Path("empty").mkdir()
    if out == ".":
        os.chdir("empty")
    words = ["--artifacts", str(toy_folder), "--quick", "--out", out]
    assert main(words) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert not shown.out


def test_without_arguments_it_shows_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "--artifacts DIR" in capsys.readouterr().out


def test_all_runtimes_of_the_package_are_listed() -> None:
    assert [runtime.name for runtime in runtimes.list_runtimes()] == ["litert", "tflite", "onnx"]
