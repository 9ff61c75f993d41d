"""Where artifacts go: whole or not at all, wherever the folder's name leads."""

from pathlib import Path

import pytest

from export.errors import OutputFolderError, OutputFolderInUseError
from export.output_folder import check_output_folder, fill_folder


def _fill(folder: Path, text: str) -> None:
    with fill_folder(folder) as partial:
        (partial / "file").write_text(text)


def test_a_folder_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    for text in ("first", "second"):
        _fill(tmp_path / "out", text)
        assert (tmp_path / "out" / "file").read_text() == text
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    _fill(tmp_path / "out", "first")
    with (
        pytest.raises(OutputFolderError, match="Nothing was changed"),
        fill_folder(tmp_path / "out"),
    ):
        raise OSError("the disk is full")
    assert (tmp_path / "out" / "file").read_text() == "first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_the_folder_that_one_is_in_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "inner").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here" / "inner")
    for folder in (Path(), Path(".."), tmp_path / "here"):
        with pytest.raises(OutputFolderInUseError, match="the folder you are in"):
            check_output_folder(folder, force=True)
    check_output_folder(Path("new"), force=False)


def test_a_link_stays_and_what_it_names_is_filled(tmp_path: Path) -> None:
    (tmp_path / "large-disk" / "out").mkdir(parents=True)
    link = tmp_path / "out"
    link.symlink_to(tmp_path / "large-disk" / "out")
    _fill(link, "text")
    assert link.is_symlink()
    assert (tmp_path / "large-disk" / "out" / "file").read_text() == "text"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["large-disk", "out"]
