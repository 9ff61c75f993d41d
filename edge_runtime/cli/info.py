"""Show what an artifact, or the one that a profile chose, says of itself and what can load it."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from edge_runtime.backends.probe import probe_backend
from edge_runtime.backends.registry import PREFERENCE, BackendStatus, load_backend
from edge_runtime.choice import PROFILE_SUFFIX
from edge_runtime.cli.paths import parse_path
from edge_runtime.cli.units import format_bytes
from edge_runtime.contract import ArtifactMetadata, InputSpec, MeasuredAccuracy, Requirements
from edge_runtime.diagnosis.int8 import INT8_PRECISIONS, Int8Outlook, judge_int8
from edge_runtime.document import to_document
from edge_runtime.formats.metadata import read_model_metadata
from edge_runtime.formats.model_file import ModelFile, load_model_file
from edge_runtime.formats.onnx_file import read_onnx_header
from edge_runtime.formats.tflite_file import read_tflite_header
from edge_runtime.measurement.host import describe_host
from edge_runtime.models import DEFAULT_STEM, find_default_model
from edge_runtime.profile import Profile, find_artifact, hash_file, load_profile
from edge_runtime.statistics import wilson_interval

_SHOWN_LABELS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "artifact",
        type=parse_path,
        metavar="FILE",
        help=".tflite or .onnx artifact, a profile, or: default",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Print the description; 1 where the file carries none."""
    path, profile = arguments.artifact, None
    if path.suffix == PROFILE_SUFFIX:
        profile = load_profile(path)
        path = find_artifact(profile, path)
    elif path == Path(DEFAULT_STEM):
        path = find_default_model("auto")
    model = load_model_file(path)
    metadata = read_model_metadata(model)
    runtimes = [
        probe_backend(name, path)
        for name in PREFERENCE
        if model.format in load_backend(name).formats
    ]
    outlook = _find_outlook(model, metadata)
    if arguments.json:
        document = _to_document(model, metadata, runtimes, outlook)
        print(json.dumps(document, indent=1, allow_nan=False))
    else:
        lines = [*_list_choice(profile), *_list_file(model)]
        lines += [*(_list_description(metadata) if metadata else ()), *_list_runtimes(runtimes)]
        lines += [("int8 here", f"{outlook.message}; do: {outlook.remedy}")] if outlook else []
        print("\n".join(f"{name:13}{value}" for name, value in lines))
    if metadata is None:
        # Cut short, it has lost its description too, and no labels would make it usable.
        _check_structure(model)
        print(
            f"edge-runtime: {model.name} carries no description of itself"
            + (
                "; it can be used with --labels FILE, one class name per line"
                if any(runtime.reason is None for runtime in runtimes)
                else ", and no runtime here loads it"
            ),
            file=sys.stderr,
        )
        return 1
    return 0


def _find_outlook(model: ModelFile, metadata: ArtifactMetadata | None) -> Int8Outlook | None:
    """What an int8 file means on this processor; None of files that are not int8."""
    if metadata is None or metadata.quantization.precision not in INT8_PRECISIONS:
        return None
    return judge_int8(describe_host(), model.format, metadata.quantization.precision)


def _check_structure(model: ModelFile) -> None:
    if model.format == "tflite":
        read_tflite_header(model.data, model.name)
    else:
        read_onnx_header(model.data, model.name)


def _list_choice(profile: Profile | None) -> Iterator[tuple[str, str]]:
    if profile is not None:
        threads = "1 thread" if profile.threads == 1 else f"{profile.threads} threads"
        yield "chosen", f"{profile.backend} {profile.backend_version}, {threads}"
        yield "", f"on {profile.host.board or profile.host.processor}, {profile.created}"


def _list_file(model: ModelFile) -> Iterator[tuple[str, str]]:
    yield "file", str(model.path)
    yield "size", f"{format_bytes(len(model.data))} ({len(model.data):,} bytes)"
    yield "sha256", hash_file(model.path)


def _list_description(metadata: ArtifactMetadata) -> Iterator[tuple[str, str]]:
    model, quantization = metadata.model, metadata.quantization
    yield "model", " – ".join(part for part in (model.name, model.description) if part)
    if model.data:
        yield "trained on", model.data
    yield "licence", model.licence
    yield "precision", f"{quantization.precision} ({quantization.method})"
    if quantization.calibration_samples:
        yield "calibrated", f"with {quantization.calibration_samples:,} pictures"
    yield "input", _describe_input(model.input)
    yield "output", f"{model.output.kind} of {len(model.labels)} classes"
    more = len(model.labels) - _SHOWN_LABELS
    shown = ", ".join(model.labels[:_SHOWN_LABELS])
    yield "labels", f"{shown}, and {more:,} more" if more > 0 else shown
    yield "accuracy", _describe_accuracy(metadata.accuracy)
    if metadata.accuracy:
        reference = metadata.accuracy
        yield "", f"{_describe_share(reference.reference_correct, reference.total)}: float model"
    yield "needs", _describe_requirements(metadata.requires)
    yield "golden", f"{len(metadata.golden)} samples; replay them: edge-runtime verify"
    yield "made", f"{metadata.created} with toolkit {metadata.toolkit_version}"


def _list_runtimes(runtimes: Sequence[BackendStatus]) -> Iterator[tuple[str, str]]:
    for place, status in enumerate(runtimes):
        works = f"yes, {status.package} {status.version}"
        name = "loads here" if place == 0 else ""
        yield name, f"{status.name}: {works if status.version else f'no: {status.reason}'}"


def _describe_input(spec: InputSpec) -> str:
    channels = "gray" if spec.channels == 1 else "RGB"
    steps = [f"resized by {spec.resize}"]
    steps += ["trimmed"] if spec.trim else []
    steps += ["sharpened"] if spec.sharpen else []
    if spec.polarity != "any":
        steps.append(f"brought to {spec.polarity}")
    return f"{spec.height} × {spec.width} pixels, {channels}; pictures are {', '.join(steps)}"


def _describe_accuracy(accuracy: MeasuredAccuracy | None) -> str:
    if accuracy is None:
        return "not stated"
    return f"{_describe_share(accuracy.correct, accuracy.total)}: this file, {accuracy.runtime}"


def _describe_share(correct: int, total: int) -> str:
    interval = wilson_interval(correct, total)
    return (
        f"{correct / total:.2%} ({interval.low * 100:.2f}–{interval.high:.2%} at "
        f"{interval.confidence:.0%}, {correct:,} of {total:,})"
    )


def _describe_requirements(requires: Requirements) -> str:
    needs = []
    if requires.tflite_runtime:
        needs.append(f"the TFLite runtime of TensorFlow {requires.tflite_runtime} or newer")
    if requires.onnx_opset:
        needs.append(f"ONNX opset {requires.onnx_opset}")
    if requires.onnx_ir_version:
        needs.append(f"ONNX IR version {requires.onnx_ir_version}")
    return ", ".join(needs) or "nothing in particular"


def _to_document(
    model: ModelFile,
    metadata: ArtifactMetadata | None,
    runtimes: Sequence[BackendStatus],
    outlook: Int8Outlook | None,
) -> dict[str, Any]:
    # The golden pictures are thousands of characters that nobody reads: their number will do.
    described = {**to_document(metadata), "golden": len(metadata.golden)} if metadata else {}
    return {
        "file": str(model.path),
        "format": model.format,
        "size_bytes": len(model.data),
        "sha256": hash_file(model.path),
        **described,
        "runtimes": to_document(tuple(runtimes)),
        "int8_here": to_document(outlook),
    }
