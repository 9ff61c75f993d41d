"""Runs our way and the others' in turns and tells how far they lie apart.

All ways run in fresh processes, round by round, so that drift falls on all alike; a round in which
a fixed piece of work took longer than in calm is left out, as in `edge_runtime.tuning.disturbance`.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.errors import BenchmarkError, InputError
from benchmarks.launching import LocalLauncher
from edge_runtime.measurement.records import TrialRequest
from edge_runtime.measurement.timing import Effort, measure_yardstick
from edge_runtime.tuning.disturbance import MAX_SLOWER

AGREES_WITHIN = 0.10
_TIMEOUT_S = 120.0
_SECOND_NS = 1_000_000_000

Figures = Mapping[str, float]
"""Name of a quantity, such as ``p50_ns``, to what one process found."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One quantity of one artifact, ours against another tool's.

    Attributes:
        artifact: File name.
        quantity: What is compared.
        other: The other tool.
        ours_ns: Median over rounds.
        theirs_ns: The same of the other tool.
        ratio: Median over rounds of ours over theirs, each pair measured within seconds.
        ratio_low: Lower quartile of those, and
        ratio_high: the upper one.
        rounds: Calm rounds that this comes from.
    """

    artifact: str
    quantity: str
    other: str
    ours_ns: float
    theirs_ns: float
    ratio: float
    ratio_low: float
    ratio_high: float
    rounds: int

    @property
    def agrees(self) -> bool:
        """Whether ours lies within `AGREES_WITHIN` of theirs."""
        return abs(self.ratio - 1) <= AGREES_WITHIN


def check_tools_are_there() -> None:
    """Refuse to begin without the tools to agree with.

    Raises:
        InputError: Names what is missing and the command that installs it.
    """
    for module, name in (("mlperf_loadgen", "mlcommons-loadgen"), ("ai_edge_litert", "LiteRT")):
        if importlib.util.find_spec(module) is None:
            raise InputError(f"{name} is not installed; run: pip install -e '.[peers]'")


def measure_agreement(
    artifact: Path, images: Path, rounds: int, progress: Callable[[str, int, int], None]
) -> list[Agreement]:
    """Measure one ``.tflite`` file in all ways and compare.

    Args:
        artifact: The model.
        images: An .npy file of pictures, (N, height, width, channels) uint8.
        rounds: How often each way runs.
        progress: Told how far it is.
    """
    calm = _keep_calm(_run_rounds(_build_ways(artifact, images), rounds, artifact.name, progress))
    pairs = (
        ("SingleStream p50", "MLPerf LoadGen", "stream", "loadgen", "p50_ns"),
        ("SingleStream p90", "MLPerf LoadGen", "stream", "loadgen", "p90_ns"),
        ("invoke, median", "LiteRT's benchmark tool", "invoke", "litert", "p50_ns"),
    )
    agreements = []
    for quantity, other, our_way, their_way, key in pairs:
        ours = [figures[our_way][key] for figures in calm]
        theirs = [figures[their_way][key] for figures in calm]
        ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
        agreements.append(
            Agreement(
                artifact=artifact.name,
                quantity=quantity,
                other=other,
                ours_ns=median(ours),
                theirs_ns=median(theirs),
                ratio=median(ratios),
                ratio_low=ratios[len(ratios) // 4],
                ratio_high=ratios[-1 - len(ratios) // 4],
                rounds=len(calm),
            )
        )
    return agreements


def _build_ways(artifact: Path, images: Path) -> dict[str, Callable[[], Figures]]:
    launcher = LocalLauncher(Path(tempfile.gettempdir()))
    request = TrialRequest(
        what="latency",
        artifact=str(artifact.absolute()),
        backend="litert",
        threads=1,
        images=str(images.resolve()),
        effort=Effort(steady_ns=_SECOND_NS, offline_ns=0, stage_calls=0, kept_samples=100_000),
    )
    return {
        "stream": lambda: _run_ours(launcher, request, "edge_runtime.measurement.trial"),
        "loadgen": lambda: _run_loadgen(request),
        "invoke": lambda: _run_ours(launcher, request, "benchmarks.agreement.invoke_child"),
        "litert": lambda: _run_litert_tool(request),
    }


def _run_rounds(
    ways: Mapping[str, Callable[[], Figures]],
    rounds: int,
    name: str,
    progress: Callable[[str, int, int], None],
) -> list[tuple[int, dict[str, Figures]]]:
    """Each round's slowest yardstick and the figures of every way."""
    results = []
    for number in range(rounds):
        progress(name, number, rounds)
        yardsticks, figures = [measure_yardstick()], {}
        # Turned round by round: no way always runs first.
        order = list(ways)[number % len(ways) :] + list(ways)[: number % len(ways)]
        for way in order:
            figures[way] = ways[way]()
            yardsticks.append(measure_yardstick())
        results.append((max(yardsticks), figures))
    progress(name, rounds, rounds)
    return results


def _keep_calm(results: Sequence[tuple[int, dict[str, Figures]]]) -> list[dict[str, Figures]]:
    slowest = sorted(yardstick for yardstick, _ in results)
    limit = slowest[len(slowest) // 4] * (1 + MAX_SLOWER)
    return [figures for yardstick, figures in results if yardstick <= limit]


def _run_ours(launcher: LocalLauncher, request: TrialRequest, module: str) -> Figures:
    outcome = launcher.run(request, module)
    if outcome.result is None or outcome.result.stream is None:
        raise BenchmarkError(f"our own trial gave no result: {outcome.refusal}")
    samples = sorted(outcome.result.stream.samples_ns)
    # LoadGen's plain percentiles: the sample at that share of the sorted ones.
    return {
        "p50_ns": float(samples[len(samples) // 2]),
        "p90_ns": float(samples[int(len(samples) * 0.9)]),
    }


def _run_loadgen(request: TrialRequest) -> Figures:
    answer = _run_python(
        "benchmarks.agreement.loadgen_child",
        [],
        json.dumps(
            {
                "artifact": request.artifact,
                "threads": request.threads,
                "images": request.images,
                "min_duration_ms": request.effort.steady_ns // 1_000_000,
            }
        ),
    )
    figures: Figures = json.loads(answer)
    return figures


def _run_litert_tool(request: TrialRequest) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        words = [f"--model={request.artifact}", f"--num_threads={request.threads}"]
        words += ["--warmup_runs=2000", "--num_runs=10000", f"--result_json={result}"]
        _run_python("benchmarks.agreement.litert_child", words, "")
        return {"p50_ns": read_litert_median_ns(json.loads(result.read_text(encoding="utf-8")))}


def read_litert_median_ns(document: dict[str, Any]) -> float:
    """Find the median inference time in the result of LiteRT's tool, which is in milliseconds."""
    return float(document["latency"]["median_ms"]) * 1e6


def _run_python(module: str, words: Sequence[str], text: str) -> str:
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            cwd=Path(__file__).resolve().parents[2],
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(f"{module} gave no answer within {_TIMEOUT_S:g} s") from error
    if done.returncode != 0:
        raise BenchmarkError(f"{module} failed:\n{done.stderr.strip()[-800:]}")
    return done.stdout
