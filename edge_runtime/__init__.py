"""Run verified, quantized image classifiers on CPU-only devices.

    from edge_runtime import Classifier

    with Classifier.load("model.tflite") as classifier:
        print(classifier.classify("photo.jpg").top)

Importing this package loads neither a runtime nor Pillow; its parts are loaded when first asked
for.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from edge_runtime.classifier import Classifier
    from edge_runtime.errors import (
        ArtifactError,
        BackendUnavailableError,
        ClosedError,
        DataError,
        EdgeRuntimeError,
        ImageError,
        IncompatibleArtifactError,
        MetadataError,
        MissingExtraError,
        OutputExistsError,
        ProfileError,
        SchemaVersionError,
        SourceError,
    )
    from edge_runtime.formats.metadata import read_metadata
    from edge_runtime.results import Classification, Prediction, Timings
    from edge_runtime.streaming import StreamResult

_HOMES = {
    "Classifier": "classifier",
    "ArtifactError": "errors",
    "BackendUnavailableError": "errors",
    "ClosedError": "errors",
    "DataError": "errors",
    "EdgeRuntimeError": "errors",
    "ImageError": "errors",
    "IncompatibleArtifactError": "errors",
    "MetadataError": "errors",
    "MissingExtraError": "errors",
    "OutputExistsError": "errors",
    "ProfileError": "errors",
    "SchemaVersionError": "errors",
    "SourceError": "errors",
    "read_metadata": "formats.metadata",
    "Classification": "results",
    "Prediction": "results",
    "Timings": "results",
    "StreamResult": "streaming",
}

__all__ = [
    "ArtifactError",
    "BackendUnavailableError",
    "Classification",
    "Classifier",
    "ClosedError",
    "DataError",
    "EdgeRuntimeError",
    "ImageError",
    "IncompatibleArtifactError",
    "MetadataError",
    "MissingExtraError",
    "OutputExistsError",
    "Prediction",
    "ProfileError",
    "SchemaVersionError",
    "SourceError",
    "StreamResult",
    "Timings",
    "__version__",
    "read_metadata",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
