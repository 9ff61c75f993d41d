"""Accuracy on somebody's own labelled pictures, as they type it."""

import csv
import errno
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from edge_runtime.cli.main import run_command_line
from edge_runtime.errors import DataError, OutputExistsError
from edge_runtime.evaluation.evaluating import compare_with_stated
from edge_runtime.evaluation.labelled_arrays import load_labelled_arrays
from edge_runtime.evaluation.labelled_set import LabelledSet
from edge_runtime.formats.metadata import read_metadata
from edge_runtime.models import FOLDER
from edge_runtime.output_file import check_output, write_output
from edge_runtime.statistics import Interval
from tests.edge_runtime.conftest import LABELS, WriteArtifact

FIXTURES = Path(__file__).parents[1] / "fixtures"
MODEL = str(FIXTURES / "tiny_static_int8.tflite")
FAKE = ["--backend", "fake"]
Arrays = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]


@pytest.fixture(scope="module")
def pictures() -> Arrays:
    with np.load(FIXTURES / "fashion_mnist_sample.npz") as sample:
        return sample["test_images"], sample["test_labels"]


@pytest.fixture
def sample_file(tmp_path: Path, pictures: Arrays) -> str:
    path = tmp_path / "sample.npz"
    np.savez(path, images=pictures[0], labels=pictures[1])
    return str(path)


@pytest.fixture
def shades(tmp_path: Path) -> Path:
    """Pictures that the fake backend answers rightly, but for one bright one among the dark."""
    folder = tmp_path / "shades"
    for place, label in enumerate(LABELS):
        (folder / label).mkdir(parents=True)
        for number in range(3):
            draw_shade(64 * place + 20 + number, folder / label / f"{number}.png")
    draw_shade(140, folder / "dark" / "2.png")
    return folder


def draw_shade(mean: int, file: Path) -> None:
    # The black border tells that the ground is dark, so that nothing is negated.
    picture = np.zeros((28, 28), np.uint8)
    picture[1:-1, 1:-1] = round(mean * 28**2 / 26**2)
    Image.fromarray(picture).save(file)


def test_an_npz_is_evaluated_in_batches_on_a_real_runtime(
    sample_file: str, pictures: Arrays, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(["evaluate", sample_file, "--model", MODEL, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["total"] == len(pictures[1])
    assert told["interval"][0] < told["accuracy"] < told["interval"][1]
    confusion = np.array(told["confusion"])
    assert confusion.trace() == told["correct"]
    np.testing.assert_array_equal(
        confusion.sum(axis=1), np.unique(pictures[1], return_counts=True)[1]
    )


def test_a_folder_gives_the_answers_of_the_same_pictures_in_an_npz(
    tmp_path: Path, sample_file: str, pictures: Arrays, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, (image, label) in enumerate(zip(*pictures, strict=True)):
        # A file name cannot hold the slash of T-shirt/top, and case does not matter.
        name = ("t-shirt_TOP", "Trouser", "pullover", "Dress", "Coat", "Sandal", "Shirt")
        folder = tmp_path / "folder" / (*name, "Sneaker", "Bag", "ankle_boot")[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(folder / f"{number}.png")
    answers = []
    for data in (sample_file, str(tmp_path / "folder")):
        assert run_command_line(["evaluate", data, "--model", MODEL, "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out)["confusion"])
    assert answers[0] == answers[1]


def test_the_report_names_recall_and_what_is_taken_for_what(
    shades: Path, write_artifact: WriteArtifact, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(shades), "--model", str(write_artifact()), *FAKE]
    assert run_command_line(arguments) == 0
    out = capsys.readouterr().out
    assert "91.67%  (11 of 12 right; 95% interval 64.61–98.51%)" in out
    (dark,) = [line for line in out.splitlines() if line.startswith("dark ")]
    assert dark.split() == ["dark", "66.7%", "2", "3", "bright", "(1)"]
    assert ["1", "dark", "·", "2", "1", "·"] in [line.split() for line in out.splitlines()]


def test_a_stated_polarity_negates_what_shows_the_opposite(
    tmp_path: Path, pictures: Arrays, capsys: pytest.CaptureFixture[str]
) -> None:
    negative = tmp_path / "negative.npz"
    np.savez(negative, images=255 - pictures[0][:50], labels=pictures[1][:50])
    accuracies = []
    for stated in ("light-on-dark", "dark-on-light"):
        command = ["evaluate", str(negative), "--polarity", stated, "--json"]
        assert run_command_line(command) == 0
        accuracies.append(json.loads(capsys.readouterr().out)["accuracy"])
    assert accuracies[0] < 0.5 < 0.8 < accuracies[1]


def test_unreadable_pictures_are_reported_and_the_rest_is_done(
    shades: Path, write_artifact: WriteArtifact, capsys: pytest.CaptureFixture[str]
) -> None:
    (shades / "white" / "broken.png").write_bytes(b"no picture")
    (shades / "white" / "notes.txt").write_text("not a picture by its name")
    (shades / "white" / ".thumbnails").mkdir()
    draw_shade(20, shades / "white" / ".thumbnails" / "0.png")
    arguments = ["evaluate", str(shades), "--model", str(write_artifact()), *FAKE, "--json"]
    assert run_command_line(arguments) == 1
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert document["total"] == 12
    assert [one["picture"] for one in document["unreadable"]] == ["white/broken.png"]
    assert "broken.png: cannot be read as a picture" in told.err
    assert "1 file that is no picture" in told.err


def test_folders_that_are_no_classes_are_listed(
    shades: Path, write_artifact: WriteArtifact, capsys: pytest.CaptureFixture[str]
) -> None:
    (shades / "grey").mkdir()
    (shades / "test").mkdir()
    assert run_command_line(["evaluate", str(shades), "--model", str(write_artifact()), *FAKE]) == 1
    error = capsys.readouterr().err
    assert "2 of 6 folders" in error
    assert "grey, test" in error
    assert f"Did you mean {shades / 'test'}?" in error
    assert "black, dark, bright, white" in error


def test_predictions_are_written_whole_and_never_over_others(
    tmp_path: Path, shades: Path, write_artifact: WriteArtifact, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "answers.csv"
    command = ["evaluate", str(shades), "--model", str(write_artifact()), *FAKE]
    command += ["--predictions", str(file)]
    assert run_command_line(command) == 0
    with file.open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 12
    wrong = [row for row in rows if row["correct"] == "0"]
    assert [(row["picture"], row["label"], row["predicted"]) for row in wrong] == [
        ("dark/2.png", "dark", "bright")
    ]
    before = file.read_bytes()
    assert run_command_line(command) == 1
    assert "--force" in capsys.readouterr().err
    assert run_command_line([*command, "--limit", "4", "--force"]) == 0
    assert len(file.read_bytes()) < len(before)
    assert sorted(path.name for path in tmp_path.glob("*.partial")) == []


def test_a_picture_whose_name_is_no_utf_8_stands_in_the_predictions(
    tmp_path: Path, shades: Path, write_artifact: WriteArtifact
) -> None:
    picture = shades / "dark" / "0.png"
    picture.rename(picture.with_name(os.fsdecode(b"caf\xe9.png")))
    file = tmp_path / "answers.csv"
    command = ["evaluate", str(shades), "--model", str(write_artifact()), *FAKE]
    assert run_command_line([*command, "--predictions", str(file)]) == 0
    assert r"dark/caf\udce9.png,dark,dark," in file.read_text(encoding="utf-8")


def test_a_result_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_output(tmp_path / "answers.csv", "half")
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_and_what_it_points_to_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text("old")
    link.symlink_to(target)
    with pytest.raises(OutputExistsError, match="--force"):
        check_output(link, force=False)
    check_output(link, force=True)
    write_output(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_what_is_no_file_is_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "link.csv").symlink_to("/dev/null")
    for name in ("pipe.csv", "link.csv", "/dev/null"):
        with pytest.raises(OutputExistsError, match="is a pipe or a device"):
            check_output(tmp_path / name, force=True)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux")
def test_a_place_that_cannot_be_written_to_is_refused_before_the_work(
    sample_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", sample_file, "--predictions", "/proc/x.csv"]
    assert run_command_line(command) == 1
    told = capsys.readouterr()
    assert "/proc cannot be written to" in told.err
    assert told.out == ""


def test_the_report_is_printed_where_the_predictions_cannot_be_written(
    tmp_path: Path,
    shades: Path,
    write_artifact: WriteArtifact,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    command = ["evaluate", str(shades), "--model", str(write_artifact()), *FAKE]
    assert run_command_line([*command, "--predictions", str(tmp_path / "answers.csv")]) == 1
    told = capsys.readouterr()
    assert "11 of 12 right" in told.out
    assert "No space left" in told.err


def test_a_model_without_description_takes_labels(
    tmp_path: Path, sample_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "bare.tflite"
    # What follows the flatbuffer is the description; zip marks each of its parts with PK.
    whole = Path(MODEL).read_bytes()
    bare.write_bytes(whole[: whole.index(b"PK\x03\x04")])
    command = ["evaluate", sample_file, "--model", str(bare), "--limit", "20"]
    assert run_command_line(command) == 1
    assert "--labels" in capsys.readouterr().err
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join("abcdefghij"))
    assert run_command_line([*command, "--labels", str(labels)]) == 0
    assert "(20 right" not in (out := capsys.readouterr().out)
    assert "what the artifact states" not in out


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        (
            {"images": np.zeros((2, 28, 28, 1), np.uint8), "x": np.zeros(2)},
            "expected the arrays 'images' and 'labels', found 'images', 'x'",
        ),
        ({"images": np.zeros((2, 28, 28, 1)), "labels": np.zeros(2, int)}, "must be uint8"),
        (
            {"images": np.zeros((2, 28, 28, 1), np.uint8), "labels": np.zeros(3, int)},
            "one whole number per picture",
        ),
        (
            {"images": np.zeros((2, 28, 28, 1), np.uint8), "labels": np.array([0, 10])},
            "labels run from 0 to 10",
        ),
    ],
)
def test_bad_arrays_are_refused(
    tmp_path: Path,
    arrays: dict[str, npt.NDArray[np.generic]],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "bad.npz"
    np.savez(file, **arrays)
    assert run_command_line(["evaluate", str(file), "--model", MODEL]) == 1
    assert complaint in capsys.readouterr().err


def test_bad_places_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.npz").write_text("no numpy file")
    (tmp_path / "hollow" / "Bag").mkdir(parents=True)
    for name, complaint in (
        ("missing", "no such file or folder"),
        ("empty", "holds no folders"),
        ("text.npz", "text.npz is no .npz file; hand in a folder with one sub-folder of pictures"),
        ("hollow", "hold no pictures"),
    ):
        assert run_command_line(["evaluate", str(tmp_path / name), "--model", MODEL]) == 1
        assert complaint in capsys.readouterr().err
    assert run_command_line(["evaluate", str(tmp_path), "--limit", "0"]) == 2


def test_an_npz_larger_than_the_memory_is_refused_before_it_is_unpacked(
    sample_file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where = "edge_runtime.evaluation.labelled_arrays.read_available_memory_bytes"
    monkeypatch.setattr(where, lambda: 1000)
    assert run_command_line(["evaluate", sample_file, "--model", MODEL]) == 1
    assert "give fewer pictures, or a folder" in capsys.readouterr().err


def test_a_folder_whose_name_two_classes_share_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("crane\n" * 2 + "\n".join(f"other {n}" for n in range(8)))
    (tmp_path / "pictures" / "crane").mkdir(parents=True)
    words = ["evaluate", str(tmp_path / "pictures"), "--model", MODEL, "--labels", str(labels)]
    assert run_command_line(words) == 1
    assert "more than one class of this model is called crane" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_npz_is_refused(
    sample_file: str, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path(sample_file)
    with np.load(file) as arrays:
        np.savez_compressed(file, **arrays)
    data = bytearray(file.read_bytes())
    for place in range(1000, 1100):
        data[place] ^= 0xFF
    file.write_bytes(data if damage == "flipped" else data[: len(data) // 2])
    assert run_command_line(["evaluate", sample_file, "--model", MODEL]) == 1
    assert "sample.npz is no .npz file with images and labels" in capsys.readouterr().err


def test_an_lzma_member_that_is_damaged_is_refused(sample_file: str) -> None:
    with zipfile.ZipFile(sample_file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(sample_file, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    data = bytearray(Path(sample_file).read_bytes())
    data[60:160] = b"\xff" * 100
    Path(sample_file).write_bytes(data)
    with pytest.raises(DataError, match=r"no \.npz file with images and labels that can be read"):
        load_labelled_arrays(Path(sample_file))


def test_an_array_header_that_is_cut_is_refused(sample_file: str) -> None:
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 28"
    with zipfile.ZipFile(sample_file, "w") as archive:
        for name in ("images.npy", "labels.npy"):
            length = len(header).to_bytes(2, "little")
            archive.writestr(name, b"\x93NUMPY\x01\x00" + length + header)
    with pytest.raises(DataError, match=r"no \.npz file with images and labels that can be read"):
        load_labelled_arrays(Path(sample_file))


def test_members_that_are_no_arrays_are_refused(sample_file: str) -> None:
    with zipfile.ZipFile(sample_file, "w") as archive:
        for name in ("images", "labels"):
            archive.writestr(name, b"just text")
    with pytest.raises(DataError, match="images must be uint8"):
        load_labelled_arrays(Path(sample_file))


def test_labels_beyond_any_class_number_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "huge.npz"
    labels = np.array([0, 2**63], np.uint64)
    np.savez(file, images=np.zeros((2, 28, 28), np.uint8), labels=labels)
    with pytest.raises(DataError, match="found 9223372036854775808"):
        load_labelled_arrays(file)


def test_a_limit_takes_from_every_class_its_share() -> None:
    labels = np.repeat(np.array([0, 1, 2], np.int64), [60, 30, 10])
    names = tuple(map(str, range(100)))
    kept = LabelledSet([Path(name) for name in names], labels, names).take_stratified(20)
    assert np.unique(kept.labels, return_counts=True)[1].tolist() == [12, 6, 2]
    assert len(set(kept.names)) == 20


def test_what_the_artifact_states_is_compared_with_what_was_found() -> None:
    metadata = read_metadata(FOLDER / "default.tflite")
    assert metadata is not None
    assert metadata.accuracy is not None
    share = metadata.accuracy.correct / metadata.accuracy.total
    assert all(one.contained for one in compare_with_stated(Interval(0.8, 0.99), metadata))
    lower = compare_with_stated(Interval(0.1, share - 0.01), metadata)
    assert not any(one.contained for one in lower)
    assert compare_with_stated(Interval(0.0, 1.0), None) == ()


def test_arrays_of_objects_are_refused_in_our_words(tmp_path: Path) -> None:
    file = tmp_path / "objects.npz"
    np.savez(file, images=np.array([None, {}], object), labels=np.zeros(2, int))
    with pytest.raises(DataError, match="holds objects instead of numbers") as refusal:
        load_labelled_arrays(file)
    assert "pickle" not in str(refusal.value)


def test_what_may_not_be_read_is_told_without_the_number_of_the_error(
    shades: Path,
    write_artifact: WriteArtifact,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))

    # Root, who runs tests in containers, may read everything.
    monkeypatch.setattr(Path, "iterdir", refuse)
    assert run_command_line(["evaluate", str(shades), "--model", str(write_artifact()), *FAKE]) == 1
    assert f"edge-runtime: {shades} cannot be read: Permission denied\n" in capsys.readouterr().err


def test_invented_answers_are_called_so_once(
    shades: Path, write_artifact: WriteArtifact, capsys: pytest.CaptureFixture[str]
) -> None:
    model = ["--model", str(write_artifact())]
    for words in (["evaluate", str(shades)], ["classify", str(shades / "dark")]):
        assert run_command_line([*words, *model, *FAKE]) == 0
        assert capsys.readouterr().err.count("its answers are invented") == 1
