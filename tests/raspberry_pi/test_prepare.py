"""Preparing a release on the workstation: what is refused before any board is touched."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from deploy.prepare import (
    ArtifactError,
    check_artifact,
    check_profile,
    choose_runtime,
    find_artifact,
    main,
)
from deploy.wheelhouse import Target, build_wheelhouse


def write_artifacts(folder: Path, sha256: str | None = None) -> Path:
    model = folder / "m_static_int8.tflite"
    model.write_bytes(b"model")
    entry = {"file": model.name, "sha256": sha256 or hashlib.sha256(b"model").hexdigest()}
    document = {"recommended": model.name, "artifacts": [entry]}
    (folder / "manifest.json").write_text(json.dumps(document))
    return model


def test_a_folder_stands_for_the_artifact_it_recommends(tmp_path: Path) -> None:
    model = write_artifacts(tmp_path)
    assert find_artifact(tmp_path) == model


def test_an_artifact_that_differs_from_its_manifest_is_refused(tmp_path: Path) -> None:
    model = write_artifacts(tmp_path, "0" * 64)
    with pytest.raises(ArtifactError, match="not the file that was verified"):
        check_artifact(model)


def test_an_artifact_without_manifest_is_taken(tmp_path: Path) -> None:
    model = write_artifacts(tmp_path)
    (tmp_path / "manifest.json").unlink()
    assert check_artifact(model) == hashlib.sha256(b"model").hexdigest()


@pytest.mark.parametrize("text", ["", "[]", '{"artifacts": [{}]}', '{"artifacts": 3}'])
def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    model = write_artifacts(tmp_path)
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"manifest\.json cannot be read"):
        check_artifact(model)


def write_profile(folder: Path, **changes: str) -> Path:
    sha256 = hashlib.sha256(b"model").hexdigest()
    document = {"artifact": "../m_static_int8.tflite", "sha256": sha256, "backend": "tflite"}
    profile = folder / "board.profile.json"
    profile.write_text(json.dumps(document | changes))
    return profile


def test_a_profile_of_this_artifact_settles_the_runtime(tmp_path: Path) -> None:
    model, profile = write_artifacts(tmp_path), write_profile(tmp_path)
    assert check_profile(profile, model, check_artifact(model), "auto") == "tflite"


@pytest.mark.parametrize(
    ("changes", "wanted", "complaint"),
    [
        ({"sha256": "0" * 64}, "auto", "chose m_static_int8.tflite with SHA-256 0000"),
        ({"artifact": "other.tflite"}, "auto", "chose other.tflite"),
        ({}, "litert", "chose the runtime tflite, not litert"),
    ],
)
def test_a_profile_that_does_not_fit_is_refused(
    tmp_path: Path, changes: dict[str, str], wanted: str, complaint: str
) -> None:
    model, profile = write_artifacts(tmp_path), write_profile(tmp_path, **changes)
    with pytest.raises(ArtifactError, match=complaint):
        check_profile(profile, model, check_artifact(model), wanted)


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_what_is_no_profile_is_named(tmp_path: Path, text: str) -> None:
    model, profile = write_artifacts(tmp_path), write_profile(tmp_path)
    profile.write_text(text)
    with pytest.raises(ArtifactError, match="is no profile"):
        check_profile(profile, model, check_artifact(model), "auto")


@pytest.mark.parametrize(
    ("name", "wanted", "machine", "expected"),
    [
        ("m.tflite", "auto", "aarch64", "litert"),
        ("m.tflite", "tflite", "aarch64", "tflite"),
        ("m.tflite", "auto", "armv7l", "tflite"),
        ("m.onnx", "auto", "aarch64", "onnx"),
    ],
)
def test_the_runtime_follows_from_artifact_and_board(
    name: str, wanted: str, machine: str, expected: str
) -> None:
    assert choose_runtime(Path(name), wanted, machine) == expected


@pytest.mark.parametrize(
    ("name", "wanted", "machine"),
    [("m.onnx", "litert", "aarch64"), ("m.onnx", "auto", "armv7l"), ("m.tflite", "onnx", "x86_64")],
)
def test_a_runtime_that_does_not_fit_is_refused(name: str, wanted: str, machine: str) -> None:
    with pytest.raises(ArtifactError, match="runs with"):
        choose_runtime(Path(name), wanted, machine)


def test_a_missing_artifact_ends_with_one_and_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--machine=aarch64", "--glibc=2.36", "--python=3.11", f"--folder={tmp_path}"]
    assert main([f"--model={tmp_path / 'no.tflite'}", *arguments]) == 1
    assert "-e model=FILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("--wheel=no.whl", "there is no wheel no.whl"),
        (f"--wheel={__file__} --folder={__file__}/cache", "Not a directory"),
    ],
)
def test_a_place_that_cannot_be_used_ends_with_one(
    named: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_artifacts(tmp_path)
    arguments = ["--machine=aarch64", "--glibc=2.36", "--python=3.11", f"--folder={tmp_path}"]
    assert main([f"--model={model}", *arguments, *named.split()]) == 1
    assert said in capsys.readouterr().err


def test_a_board_without_glibc_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--model=m", "--machine=aarch64", "--glibc=unknown", "--python=3.11", "--folder=w"])
    assert caught.value.code == 2
    assert "such as 2.36, found 'unknown'" in capsys.readouterr().err


def test_a_manifest_that_recommends_nothing_asks_for_a_file(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"recommended": null, "artifacts": []}')
    with pytest.raises(ArtifactError, match="recommends no artifact: name a file"):
        find_artifact(tmp_path)


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel whose wheelhouse is itself alone, without an index."""
    wheel = tmp_path / "edge_runtime-1-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    monkeypatch.setattr(
        "deploy.wheelhouse._collect", lambda _, wheel, wheels: shutil.copy(wheel, wheels)
    )
    return wheel


@pytest.mark.parametrize("note", ["", "[]", "{", '{"archive": 3, "digest": ""}'])
def test_a_wheelhouse_whose_note_cannot_be_read_is_packed_again(
    wheel: Path, tmp_path: Path, note: str
) -> None:
    target = Target("aarch64", "2.36", "3.11", "litert")
    first = build_wheelhouse(target, wheel, tmp_path)
    (packed,) = first.archive.parent.glob("*.json")
    packed.write_text(note)
    first.archive.unlink()
    assert build_wheelhouse(target, wheel, tmp_path) == first
    assert first.archive.is_file()
    assert json.loads(packed.read_text())["digest"] == first.digest
    assert list(first.archive.parent.glob("*.new")) == []


def test_a_linked_artifact_goes_to_the_board_under_the_name_of_the_link(
    wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_artifacts(tmp_path)
    link = tmp_path / "current.tflite"
    link.symlink_to(model)
    arguments = ["--machine=aarch64", "--glibc=2.36", "--python=3.11", f"--folder={tmp_path}"]
    assert main([f"--model={link}", f"--wheel={wheel}", *arguments]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["model"] == str(link)
    assert list(plan["files"]) == [link.name]


def test_wheelhouses_of_different_boards_do_not_meet() -> None:
    names = {
        Target(machine, glibc, python, "litert").name
        for machine in ("aarch64", "armv7l")
        for glibc in ("2.36", "2.41")
        for python in ("3.11", "3.13")
    }
    assert len(names) == 8
