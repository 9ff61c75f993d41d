"""What a model says of itself, from the training run to the device.

`ModelSpec` is written by training as ``spec.json``; export adds what it did to the model and wraps
both into `ArtifactMetadata`, which travels inside every ``.tflite`` and ``.onnx`` file. These types
only hold and check values; `edge_runtime.formats.metadata` reads them out of files.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from edge_runtime.errors import MetadataError

SCHEMA_VERSION = 1

Precision = Literal["fp32", "fp16", "dynamic_int8", "static_int8", "int16x8", "qat_int8"]
Resize = Literal["stretch", "crop", "fit"]
Polarity = Literal["light-on-dark", "dark-on-light", "any"]

# A picture larger than this on a side is no input of an edge classifier; the bound keeps a hostile
# description from asking for gigabytes.
_MAX_SIDE = 4096
_MAX_LABELS = 100_000
_MAX_TEXT = 2000
_SHA256 = re.compile("[0-9a-f]{64}")
# Control characters but the tab, line and paragraph separators, marks of direction, halves of
# characters.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What one picture must look like when it reaches the model.

    The model holds its own normalization, so a device always feeds raw pixels 0–255, layout NHWC.

    Attributes:
        height: Rows of the input, in pixels.
        width: Columns of the input, in pixels.
        channels: 1 (grayscale) or 3 (RGB).
        resize: How a picture of another size is brought to this one. ``stretch`` ignores its
            ratio, ``crop`` fills the input and cuts the rest centrally, ``fit`` keeps all of the
            picture and pads.
        polarity: What the model was trained on: ``light-on-dark`` items, ``dark-on-light`` ones,
            or ``any`` (a picture is then never inverted).
        trim: Cut away an even border before resizing.
        sharpen: Sharpen after resizing.
    """

    height: int
    width: int
    channels: int
    resize: Resize = "stretch"
    polarity: Polarity = "any"
    trim: bool = False
    sharpen: bool = False

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            side = getattr(self, name)
            if not 1 <= side <= _MAX_SIDE:
                raise MetadataError(f"input {name} must be 1 to {_MAX_SIDE} pixels, found {side}")
        if self.channels not in (1, 3):
            raise MetadataError(f"input channels must be 1 or 3, found {self.channels}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of one picture."""
        return self.height, self.width, self.channels


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """What the model's last layer gives: ``probabilities`` (after softmax) or ``logits``."""

    kind: Literal["probabilities", "logits"]


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What a classifier is, whatever format or precision it is stored in.

    Attributes:
        name: Short name in file-name form, such as ``fashion-cnn``.
        labels: One per class, in the order of the model's outputs; distinct and not empty.
        input: What the model is fed.
        output: What it answers.
        licence: SPDX identifier of the weights, or ``unknown``.
        description: One line for people.
        data: The data set it was trained on, in words.
    """

    name: str
    labels: tuple[str, ...]
    input: InputSpec
    output: OutputSpec
    licence: str = "unknown"
    description: str = ""
    data: str = ""
    task: Literal["image-classification"] = "image-classification"

    def __post_init__(self) -> None:
        if not self.name or not self.name.replace("-", "").replace("_", "").isalnum():
            raise MetadataError(
                f"a model's name holds letters, digits, '-' and '_' only, found {self.name!r}"
            )
        if not 2 <= len(self.labels) <= _MAX_LABELS:
            raise MetadataError(f"a classifier needs at least 2 labels, found {len(self.labels)}")
        if any(not label.strip() for label in self.labels):
            raise MetadataError(
                f"label {[bool(x.strip()) for x in self.labels].index(False)} is empty"
            )
        check_distinct(self.labels)
        for text in (*self.labels, self.licence, self.description, self.data):
            check_text(text)


def check_distinct(labels: Sequence[str]) -> None:
    """Check that no label stands twice.

    Raises:
        MetadataError: One does.
    """
    seen: set[str] = set()
    for label in labels:
        if label in seen:
            raise MetadataError(f"label {label[:60]!r} stands more than once")
        seen.add(label)


def check_text(text: str) -> None:
    """Check that a text is one line of plain characters: it will be shown on terminals.

    Raises:
        MetadataError: It is too long, or holds line breaks, escape sequences or marks that turn
            the direction of writing.
    """
    if len(text) > _MAX_TEXT:
        raise MetadataError(f"a text of {len(text)} characters, more than {_MAX_TEXT}")
    if _UNPRINTABLE.search(text):
        raise MetadataError(f"the text {text[:60]!r} holds control characters")


@dataclass(frozen=True, slots=True)
class Quantization:
    """How the numbers of an artifact are stored.

    Attributes:
        precision: The name that also stands in the file name.
        method: What was done, in words, such as ``QDQ, S8S8, per channel``.
        calibration_samples: Pictures used to find activation ranges; 0 where none were needed.
        calibration_sha256: Of the calibration pictures' bytes; None where none were needed.
    """

    precision: Precision
    method: str
    calibration_samples: int = 0
    calibration_sha256: str | None = None

    def __post_init__(self) -> None:
        check_text(self.method)
        check_text(self.calibration_sha256 or "")


@dataclass(frozen=True, slots=True)
class Requirements:
    """The least that a device's runtime must offer; None where the format does not apply.

    Attributes:
        tflite_runtime: First TensorFlow release whose TFLite runtime holds all operator versions,
            such as ``2.3.0``.
        onnx_opset: Opset of the default ONNX domain.
        onnx_ir_version: Version of the ONNX file format.
    """

    tflite_runtime: str | None = None
    onnx_opset: int | None = None
    onnx_ir_version: int | None = None

    def __post_init__(self) -> None:
        check_text(self.tflite_runtime or "")


@dataclass(frozen=True, slots=True)
class MeasuredAccuracy:
    """Top-1 hits of this artifact and of its float Keras model, on the same pictures.

    Attributes:
        correct: Pictures that the artifact labelled rightly.
        reference_correct: Pictures that the float Keras model labelled rightly.
        total: Pictures in the evaluation set.
        runtime: What ran the artifact, such as ``ai-edge-litert 2.3.0, x86_64``.
    """

    correct: int
    reference_correct: int
    total: int
    runtime: str

    def __post_init__(self) -> None:
        if not 0 <= max(self.correct, self.reference_correct) <= self.total or self.total < 1:
            raise MetadataError(f"hits cannot exceed the {self.total} pictures they are out of")
        check_text(self.runtime)


@dataclass(frozen=True, slots=True)
class GoldenSample:
    """One raw picture and the scores that the exporting host got for it.

    Attributes:
        pixels: The picture's uint8 bytes in (height, width, channels) order, deflated (zlib) and
            written as base64.
        label: Index of the true class.
        scores: The artifact's dequantized outputs, one per class.
    """

    pixels: str
    label: int
    scores: tuple[float, ...]

    def to_image(self, spec: InputSpec) -> npt.NDArray[np.uint8]:
        """Decode to an array (height, width, channels) uint8, 0–255.

        Raises:
            MetadataError: The bytes are damaged or belong to another size.
        """
        size = spec.height * spec.width * spec.channels
        inflater = zlib.decompressobj()
        try:
            # One byte more than fits tells a longer stream without ever inflating a bomb.
            raw = inflater.decompress(base64.b64decode(self.pixels, validate=True), size + 1)
        except (binascii.Error, zlib.error) as error:
            raise MetadataError(f"a golden sample is damaged: {error}") from error
        if len(raw) != size:
            raise MetadataError(f"a golden sample must hold {size} bytes, found {len(raw)} or more")
        return np.frombuffer(raw, np.uint8).reshape(spec.shape)

    @classmethod
    def from_image(
        cls, image: npt.NDArray[np.uint8], label: int, scores: npt.NDArray[np.float32]
    ) -> "GoldenSample":
        """Encode a picture (height, width, channels) uint8 with its scores (classes,) float32."""
        # Nine digits carry every float32 exactly.
        return cls(
            pixels=base64.b64encode(zlib.compress(image.tobytes(), 9)).decode("ascii"),
            label=label,
            scores=tuple(float(f"{score:.9g}") for score in scores),
        )


@dataclass(frozen=True, slots=True)
class ArtifactMetadata:
    """The document inside an artifact: all that a device needs to know.

    Attributes:
        schema_version: Version of this document's form.
        toolkit_version: Version of the toolkit that wrote it.
        created: When, as an ISO 8601 UTC time.
        model: What the classifier is.
        quantization: How its numbers are stored.
        requires: What a runtime must offer.
        accuracy: Measured on the exporting host; None where no evaluation set was given.
        golden: Pictures with known scores, to prove a device's whole path.
        content_sha256: Digest of the file without this document, followed by this document with 64
            zeros in this place: a changed bit anywhere in either shows. None in files of before
            there was one.
    """

    schema_version: int
    toolkit_version: str
    created: str
    model: ModelSpec
    quantization: Quantization
    requires: Requirements
    accuracy: MeasuredAccuracy | None = None
    golden: tuple[GoldenSample, ...] = ()
    content_sha256: str | None = None

    def __post_init__(self) -> None:
        check_text(self.toolkit_version)
        check_text(self.created)
        classes = len(self.model.labels)
        for sample in self.golden:
            if len(sample.scores) != classes or not 0 <= sample.label < classes:
                raise MetadataError(f"a golden sample does not fit {classes} classes")
        digest = self.content_sha256
        if digest is not None and not _SHA256.fullmatch(digest):
            raise MetadataError("content_sha256 must be 64 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class ActivationRange:
    """The range that quantization-aware training learned for one layer's output.

    Attributes:
        layer: Name of the layer in ``model.keras``; the input is the layer ``input``.
        minimum: Least representable value, in the layer's own units; never above 0.
        maximum: Greatest representable value; never below 0.
    """

    layer: str
    minimum: float
    maximum: float

    def __post_init__(self) -> None:
        if not self.minimum <= 0.0 <= self.maximum or self.minimum == self.maximum:
            raise MetadataError(
                f"the range of layer {self.layer!r} must contain 0 and not be empty, "
                f"found {self.minimum} to {self.maximum}"
            )


@dataclass(frozen=True, slots=True)
class LearnedRanges:
    """``ranges.json`` of a run folder: what a quantization-aware training hands to export.

    Kernels need no entry: they are quantized symmetrically per output channel, -127 to 127, from
    their own values, as training did.
    """

    schema_version: int
    activations: tuple[ActivationRange, ...]
