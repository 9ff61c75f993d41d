"""One case in one fresh process: what to measure comes in as JSON, what was measured goes out.

``python -m edge_runtime.measurement.trial < request.json > outcome.json`` is how the benchmarks run
every artifact × runtime × threads apart from all others, here or on another board: nothing but this
package is needed where it runs. ``edge-runtime bench`` shows the same measurement to a person.
"""

import importlib
import io
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edge_runtime.document import from_json, to_ascii_json, to_json
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.measurement.host import (
    describe_host,
    read_peak_memory_bytes,
    read_sensors,
)
from edge_runtime.measurement.records import (
    SCHEMA_VERSION,
    HostReport,
    Refusal,
    SoakPoint,
    Stages,
    TrialOutcome,
    TrialRequest,
    TrialResult,
)
from edge_runtime.measurement.timing import (
    Effort,
    measure_harness_cost,
    measure_offline,
    measure_single_stream,
    measure_soak,
    measure_yardstick,
)

_SCORES_BATCH = 250
_NOISE_PICTURES = 16
_SOAK_WINDOW_NS = 5_000_000_000


class Answerer(Protocol):
    """What a trial needs of a loaded model; `edge_runtime.Classifier` is one."""

    def scores(self, batch: npt.NDArray[np.uint8], /) -> npt.NDArray[np.float32]:
        """Answer (N, height, width, channels) uint8 with (N, classes) float32."""


class Opener(Protocol):
    """How a trial comes to a model; apart, so that peers of our runtimes can be measured too."""

    def import_runtime(self, backend: str) -> str:
        """Import the runtime and return its version."""

    def load(self, artifact: str, backend: str, threads: int) -> Answerer:
        """Load a model."""


class ClassifierOpener:
    """Opens artifacts as every user does: with `edge_runtime.Classifier`."""

    def __init__(self, labels: Sequence[str] | None = None, *, fast_int8: bool = False) -> None:
        self._labels = labels
        self._fast_int8 = fast_int8

    def import_runtime(self, backend: str) -> str:
        """Import the runtime of a backend and return its version."""
        backends = importlib.import_module("edge_runtime.backends")
        return str(backends.load_backend(backend).version())

    def load(self, artifact: str, backend: str, threads: int) -> Answerer:
        """Load a classifier."""
        from edge_runtime.classifier import Classifier

        return Classifier.load(
            artifact,
            backend=backend,
            threads=threads,
            labels=self._labels,
            fast_int8=self._fast_int8,
        )


def run_trial(request: TrialRequest, opener: Opener, now_ns: int) -> TrialResult:
    """Do what a request asks for.

    Args:
        request: What to do.
        opener: How to come to the model.
        now_ns: The system's monotonic clock when this process began its work.

    Raises:
        EdgeRuntimeError: The runtime or the model cannot be used here.
    """
    interpreter_ns = None if request.spawned_ns is None else now_ns - request.spawned_ns
    images = (
        None
        if request.images is None
        else np.load(request.images, mmap_mode="r", allow_pickle=False)
    )
    started = time.perf_counter_ns()
    backend_version = opener.import_runtime(request.backend)
    imported = time.perf_counter_ns()
    model = opener.load(request.artifact, request.backend, request.threads)
    loaded = time.perf_counter_ns()
    if images is None:
        images = _find_pictures(model)
    if request.what == "scores":
        return TrialResult(
            backend_version=backend_version,
            interpreter_ns=interpreter_ns,
            import_ns=imported - started,
            load_ns=loaded - imported,
            peak_memory_bytes=read_peak_memory_bytes(),
            answered=_write_scores(model, images, request.scores_to),
        )
    if request.what == "soak":
        return TrialResult(
            backend_version=backend_version,
            interpreter_ns=interpreter_ns,
            import_ns=imported - started,
            load_ns=loaded - imported,
            peak_memory_bytes=read_peak_memory_bytes(),
            soak=_soak(model, images, request.soak_ns),
        )
    if request.slowdown != 1.0:
        model = _Slowed(model, request.slowdown)
    yardstick_before = measure_yardstick()
    stream = measure_single_stream(model.scores, images, request.effort)
    peak = read_peak_memory_bytes()
    offline = (
        measure_offline(model.scores, images, request.effort) if request.effort.offline_ns else None
    )
    return TrialResult(
        backend_version=backend_version,
        interpreter_ns=interpreter_ns,
        import_ns=imported - started,
        load_ns=loaded - imported,
        peak_memory_bytes=peak,
        stream=stream,
        offline=offline,
        stages=_measure_stages(model, images, request.effort),
        harness=measure_harness_cost(),
        yardstick_before_ns=yardstick_before,
        yardstick_after_ns=measure_yardstick(),
    )


def _find_pictures(model: Any) -> npt.NDArray[np.uint8]:
    """Golden samples of a classifier's artifact, or noise: (N, height, width, channels) uint8."""
    golden = model.metadata.golden if model.metadata else ()
    if golden:
        return np.stack([sample.to_image(model.input) for sample in golden])
    shape = (_NOISE_PICTURES, *model.input.shape)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


class _Slowed:
    """A model that takes a given factor longer; for showing that the benchmarks notice."""

    def __init__(self, model: Answerer, factor: float) -> None:
        self._model, self._factor = model, factor

    def scores(self, batch: npt.NDArray[np.uint8], /) -> npt.NDArray[np.float32]:
        started = time.perf_counter_ns()
        answer = self._model.scores(batch)
        until = started + int((time.perf_counter_ns() - started) * self._factor)
        while time.perf_counter_ns() < until:
            pass
        return answer


def _measure_stages(
    model: Answerer, images: npt.NDArray[np.uint8], effort: Effort
) -> Stages | None:
    """Time whole calls, for at most as long as the steady loop took."""
    classify = getattr(model, "classify", None)
    if classify is None or not effort.stage_calls:
        return None
    pictures = _encode_pictures(images[:50])
    until = time.perf_counter_ns() + max(effort.steady_ns, 1)
    timings = []
    for call in range(effort.stage_calls):
        timings.append(classify(pictures[call % len(pictures)]).timings)
        if time.perf_counter_ns() > until:
            break

    def median_ns(stage: str) -> int:
        return int(np.median([getattr(timing, f"{stage}_us") for timing in timings]) * 1e3)

    return Stages(
        calls=len(timings),
        decode_ns=median_ns("decode"),
        preprocess_ns=median_ns("preprocess"),
        invoke_ns=median_ns("invoke"),
        postprocess_ns=median_ns("postprocess"),
    )


def _encode_pictures(images: npt.NDArray[np.uint8]) -> list[Any]:
    """As PNG files in memory, or as they are where Pillow is missing."""
    try:
        from PIL import Image
    except ImportError:
        return [np.ascontiguousarray(image) for image in images]
    files = []
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(file, "PNG")
        files.append(file.getvalue())
    return files


def _soak(
    model: Answerer, images: npt.NDArray[np.uint8], duration_ns: int
) -> tuple[SoakPoint, ...]:
    window_ns = max(1, min(_SOAK_WINDOW_NS, duration_ns // 10))
    return tuple(
        SoakPoint(window, read_sensors(), read_peak_memory_bytes())
        for window in measure_soak(model.scores, images, duration_ns, window_ns)
    )


def _write_scores(model: Answerer, images: npt.NDArray[np.uint8], to: str | None) -> int:
    parts = [
        model.scores(np.ascontiguousarray(images[start : start + _SCORES_BATCH]))
        for start in range(0, len(images), _SCORES_BATCH)
    ]
    if to is not None:
        scores = np.concatenate(parts).astype(np.float32)
        partial = Path(f"{to}.partial")
        with partial.open("wb") as file:
            np.save(file, scores)
        partial.replace(to)
    return len(images)


def answer_request(text: str, opener: Opener, now_ns: int) -> TrialOutcome:
    """Parse a request, do it, and put any refusal into the outcome."""
    try:
        request = from_json(TrialRequest, text, "the request")
        return TrialOutcome(SCHEMA_VERSION, run_trial(request, opener, now_ns), None)
    except (EdgeRuntimeError, OSError, ValueError, RuntimeError, MemoryError) as error:
        return TrialOutcome(SCHEMA_VERSION, None, Refusal(type(error).__name__, str(error)))


def serve(opener: Opener) -> int:
    """Answer one request from standard input on standard output; 0 measured, 1 refused."""
    now_ns = time.monotonic_ns()
    # Runtimes write to file descriptor 1 too; only the outcome may arrive there.
    answers_to = os.dup(1)
    os.dup2(2, 1)
    outcome = answer_request(sys.stdin.read(), opener, now_ns)
    with os.fdopen(answers_to, "w", encoding="utf-8") as out:
        out.write(to_ascii_json(outcome))
    return 0 if outcome.refusal is None else 1


def main(argv: list[str] | None = None) -> int:
    """Answer a request from standard input, or with ``--host`` describe this machine."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments == ["--host"]:
        bare = read_peak_memory_bytes()
        sys.stdout.write(to_json(HostReport(describe_host(), read_sensors(), bare)))
        return 0
    if arguments:
        sys.stderr.write(
            "usage: python -m edge_runtime.measurement.trial [--host] < request.json\n"
        )
        return 2
    return serve(ClassifierOpener())


if __name__ == "__main__":
    raise SystemExit(main())
