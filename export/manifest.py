"""``manifest.json``: what stands in an artifact folder, how it was checked, and what was found."""

from dataclasses import dataclass
from typing import Literal

from edge_runtime.contract import ModelSpec, Requirements
from export.comparison import Comparison

MANIFEST_VERSION = 1
FILE_NAME = "manifest.json"
# What `recommended` means, wherever it is shown; `export.gate.choose_recommended` is the rule.
RECOMMENDED_MEANS = "the smallest precision that is still right"

Status = Literal["kept", "rejected", "not_converted"]


@dataclass(frozen=True, slots=True)
class SampleSet:
    """Which pictures were used.

    Attributes:
        count: How many.
        sha256: Of their raw bytes in order.
        role: ``evaluation`` pictures were never used for anything else; ``calibration`` ones were
            also what ranges were found from, so figures on them flatter.
    """

    count: int
    sha256: str
    role: Literal["calibration", "evaluation"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One file on one runtime.

    Attributes:
        backend: Short name of the runtime.
        runtime: Package and version.
        loads: Whether it ran.
        reason: Why not.
        output_step: Scale of an integer output; 0 for float outputs.
        batch_error: Largest difference between a batch of images and the same one by one.
        comparison: Against the float model.
        fast_accuracy: Fraction that ONNX Runtime's default session labels rightly on the
            processor that exported, where its int8 kernels saturate; None where they do not.
    """

    backend: str
    runtime: str
    loads: bool
    reason: str | None = None
    output_step: float = 0.0
    batch_error: float = 0.0
    comparison: Comparison | None = None
    fast_accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class RuntimePair:
    """The same file on two runtimes.

    Attributes:
        first: Backend name.
        second: Backend name.
        agreement: Fraction of pictures with the same answer.
        largest_difference: Of any score.
        largest_steps: The same in steps of the output scale; None for float outputs.
    """

    first: str
    second: str
    agreement: float
    largest_difference: float
    largest_steps: int | None = None


@dataclass(frozen=True, slots=True)
class ArtifactEntry:
    """One recipe and what became of it.

    Attributes:
        file: File name.
        format: ``tflite`` or ``onnx``.
        precision: The recipe's precision.
        method: What was done, in words.
        status: ``kept``; ``rejected`` by the gate and not in the folder; ``not_converted``.
        reason: Why it is not kept, or a reservation.
        size_bytes: Of the file; None where there is none.
        sha256: Of the whole file; None where there is none.
        requires: What a runtime must offer.
        findings: One per runtime.
        pairs: The same file on different runtimes.
    """

    file: str
    format: Literal["tflite", "onnx"]
    precision: str
    method: str
    status: Status
    reason: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    requires: Requirements | None = None
    findings: tuple[Finding, ...] = ()
    pairs: tuple[RuntimePair, ...] = ()


@dataclass(frozen=True, slots=True)
class LayerNoise:
    """How much of a layer's signal static int8 keeps.

    Attributes:
        tensor: Name of the layer's output in the TFLite file.
        operator: What computes it, such as ``CONV_2D``.
        sqnr_db: Signal to quantization noise of the output, in decibels; noise of all layers
            before it included. 20 dB is a noise of 10 % of the signal, 40 dB of 1 %.
    """

    tensor: str
    operator: str
    sqnr_db: float


@dataclass(frozen=True, slots=True)
class Versions:
    """What made the files."""

    python: str
    machine: str
    tensorflow: str
    keras: str
    onnx: str
    tf2onnx: str
    onnxruntime: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole document.

    Attributes:
        schema_version: Version of this document's form.
        toolkit_version: What wrote it.
        created: ISO 8601 UTC time.
        model: What the classifier is.
        model_sha256: Of the ``.keras`` file.
        versions: Packages that made the files.
        target: Name of the device that the files must load on.
        calibration: Pictures that ranges were found from.
        calibration_method: How ONNX's static quantization found them.
        verified_on: Pictures that every file was compared on.
        reference_correct: How many of those the float model labels rightly.
        max_accuracy_drop_points: The gate.
        recommended: File name of the smallest precision that is still right; None where none is.
        artifacts: One per recipe asked for.
        layer_noise: Of the static int8 TFLite file, in the order of execution; empty without it.
        warnings: For people.
    """

    schema_version: int
    toolkit_version: str
    created: str
    model: ModelSpec
    model_sha256: str
    versions: Versions
    target: str
    calibration: SampleSet
    calibration_method: str
    verified_on: SampleSet
    reference_correct: int
    max_accuracy_drop_points: float
    recommended: str | None
    artifacts: tuple[ArtifactEntry, ...]
    layer_noise: tuple[LayerNoise, ...] = ()
    warnings: tuple[str, ...] = ()
