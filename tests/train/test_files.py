from pathlib import Path

import pytest

from train.files import replace_file, replace_folder


def test_a_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.txt"
    with replace_file(target) as beside:
        beside.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert target.stat().st_mode & 0o777 == 0o644
    assert list(target.parent.iterdir()) == [target]


def test_an_error_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), replace_file(target) as beside:
        beside.rename(tmp_path / "missing" / "half")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_replaces_the_old_one_whole(tmp_path: Path) -> None:
    target = tmp_path / "run"
    for text in ("first", "second"):
        with replace_folder(target) as beside:
            (beside / text).write_text(text)
    assert [path.name for path in target.iterdir()] == ["second"]
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_leaves_the_old_folder_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "run"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(FileNotFoundError), replace_folder(target) as beside:
        (beside / "missing" / "half").touch()
    assert [path.name for path in target.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [target]
