"""Saved choices: what `Classifier.load` makes of them, and what it says when they do not hold."""

import dataclasses
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_runtime import BackendUnavailableError, Classifier, ProfileError
from edge_runtime.backends.registry import load_backend
from edge_runtime.document import to_json
from edge_runtime.measurement.host import describe_host
from edge_runtime.measurement.records import TrialRequest
from edge_runtime.measurement.timing import Effort
from edge_runtime.measurement.trial_process import run_in_process
from edge_runtime.output_file import write_output
from edge_runtime.profile import Budget, Profile, apply_profile, hash_file, load_profile
from tests.edge_runtime.installed import needs

FIXTURES = Path(__file__).parents[1] / "fixtures"
WriteProfile = Callable[..., Path]


@pytest.fixture
def write_profile(tmp_path: Path) -> WriteProfile:
    """A profile of the tiny model in models/, made on this machine unless told otherwise."""
    artifact = tmp_path / "models" / "tiny_static_int8.tflite"
    artifact.parent.mkdir()
    shutil.copyfile(FIXTURES / artifact.name, artifact)

    def write(**changes: Any) -> Path:
        profile = Profile(
            schema_version=1,
            toolkit_version="0.1.0",
            created="2026-01-01T00:00:00+00:00",
            artifact="models/tiny_static_int8.tflite",
            sha256=hash_file(artifact),
            backend="fake",
            backend_version=load_backend("fake").version(),
            threads=2,
            why="a test",
            budget=Budget(),
            host=describe_host(),
            candidates=(),
        )
        file = tmp_path / "board.profile.json"
        file.write_text(to_json(dataclasses.replace(profile, **changes)))
        return file

    return write


def test_a_profile_gives_artifact_runtime_and_threads(
    write_profile: WriteProfile, caplog: pytest.LogCaptureFixture
) -> None:
    with Classifier.load(write_profile()) as classifier:
        assert (classifier.backend, classifier.threads) == ("fake", 2)
        assert "Trouser" in classifier.labels
    assert not caplog.records


def test_what_is_stated_overrides_the_profile(write_profile: WriteProfile) -> None:
    with Classifier.load(str(write_profile()), backend="litert", threads=1) as classifier:
        assert (classifier.backend, classifier.threads) == ("litert", 1)
        assert classifier.scores(np.zeros((1, 28, 28, 1), np.uint8)).shape == (1, 10)


def test_profile_and_artifact_may_be_copied_side_by_side(
    write_profile: WriteProfile, tmp_path: Path
) -> None:
    board = tmp_path / "board"
    board.mkdir()
    shutil.move(write_profile(), board / "profile.json")
    shutil.move(tmp_path / "models" / "tiny_static_int8.tflite", board)
    with Classifier.load(board / "profile.json") as classifier:
        assert classifier.backend == "fake"


def test_a_missing_artifact_is_named_with_both_places(
    write_profile: WriteProfile, tmp_path: Path
) -> None:
    profile = write_profile()
    (tmp_path / "models" / "tiny_static_int8.tflite").unlink()
    with pytest.raises(ProfileError, match=r"neither at .*models/tiny.* nor beside"):
        Classifier.load(profile)


def test_a_changed_artifact_is_refused(write_profile: WriteProfile) -> None:
    with pytest.raises(ProfileError, match=r"is not the file .* expected 000000000000…"):
        Classifier.load(write_profile(sha256="0" * 64))


def test_a_missing_runtime_is_named_with_the_profile(
    write_profile: WriteProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "__version__", "2.3.5")
    with pytest.raises(
        BackendUnavailableError, match=r"board\.profile\.json chose the runtime tflite 2\.14\.0"
    ):
        Classifier.load(write_profile(backend="tflite", backend_version="2.14.0"))


def test_another_machine_is_a_warning(
    write_profile: WriteProfile, caplog: pytest.LogCaptureFixture
) -> None:
    # No runtime runs there, so it is never this machine.
    pi = dataclasses.replace(describe_host(), board="Raspberry Pi Zero W Rev 1.1")
    with Classifier.load(write_profile(host=pi, backend_version="0.0.1")):
        pass
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "made on Raspberry Pi Zero W" in record.message
    assert "made with fake 0.0.1" in record.message
    assert "tune again" in record.message


def test_another_revision_of_a_board_is_the_same_machine(
    write_profile: WriteProfile,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge_runtime.profile.find_board", lambda: "Raspberry Pi 4 Model B Rev 1.5")
    older = dataclasses.replace(describe_host(), board="Raspberry Pi 4 Model B Rev 1.4")
    assert apply_profile(write_profile(host=older), "auto", "auto")[1:] == ("fake", 2)
    assert not caplog.records


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not valid JSON"),
        ("{}", "'schema_version' is missing"),
        ('{"schema_version": "new"}', "expected a whole number"),
    ],
)
def test_what_is_no_profile_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(text)
    with pytest.raises(ProfileError, match=rf"{complaint}.*edge-runtime tune"):
        Classifier.load(file)


def test_missing_newer_and_senseless_profiles_are_refused(
    write_profile: WriteProfile, tmp_path: Path
) -> None:
    with pytest.raises(ProfileError, match="No such file"):
        load_profile(tmp_path / "none.json")
    with pytest.raises(ProfileError, match="schema version 2"):
        load_profile(write_profile(schema_version=2))
    newer = tmp_path / "newer.json"
    newer.write_text('{"schema_version": 2, "all": "else differs"}')
    with pytest.raises(ProfileError, match=r"schema version 2, .* Upgrade it"):
        load_profile(newer)
    for threads in (0, 10**11):
        with pytest.raises(ProfileError, match=f"threads must be 1 to 1024, found {threads}"):
            load_profile(write_profile(threads=threads))


def test_texts_that_would_command_a_terminal_are_refused(write_profile: WriteProfile) -> None:
    host = dataclasses.replace(describe_host(), board="\x1b[2JRaspberry Pi")
    for change in ({"created": "now\rthen"}, {"artifact": "a\nb.tflite"}, {"host": host}):
        with pytest.raises(ProfileError, match="control characters"):
            load_profile(write_profile(**change))


@needs("litert")
def test_an_artifact_whose_name_is_no_utf_8_is_tried_and_chosen(tmp_path: Path) -> None:
    artifact = tmp_path / os.fsdecode(b"caf\xe9.tflite")
    shutil.copyfile(FIXTURES / "tiny_static_int8.tflite", artifact)
    request = TrialRequest("latency", str(artifact), "litert", 1, None, Effort(max_ns=1_000_000))
    assert run_in_process(request).refusal is None
    missing = dataclasses.replace(request, artifact=f"{artifact}.tflite")
    refusal = run_in_process(missing).refusal
    assert refusal is not None
    assert f"{artifact.name}.tflite" in refusal.message


def test_a_profile_names_an_artifact_whose_name_is_no_utf_8(
    write_profile: WriteProfile, tmp_path: Path
) -> None:
    artifact = tmp_path / os.fsdecode(b"caf\xe9.tflite")
    shutil.copyfile(FIXTURES / "tiny_static_int8.tflite", artifact)
    profile = dataclasses.replace(load_profile(write_profile()), artifact=artifact.name)
    file = tmp_path / "cafe.profile.json"
    write_output(file, to_json(profile))
    with Classifier.load(file) as classifier:
        assert classifier.backend == "fake"
