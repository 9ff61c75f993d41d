"""Somebody's own pictures, in every shape they come."""

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge_runtime.contract import InputSpec
from train.data.image_folder import InputWishes, load_image_folder
from train.data.opening import open_dataset
from train.errors import DataError
from train.progress import Progress
from train.samples import ImageDataset

QUIET = Progress(quiet=True)


# Of one test no two pictures are alike: copies are left out of the training split.
BRIGHTNESS = itertools.cycle(range(10, 256))


def _fill(folder: Path, count: int, size: tuple[int, int] = (20, 20), mode: str = "L") -> None:
    """Write `count` pictures (width, height), each with its own brightness."""
    folder.mkdir(parents=True)
    for number, value in zip(range(count), BRIGHTNESS, strict=False):
        colour = value if mode == "L" else (value, 0, 255 - value)
        Image.new(mode, size, colour).save(folder / f"{number:03}.png")


def _load(folder: Path, wishes: InputWishes | InputSpec | None = None) -> ImageDataset:
    return load_image_folder(folder, wishes or InputWishes(), None, 0, QUIET)


def test_classes_are_named_as_their_folders_in_order(tmp_path: Path) -> None:
    for name in ("zebra", "ant", "Bee"):
        _fill(tmp_path / "My Pictures" / name, 5)
    dataset = _load(tmp_path / "My Pictures")
    assert dataset.name == "my-pictures"
    assert dataset.class_names == ("Bee", "ant", "zebra")
    assert np.bincount(dataset.train.labels).tolist() == [4, 4, 4]
    assert np.bincount(dataset.test.labels).tolist() == [1, 1, 1]
    assert dataset.input.shape == (20, 20, 1)


def test_hidden_files_and_folders_are_no_pictures(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _fill(tmp_path / name, 5)
        _fill(tmp_path / name / ".ipynb_checkpoints", 5)
        (tmp_path / name / "._000.png").write_bytes(b"a file manager's note")
    dataset = _load(tmp_path)
    assert (len(dataset.train), len(dataset.test)) == (8, 2)


def test_a_split_of_the_users_own_is_kept(tmp_path: Path) -> None:
    for split, count in (("train", 4), ("test", 2)):
        for name in ("a", "b"):
            _fill(tmp_path / split / name, count)
    dataset = _load(tmp_path)
    assert (len(dataset.train), len(dataset.test)) == (8, 4)
    _fill(tmp_path / "test" / "c", 1)
    with pytest.raises(DataError, match=r"classes that .*train does not: \['c'\]"):
        _load(tmp_path)


def test_a_split_that_is_not_used_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for split in ("train", "test", "val"):
        for name in ("a", "b"):
            _fill(tmp_path / split / name, 4)
    load_image_folder(tmp_path, InputWishes(), None, 0, Progress())
    assert f"Not used: {tmp_path / 'val'}." in capsys.readouterr().err


def test_a_share_for_the_test_is_refused_where_there_is_a_test_split(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for name in ("a", "b"):
            _fill(tmp_path / split / name, 4)
    with pytest.raises(DataError, match=r"of no use here: .* has its own train and test"):
        open_dataset(tmp_path, QUIET, test_fraction=0.3)
    with pytest.raises(DataError, match="Fashion-MNIST has a test split"):
        open_dataset(None, QUIET, test_fraction=0.3)


def test_splits_of_other_names_are_not_taken_for_classes(tmp_path: Path) -> None:
    for split in ("train", "val"):
        for name in ("a", "b"):
            _fill(tmp_path / split / name, 4)
    with pytest.raises(DataError, match=r"splits \['train', 'val'\], not classes"):
        _load(tmp_path)
    _fill(tmp_path / "bus", 4)  # beside it, a train is a train
    assert _load(tmp_path).class_names == ("bus", "train", "val")


def test_copies_of_test_pictures_are_not_trained_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        _fill(tmp_path / name, 10)
        for number in range(10):
            shutil.copy(tmp_path / name / f"{number:03}.png", tmp_path / name / f"copy{number}.png")
    dataset = load_image_folder(tmp_path, InputWishes(), 0.2, 0, Progress())
    assert len(dataset.test) == 8
    tested = {image.tobytes() for image in dataset.test.images}
    assert not any(image.tobytes() in tested for image in dataset.train.images)
    left_out = 40 - 8 - len(dataset.train)
    assert left_out > 0
    assert f"{left_out} training pictures are left out" in capsys.readouterr().err


def test_a_class_of_copies_alone_is_refused(tmp_path: Path) -> None:
    for split, name, count in (("train", "a", 3), ("train", "b", 3), ("test", "a", 1)):
        _fill(tmp_path / split / name, count)
    shutil.copytree(tmp_path / "train" / "b", tmp_path / "test" / "b")
    with pytest.raises(DataError, match="all training pictures of the class 'b' are test pictures"):
        _load(tmp_path)


def test_mixed_sizes_and_colour_settle_on_the_general_input(tmp_path: Path) -> None:
    _fill(tmp_path / "a", 4, (300, 200))
    _fill(tmp_path / "b", 4, (40, 90), "RGB")
    dataset = _load(tmp_path)
    assert dataset.input == InputSpec(96, 96, 3, resize="crop")
    assert dataset.train.images.shape[1:] == (96, 96, 3)


def test_gray_stored_as_colour_stays_gray(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _fill(tmp_path / name, 3)
        for path in (tmp_path / name).iterdir():
            Image.open(path).convert("RGB").save(path)
    assert _load(tmp_path).input.channels == 1


def test_what_the_user_says_of_the_input_holds(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _fill(tmp_path / name, 3)
    wishes = InputWishes((12, 16), 3, "stretch", "dark-on-light")
    assert _load(tmp_path, wishes).input == InputSpec(12, 16, 3, "stretch", "dark-on-light")
    given = InputSpec(28, 28, 1, resize="fit")
    assert _load(tmp_path, given).input == given


def test_the_seed_decides_the_test_split(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _fill(tmp_path / name, 30)
    first, again = (load_image_folder(tmp_path, InputWishes(), 0.2, 5, QUIET) for _ in range(2))
    other = load_image_folder(tmp_path, InputWishes(), 0.2, 6, QUIET)
    assert first.fingerprint() == again.fingerprint() != other.fingerprint()


def test_files_beside_the_pictures_are_passed_over(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _fill(tmp_path / name, 3)
        (tmp_path / name / "Thumbs.db").write_bytes(b"no picture")
        (tmp_path / name / ".hidden.png").write_bytes(b"no picture")
    (tmp_path / ".git").mkdir()
    assert len(_load(tmp_path).class_names) == 2


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _fill(tmp_path / name, 3)
    (tmp_path / "b" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n truncated")
    with pytest.raises(DataError, match=r"broken\.png: cannot be read.*Remove the file"):
        _load(tmp_path)


def test_a_name_that_cannot_be_shown_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b\x1b[2J"):
        _fill(tmp_path / name, 4)
    with pytest.raises(DataError, match=r"'b\\x1b\[2J'.* cannot name a class"):
        _load(tmp_path)


def test_a_picture_that_cannot_be_converted_is_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _fill(tmp_path / name, 4)
    Image.new("F", (20, 20), 0.5).save(tmp_path / "a" / "float.tiff")
    with pytest.raises(DataError, match=r"float\.tiff.*convert it"):
        _load(tmp_path)


def test_one_class_or_too_few_pictures_are_refused(tmp_path: Path) -> None:
    _fill(tmp_path / "a", 5)
    with pytest.raises(DataError, match="at least two"):
        _load(tmp_path)
    _fill(tmp_path / "b", 2)
    with pytest.raises(DataError, match=r"b holds 2 pictures; each class needs at least 3"):
        _load(tmp_path)


def test_more_than_memory_is_refused_before_reading(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _fill(tmp_path / name, 60)
    with pytest.raises(DataError, match=r"more than 4 GiB; choose a smaller --input-size"):
        _load(tmp_path, InputWishes((4000, 4000), 3))


def test_opening_tells_the_kinds_of_folder_apart(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing to train on"):
        open_dataset(tmp_path, QUIET)
    for name in ("a", "b"):
        _fill(tmp_path / name, 3)
    assert open_dataset(tmp_path, QUIET).class_names == ("a", "b")
    (tmp_path / "train-images-idx3-ubyte.gz").touch()
    with pytest.raises(DataError, match="truncated"):
        open_dataset(tmp_path, QUIET)
