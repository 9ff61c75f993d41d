"""Which files are pictures, and when a new one is whole."""

import os
from pathlib import Path

import pytest

from edge_runtime import ImageError, SourceError
from edge_runtime.pictures.picture_files import FolderWatcher, list_pictures


def write(path: Path, content: bytes = b"picture", changed_s: int = 1_000_000) -> Path:
    path.write_bytes(content)
    # Set, so that no test depends on how fast it runs.
    os.utime(path, (changed_s, changed_s))
    return path


def test_pictures_are_listed_by_name_and_the_rest_passed_over(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpeg", "notes.txt", ".hidden.png", "c.png.part"):
        write(tmp_path / name)
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in list_pictures(tmp_path)] == ["a.jpeg", "b.PNG"]


def test_a_folder_without_pictures_says_what_was_looked_for(tmp_path: Path) -> None:
    write(tmp_path / "notes.txt")
    with pytest.raises(ImageError, match=r"holds no pictures \(looked for .bmp.*sub-folders"):
        list_pictures(tmp_path)


def test_a_new_picture_is_given_once_it_looks_the_same_twice(tmp_path: Path) -> None:
    watcher = FolderWatcher(tmp_path)
    new = write(tmp_path / "new.png")
    assert watcher.poll() == []
    assert watcher.poll() == [new]
    assert watcher.poll() == []


def test_a_half_written_picture_waits(tmp_path: Path) -> None:
    watcher = FolderWatcher(tmp_path)
    slow = write(tmp_path / "slow.png", b"")
    assert [watcher.poll(), watcher.poll()] == [[], []]  # opened, nothing written yet
    for size in range(1, 5):
        write(slow, b"x" * size)
        assert watcher.poll() == []
    assert watcher.poll() == [slow]


def test_pictures_that_are_there_already_are_given_only_on_wish(tmp_path: Path) -> None:
    old = write(tmp_path / "old.png")
    assert FolderWatcher(tmp_path).poll() == []
    assert FolderWatcher(tmp_path, existing=True).poll() == [old]


def test_one_that_was_half_written_at_the_start_is_new(tmp_path: Path) -> None:
    growing = write(tmp_path / "growing.png", b"half")
    watcher = FolderWatcher(tmp_path)
    write(growing, b"whole", 1_000_001)
    assert [watcher.poll(), watcher.poll()] == [[], [growing]]


def test_a_changed_or_rewritten_picture_is_new_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png")
    watcher = FolderWatcher(tmp_path)
    write(path, b"another", 1_000_002)
    assert [watcher.poll(), watcher.poll()] == [[], [path]]
    path.unlink()
    assert watcher.poll() == []
    write(path, b"another", 1_000_002)
    assert [watcher.poll(), watcher.poll()] == [[], [path]]


def test_oldest_first(tmp_path: Path) -> None:
    watcher = FolderWatcher(tmp_path)
    for name, changed_s in (("c.png", 1), ("b.png", 3), ("a.png", 3)):
        write(tmp_path / name, changed_s=changed_s)
    watcher.poll()
    assert [path.name for path in watcher.poll()] == ["c.png", "a.png", "b.png"]


def test_files_that_vanish_and_broken_links_do_no_harm(tmp_path: Path) -> None:
    watcher = FolderWatcher(tmp_path)
    gone = write(tmp_path / "gone.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere.png")
    watcher.poll()
    gone.unlink()
    assert watcher.poll() == []


def test_only_what_lies_there_is_remembered(tmp_path: Path) -> None:
    watcher = FolderWatcher(tmp_path)
    for number in range(20):
        path = write(tmp_path / f"{number}.png")
        watcher.poll()
        assert watcher.poll() == [path]
        path.unlink()
    watcher.poll()
    assert (watcher._handed_out, watcher._last_look) == ({}, {})


def test_a_missing_folder_is_refused_and_one_that_comes_back_is_known(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    with pytest.raises(SourceError, match="inbox cannot be watched: No such file"):
        FolderWatcher(inbox)
    inbox.mkdir()
    write(inbox / "old.png")
    watcher = FolderWatcher(inbox)
    inbox.rename(tmp_path / "unplugged")
    with pytest.raises(SourceError, match="cannot be read"):
        watcher.poll()
    (tmp_path / "unplugged").rename(inbox)
    assert [watcher.poll(), watcher.poll()] == [[], []]


def test_a_folder_that_must_not_be_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", fail)
    with pytest.raises(ImageError, match=f"{tmp_path.name}: cannot be read: Permission denied"):
        list_pictures(tmp_path)
