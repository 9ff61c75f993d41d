"""The table of targets: what runs on a device, and what that asks of the converters."""

from dataclasses import dataclass

from edge_runtime.contract import Requirements
from edge_runtime.formats.preflight import to_version_key
from export.errors import ExportError
from export.recipes import Format
from export.verification import find_backends


@dataclass(frozen=True, slots=True)
class TargetRuntime:
    """One runtime on a device.

    Attributes:
        backend: Its short name in `edge_runtime`.
        oldest: The oldest version that the device may have.
        tflite_release: TensorFlow release whose operators it holds; None for ONNX.
    """

    backend: str
    oldest: str
    tflite_release: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A device by what it can install.

    Attributes:
        name: As users write it.
        description: For people.
        runtimes: What the files must load on.
        is_strict: Every runtime named must run a file; else one of those installed here is enough.
    """

    name: str
    description: str
    runtimes: tuple[TargetRuntime, ...]
    is_strict: bool = True

    @property
    def settings(self) -> "ConversionSettings":
        """What the converters must do so that files load on every runtime named."""
        releases = [entry.tflite_release for entry in self.runtimes if entry.tflite_release]
        oldest = min(releases, key=to_version_key, default="0")
        per_channel = to_version_key(oldest) >= to_version_key(_FIRST_PER_CHANNEL_DENSE)
        return ConversionSettings(per_channel_dense=per_channel)

    @property
    def formats(self) -> tuple[Format, ...]:
        """Which files the device can load."""
        named = {entry.backend for entry in self.runtimes}
        formats: tuple[Format, ...] = ("tflite", "onnx")
        return tuple(form for form in formats if named.intersection(find_backends(form)))

    def find_backends(self, file_format: Format) -> tuple[str, ...]:
        """Names of the device's runtimes that load a format, best first."""
        named = {entry.backend for entry in self.runtimes}
        return tuple(name for name in find_backends(file_format) if name in named)

    def find_obstacle(self, requires: Requirements) -> str | None:
        """Say why a file cannot load on the device's oldest runtimes; None where it can."""
        if requires.tflite_runtime is None:
            return None
        for entry in self.runtimes:
            if entry.tflite_release and to_version_key(entry.tflite_release) < to_version_key(
                requires.tflite_runtime
            ):
                return (
                    f"it needs the operators of TensorFlow {requires.tflite_runtime}; the "
                    f"{entry.backend} runtime {entry.oldest} of {self.name} has those of "
                    f"{entry.tflite_release}"
                )
        return None


@dataclass(frozen=True, slots=True)
class ConversionSettings:
    """Choices of the converters that decide which runtimes load the result.

    Attributes:
        per_channel_dense: One scale per output of a dense layer instead of one for all.
        onnx_opset: Version of the ONNX operators. 17 loads in every onnxruntime since 1.12, and
            nothing newer is needed here.
        onnx_ir_version: Version of the ONNX file format; 8 belongs to opset 17.
    """

    per_channel_dense: bool = False
    onnx_opset: int = 17
    onnx_ir_version: int = 8


DEFAULT_SETTINGS = ConversionSettings()

# FULLY_CONNECTED version 12; tflite-runtime 2.14 refuses to load it.
_FIRST_PER_CHANNEL_DENSE = "2.17.0"

_LITERT = TargetRuntime("litert", "2.1.0", "2.19.0")
_TFLITE = TargetRuntime("tflite", "2.14.0", "2.14.0")
_ONNX = TargetRuntime("onnx", "1.20.0")

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target(
            "any",
            "loads on as many runtimes as can be; one that runs it here is enough",
            (_LITERT, _TFLITE, _ONNX),
            is_strict=False,
        ),
        Target(
            "pi-bookworm",
            "64-bit Raspberry Pi OS 12, Python 3.11",
            (_LITERT, _TFLITE, _ONNX),
        ),
        Target("pi-bookworm-32", "32-bit Raspberry Pi OS 12, Python 3.11", (_TFLITE,)),
        Target("pi-trixie", "64-bit Raspberry Pi OS 13, Python 3.13", (_LITERT, _ONNX)),
    )
}


def find_target(name: str) -> Target:
    """Find a target by name.

    Raises:
        ExportError: There is none of that name.
    """
    if name not in TARGETS:
        raise ExportError(f"no target is called {name!r}; known are {', '.join(TARGETS)}")
    return TARGETS[name]
