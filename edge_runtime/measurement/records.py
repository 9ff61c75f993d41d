"""What a trial is asked and what it answers: the documents between a process and who starts it."""

from dataclasses import dataclass, field
from typing import Literal

from edge_runtime.measurement.host import Host, Sensors
from edge_runtime.measurement.timing import (
    Effort,
    HarnessCost,
    Offline,
    SingleStream,
    SoakWindow,
)

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class TrialRequest:
    """What one process is to do.

    Attributes:
        what: ``latency`` times single pictures and batches; ``scores`` answers all pictures once
            and writes what the model said; ``soak`` calls without a pause for long.
        artifact: Path of the model file.
        backend: Name of the runtime.
        threads: Threads of one invocation.
        images: Path of an .npy file, (N, height, width, channels) uint8; None takes the pictures
            that the artifact carries, or noise where it carries none.
        effort: How long to measure; does not matter for ``scores``.
        scores_to: Where ``scores`` go: an .npy file, (N, classes) float32.
        spawned_ns: The system's monotonic clock when this process was asked for, to tell how long
            the interpreter took to get here; None where that clock is another machine's.
        slowdown: For showing that a slower runtime is found: every answer is delayed until it has
            taken this many times as long. 1.0 for every real measurement.
        soak_ns: How long ``soak`` calls.
    """

    what: Literal["latency", "scores", "soak"]
    artifact: str
    backend: str
    threads: int
    images: str | None
    effort: Effort = field(default_factory=Effort)
    scores_to: str | None = None
    spawned_ns: int | None = None
    slowdown: float = 1.0
    soak_ns: int = 0


@dataclass(frozen=True, slots=True)
class SoakPoint:
    """A stretch of a long run, and the machine's sensors at its end."""

    window: SoakWindow
    sensors: Sensors
    peak_memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class Stages:
    """Medians of the parts of `Classifier.classify`, from a PNG file in memory to predictions.

    Attributes:
        calls: How many calls they come from.
        decode_ns: From the file's bytes to a picture; 0 where Pillow is missing and arrays are
            handed over instead.
        preprocess_ns: From the picture to the model's pixels.
        invoke_ns: The model, with its conversion to and from stored numbers.
        postprocess_ns: From scores to sorted predictions.
    """

    calls: int
    decode_ns: int
    preprocess_ns: int
    invoke_ns: int
    postprocess_ns: int


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What one process measured; times in nanoseconds, memory in bytes.

    Attributes:
        backend_version: Of the runtime.
        interpreter_ns: From the request to the first line of this module's work: Python, numpy
            and this package; None where the clocks are not the same.
        import_ns: Importing the runtime.
        load_ns: From the path to a classifier that is ready.
        peak_memory_bytes: Most memory that this process held, until the last single picture.
        stream: Single pictures; None for ``scores``.
        offline: Batches; None where not asked for.
        stages: Parts of a whole call; None where the model has none or they were not asked for.
        harness: What measuring costs here; None for ``scores``.
        yardstick_before_ns: A fixed piece of work before the measurement, and
        yardstick_after_ns: after it: if the second is larger, the processor slowed down.
        answered: Pictures that ``scores`` wrote; 0 for the others.
        soak: What ``soak`` saw, window by window; empty for the others.
    """

    backend_version: str
    interpreter_ns: int | None
    import_ns: int
    load_ns: int
    peak_memory_bytes: int | None
    stream: SingleStream | None = None
    offline: Offline | None = None
    stages: Stages | None = None
    harness: HarnessCost | None = None
    yardstick_before_ns: int | None = None
    yardstick_after_ns: int | None = None
    answered: int = 0
    soak: tuple[SoakPoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a process gave no result: the error's class and its message."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """What a process answers: a result or the reason why there is none."""

    schema_version: int
    result: TrialResult | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class HostReport:
    """What ``--host`` prints: the machine and its sensors now."""

    host: Host
    sensors: Sensors
    bare_memory_bytes: int | None
