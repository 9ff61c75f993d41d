"""Reading what the other tools say, and judging whether ours agrees."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.agreement import checking
from benchmarks.agreement.checking import Agreement, read_litert_median_ns
from benchmarks.agreement.loadgen_child import parse_summary
from benchmarks.cli.agreement import format_agreements
from benchmarks.errors import BenchmarkError
from edge_runtime.document import from_json, to_json
from edge_runtime.measurement.percentiles import estimate_percentile
from edge_runtime.measurement.records import TrialOutcome, TrialRequest
from edge_runtime.measurement.timing import Effort

# As LoadGen 6.0 wrote it.
SUMMARY = """\
90.0th percentile latency (ns) : 29884
Early Stopping Result:
 * Processed at least 64 queries (4768).
 * Would discard 427 highest latency queries.
 * Early stopping 90.0th percentile estimate: 30025
50.00 percentile latency (ns)   : 28933
90.00 percentile latency (ns)   : 29884
"""


def test_loadgen_s_summary_is_read() -> None:
    assert parse_summary(SUMMARY) == {
        "p50_ns": 28933,
        "p90_ns": 29884,
        "p90_estimate_ns": 30025,
        "samples": 4768,
    }
    with pytest.raises(ValueError, match="p50_ns"):
        parse_summary("nothing of the kind")


def test_our_estimate_discards_as_many_samples_as_loadgen_does() -> None:
    # Of 4768 queries LoadGen discards the 427 slowest, so its estimate is the 428th slowest.
    assert estimate_percentile(range(4768), 0.90) == 4768 - 428


def test_the_figures_of_litert_s_tool_are_milliseconds() -> None:
    assert read_litert_median_ns({"latency": {"median_ms": 0.0273}}) == pytest.approx(27_300)


@pytest.mark.parametrize(("ratio", "agrees"), [(1.0, True), (1.099, True), (0.89, False)])
def test_a_tenth_is_the_limit(ratio: float, agrees: bool) -> None:
    one = Agreement("a.tflite", "p50", "LoadGen", 30_000 * ratio, 30_000, ratio, ratio, ratio, 9)
    assert one.agrees == agrees
    assert ("yes" if agrees else "NO") in format_agreements([one])[-1]


@pytest.mark.parametrize(
    ("module", "needs"),
    [
        ("benchmarks.peers.openvino_child", "openvino"),
        pytest.param("benchmarks.peers.keras_child", "tensorflow", marks=pytest.mark.slow),
        ("benchmarks.agreement.invoke_child", "ai_edge_litert"),
    ],
)
def test_a_child_answers_with_a_reason_when_there_is_no_model(
    tmp_path: Path, module: str, needs: str
) -> None:
    images = tmp_path / "images.npy"
    np.save(images, np.zeros((2, 28, 28, 1), np.uint8))
    request = TrialRequest(
        what="latency",
        artifact=str(tmp_path / "none.tflite"),
        backend="litert",
        threads=1,
        images=str(images),
        effort=Effort(steady_ns=1, warmup_ns=0),
    )
    done = subprocess.run(
        [sys.executable, "-m", module],
        input=to_json(request),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    outcome = from_json(TrialOutcome, done.stdout, needs)
    assert done.returncode == 1
    assert outcome.refusal is not None
    assert outcome.refusal.message


def test_a_tool_that_hangs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_TIMEOUT_S", 0.05)
    with pytest.raises(BenchmarkError, match=r"http\.server gave no answer within 0\.05 s"):
        checking._run_python("http.server", ["0"], "")
