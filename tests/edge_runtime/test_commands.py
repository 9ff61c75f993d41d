"""The device's commands, as their users type them."""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from edge_runtime.backends.fake import FakeSession
from edge_runtime.classifier import Classifier
from edge_runtime.cli.main import run_command_line
from edge_runtime.measurement.host import describe_host
from edge_runtime.measurement.simd import Simd
from edge_runtime.verification import verify_classifier
from tests.edge_runtime.installed import needs
from tests.edge_runtime.small_onnx import build_mean

FIXTURES = Path(__file__).parents[1] / "fixtures"
MODEL = str(FIXTURES / "tiny_static_int8.tflite")


@pytest.fixture
def trouser(tmp_path: Path) -> str:
    with np.load(FIXTURES / "fashion_mnist_sample.npz") as sample:
        image = sample["test_images"][sample["test_labels"] == 1][0]
    path = tmp_path / "trouser.png"
    Image.fromarray(image[..., 0]).save(path)
    return str(path)


def test_classify_answers_on_standard_output(
    trouser: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(["classify", trouser, "--model", MODEL]) == 0
    assert "Trouser" in capsys.readouterr().out


def test_classify_json_is_json(trouser: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["classify", trouser, "--model", MODEL, "--json", "--top", "1"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [prediction["label"] for prediction in answer["predictions"]] == ["Trouser"]


def test_info_shows_the_labels(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["info", MODEL]) == 0
    assert "Ankle boot" in capsys.readouterr().out


def test_info_says_what_int8_means_on_this_processor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    host = replace(describe_host(), machine="x86_64", simd=Simd("x86-64-v3", (), False))
    monkeypatch.setattr("edge_runtime.cli.info.describe_host", lambda: host)
    assert run_command_line(["info", MODEL]) == 0
    (line,) = [
        line for line in capsys.readouterr().out.splitlines() if line.startswith("int8 here ")
    ]
    assert "slower than float here" in line
    assert "edge-runtime tune" in line
    assert run_command_line(["info", MODEL, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["int8_here"]["code"] == "int8-slow"
    # Of a float file it is no topic.
    assert run_command_line(["info", str(FIXTURES / "tiny_fp32.tflite"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["int8_here"] is None


def test_verify_replays_the_golden_samples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["verify", MODEL, "--backend", "litert"]) == 0
    assert "same" in capsys.readouterr().out


def test_verify_finds_a_device_that_answers_differently(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # The fake backend answers by brightness, so it cannot reproduce the recorded scores.
    assert run_command_line(["verify", MODEL, "--backend", "fake", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert not answer["passed"]
    assert "different" in {sample["verdict"] for sample in answer["samples"]}


@pytest.mark.parametrize(
    ("backend", "steps"),
    [
        pytest.param("litert", 1, marks=needs("litert")),
        pytest.param("tflite", 3, marks=needs("tflite")),
    ],
)
def test_integer_kernels_may_round_some_steps_apart_and_no_more(backend: str, steps: int) -> None:
    with Classifier.load(MODEL, backend=backend) as classifier:
        metadata = classifier.metadata
        assert metadata is not None
        (sample, *_) = metadata.golden
        images = sample.to_image(metadata.model.input)[np.newaxis]
        found, step = classifier.scores(images)[0], classifier.output_scale

        def verify(apart: int) -> str:
            scores = tuple(float(score) for score in found + np.float32(apart * step))
            # One that says other scores, and is this one in all else.
            other = SimpleNamespace(
                metadata=replace(metadata, golden=(replace(sample, scores=scores),)),
                scores=classifier.scores,
                backend=backend,
                output_scale=step,
            )
            return verify_classifier(cast(Classifier, other))[0].verdict

        assert [verify(apart) for apart in (0, steps, steps + 1)] == [
            "same",
            "within tolerance",
            "different",
        ]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_scores_that_are_no_numbers_are_a_failure_and_json_stays_json(
    value: float, trouser: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(_: FakeSession, batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        scores = np.zeros((len(batch), 10), np.float32)
        scores[:, 3] = value
        return scores

    monkeypatch.setattr(FakeSession, "invoke", answer)
    fake = ["--backend", "fake", "--json"]
    assert run_command_line(["classify", trouser, "--model", MODEL, *fake]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "no finite numbers" in told.err
    assert run_command_line(["verify", MODEL, *fake]) == 1
    samples = json.loads(capsys.readouterr().out)["samples"]
    assert {(one["verdict"], one["difference"]) for one in samples} == {("different", None)}


@pytest.mark.parametrize("command", ["classify", "tune"])
@pytest.mark.parametrize("threads", ["0", "²", "99999999999"])
def test_threads_that_there_cannot_be_are_wrong_use(
    command: str, threads: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line([command, "x", "--threads", threads]) == 2
    assert f"expected 1 to 1024 threads, found '{threads}'" in capsys.readouterr().err


@pytest.mark.parametrize("closed", ["stdin", "stdout", "stderr"])
@pytest.mark.parametrize(("picture", "code"), [("trouser.png", 0), ("missing.png", 1), ("-", 1)])
def test_a_program_without_its_streams_answers_all_the_same(
    closed: str,
    picture: str,
    code: int,
    tmp_path: Path,
    trouser: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Path(trouser).parent == tmp_path
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    monkeypatch.setattr(sys, closed, None)
    assert run_command_line(["classify", picture, "--model", MODEL]) == code
    assert getattr(sys, closed) is None


@needs("onnx")
def test_info_promises_nothing_of_a_file_that_no_runtime_loads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for shape, said in (((1, 8, 3), "can be used with --labels"), ((1, 3), "no runtime here")):
        path = tmp_path / "bare.onnx"
        path.write_bytes(build_mean(shape, tuple(range(1, len(shape) - 1))))
        assert run_command_line(["info", str(path)]) == 1
        assert said in capsys.readouterr().err


def test_failures_end_with_1_and_wrong_use_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(["info", str(tmp_path / "missing.tflite")]) == 1
    assert "no such file" in capsys.readouterr().err
    assert run_command_line(["info"]) == 2
    assert run_command_line([]) == 2
