"""Where artifacts go: whole or not at all, wherever the folder's name leads."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from export.errors import OutputFolderError, OutputFolderInUseError
from export.output_folder import check_output_folder, fill_folder


def _fill(folder: Path, text: str) -> None:
    with fill_folder(folder) as partial:
        (partial / "file").write_text(text)


def _write_manifest(folder: Path, **changes: Any) -> None:
    entry = {"file": "m_fp32.tflite", "format": "tflite", "precision": "fp32"}
    manifest = {"schema_version": 1, "toolkit_version": "0.1.0", "model_sha256": "0" * 64}
    text = json.dumps({**manifest, "artifacts": [entry], **changes})
    (folder / "manifest.json").write_text(text)


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


@pytest.mark.parametrize(
    "text", ['{"name": "A web app", "start_url": "/"}', '{"schema_version": 2}', "[]", "{", "\0"]
)
def test_a_manifest_of_something_else_is_no_earlier_export(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(OutputFolderInUseError, match=r"no manifest\.json of one.*another --out"):
        check_output_folder(tmp_path, force=True)


@pytest.mark.parametrize("version", [0, 1, 99])
def test_an_export_of_any_version_may_be_replaced(tmp_path: Path, version: int) -> None:
    _write_manifest(tmp_path, schema_version=version)
    check_output_folder(tmp_path, force=True)
    with pytest.raises(OutputFolderInUseError, match="already holds an earlier export"):
        check_output_folder(tmp_path, force=False)


def test_what_no_export_wrote_is_carried_over(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "figures").mkdir(parents=True)
    (out / "notes" / "empty").mkdir(parents=True)
    _write_manifest(out)
    ours = ["m_fp32.tflite", "report.md", "figures/accuracy.png", "figures/flips_fp32_tflite.png"]
    theirs = ["board.profile.json", "figures/mine.png", "notes/a.txt", "file"]
    for name in (*ours, *theirs):
        (out / name).write_text("old")
    (out / "latest").symlink_to("m_fp32.tflite")
    os.mkfifo(out / "pipe")
    _fill(out, "new")
    assert not any((out / name).exists() for name in ours)
    assert {(out / name).read_text() for name in theirs[:3]} == {"old"}
    assert (out / "file").read_text() == "new", "where both have a file, the fresh one counts"
    assert (out / "notes" / "empty").is_dir()
    assert (out / "latest").readlink() == Path("m_fp32.tflite")
    assert (out / "pipe").is_fifo()
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_a_file_where_a_folder_shall_be_gives_way(tmp_path: Path) -> None:
    _fill(tmp_path / "out", "text")
    (tmp_path / "out" / "figures").write_text("not a folder")
    with fill_folder(tmp_path / "out") as partial:
        (partial / "figures").mkdir()
    assert (tmp_path / "out" / "figures").is_dir()
    assert (tmp_path / "out" / "file").read_text() == "text"


def test_an_interrupted_exchange_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(tmp_path / "out", "first")
    rename = Path.rename

    def interrupt(path: Path, target: Path) -> Path:
        if "partial" in path.name:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupt)
    with pytest.raises(KeyboardInterrupt):
        _fill(tmp_path / "out", "second")
    assert (tmp_path / "out" / "file").read_text() == "first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_a_place_that_cannot_be_written_is_told_before_the_work() -> None:
    with pytest.raises(OutputFolderError, match=r"/proc cannot be written to.*--out"):
        check_output_folder(Path("/proc/none/out"), force=False)
