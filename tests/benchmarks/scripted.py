"""Artifacts without a model, for the fake backend, and a launcher without processes."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import (
    ArtifactMetadata,
    InputSpec,
    ModelSpec,
    OutputSpec,
    Precision,
    Quantization,
    Requirements,
)
from edge_runtime.document import to_json
from edge_runtime.measurement.host import Host, Sensors, describe_host, read_sensors
from edge_runtime.measurement.records import (
    SCHEMA_VERSION,
    Refusal,
    TrialOutcome,
    TrialRequest,
    TrialResult,
)
from edge_runtime.measurement.timing import HarnessCost, Offline, SingleStream

LABELS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
SPEC = ModelSpec("toy-cnn", LABELS, InputSpec(28, 28, 1), OutputSpec("probabilities"))


def write_toy_tflite(path: Path, precision: Precision) -> None:
    """A file with TFLite's mark and a description, enough for the fake backend."""
    metadata = ArtifactMetadata(
        1, "0.1.0", "2026-01-01T00:00:00Z", SPEC, Quantization(precision, "none"), Requirements()
    )
    content = io.BytesIO()
    content.write(b"\0\0\0\0TFL3" + bytes(64))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("metadata.json", to_json(metadata))
    path.write_bytes(content.getvalue())


def build_trial_result(samples_ns: tuple[int, ...], yardstick_ns: int = 250_000) -> TrialResult:
    """A result as a process would give it, with these samples."""
    stream = SingleStream(
        first_ns=900_000,
        warmup_ns=(80_000, 50_000),
        samples_ns=samples_ns,
        kept_every=1,
        calls=len(samples_ns),
        elapsed_ns=sum(samples_ns),
        cpu_ns=sum(samples_ns),
    )
    return TrialResult(
        backend_version="1.0",
        interpreter_ns=90_000_000,
        import_ns=20_000_000,
        load_ns=3_000_000,
        peak_memory_bytes=50 * 2**20,
        stream=stream,
        offline=Offline(images=2560, elapsed_ns=50_000_000, cpu_ns=50_000_000),
        harness=HarnessCost(clock_resolution_ns=40, call_ns=90),
        yardstick_before_ns=yardstick_ns,
        yardstick_after_ns=yardstick_ns,
    )


class ScriptedLauncher:
    """Answers trials from a function instead of from processes; remembers what it was asked."""

    def __init__(self, scratch: Path, latency_ns: Callable[[TrialRequest], int]) -> None:
        self.requests: list[TrialRequest] = []
        self.modules: list[str] = []
        self.calls: list[str] = []
        self.refusals: dict[tuple[str, str], Refusal] = {}
        self._scratch = scratch
        self._latency_ns = latency_ns

    def describe_host(self) -> Host:
        return describe_host()

    def read_sensors(self) -> Sensors:
        return read_sensors()

    def own_cpu_s(self) -> float | None:
        return None

    def bare_memory_bytes(self) -> int | None:
        return 9 * 2**20

    def put(self, file: Path) -> str:
        self.calls.append(f"put {file.name}")
        return str(file)

    def scores_path(self, name: str) -> str:
        return str(self._scratch / f"{name}.npy")

    def take_scores(self, name: str) -> npt.NDArray[np.float32]:
        scores: npt.NDArray[np.float32] = np.load(self.scores_path(name))
        return scores

    def run(self, request: TrialRequest, module: str = "") -> TrialOutcome:
        self.calls.append("run")
        self.modules.append(module)
        self.requests.append(request)
        refusal = self.refusals.get((Path(request.artifact).name, request.backend))
        if refusal is not None:
            return TrialOutcome(SCHEMA_VERSION, None, refusal)
        if request.scores_to is not None:
            assert request.images is not None
            count = len(np.load(request.images))
            scores = np.zeros((count, 10), np.float32)
            scores[:, 3] = 1.0  # every picture is a dress
            np.save(request.scores_to, scores)
        centre = self._latency_ns(request)
        samples = tuple(centre + step * 10 for step in range(200))
        return TrialOutcome(SCHEMA_VERSION, build_trial_result(samples), None)
