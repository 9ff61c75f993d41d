"""From a file to open sessions: description, preflight, backend, and that they fit together."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge_runtime.backends.protocol import Backend, Session, TensorInfo
from edge_runtime.backends.registry import choose_backend, open_another
from edge_runtime.choice import MOST_THREADS
from edge_runtime.contract import ArtifactMetadata, InputSpec, OutputSpec, check_text
from edge_runtime.cores import count_usable_cores
from edge_runtime.errors import ArtifactError, MetadataError
from edge_runtime.formats.metadata import read_model_metadata
from edge_runtime.formats.model_file import ModelFile, load_model_file
from edge_runtime.models import DEFAULT_STEM, find_default_model
from edge_runtime.pool import RunnerPool
from edge_runtime.scoring import build_scorer

# How far a row of probabilities may be from summing to 1, beside what storing them rounds away: up
# to half a step of each, which for a thousand classes in int8 is more than all of it. Eight bits
# store probabilities in steps of this.
_SUM_TOLERANCE, _LARGEST_STEP = 0.05, 1 / 256


@dataclass(frozen=True, slots=True)
class OpenedArtifact:
    """An artifact with its sessions.

    Attributes:
        backend: The runtime that opened it.
        pools: For single pictures, and for large batches (the same where one thread invokes).
        metadata: Its description; None where it carries none.
        labels: One per class.
        input: What the model is fed.
        output: What it answers.
        threads: Threads of one invocation.
        output_scale: Real size of one step of the stored scores; 0.0 where they are floats.
    """

    backend: Backend
    pools: tuple[RunnerPool, RunnerPool]
    metadata: ArtifactMetadata | None
    labels: tuple[str, ...]
    input: InputSpec
    output: OutputSpec
    threads: int
    output_scale: float


def open_artifact(
    path: str | os.PathLike[str],
    *,
    backend: str,
    threads: int | Literal["auto"],
    labels: Sequence[str] | None,
    fast_int8: bool = False,
) -> OpenedArtifact:
    """Open a model file for a classifier; see `Classifier.load`."""
    model = load_model_file(find_default_model(backend) if path == DEFAULT_STEM else path)
    metadata = read_model_metadata(model)
    per_call, workers = _resolve_threads(threads)
    chosen, session = choose_backend(model, backend, per_call, fast_int8=fast_int8)
    try:
        names = _resolve_labels(model, metadata, labels, session.output)
        input_spec = _resolve_input(model, metadata, session.input)
        if metadata is None or metadata.content_sha256 is None:
            # Nobody vouches for these bytes, so they are tried before they are relied on.
            observed = _observe_output(model, session, input_spec, len(names))
        output_spec = metadata.model.output if metadata else observed
    except BaseException:
        session.close()
        raise
    pool = RunnerPool(
        lambda: open_another(chosen, model, per_call, fast_int8=fast_int8),
        workers if per_call == 1 else 1,
    )
    pool.add(session)
    bulk = pool
    if per_call > 1:
        bulk = RunnerPool(lambda: open_another(chosen, model, 1, fast_int8=fast_int8), workers)
    return OpenedArtifact(
        chosen,
        (pool, bulk),
        metadata,
        names,
        input_spec,
        output_spec,
        per_call,
        session.output.scale,
    )


def _resolve_threads(threads: int | Literal["auto"]) -> tuple[int, int]:
    if threads == "auto":
        return 1, count_usable_cores()
    if type(threads) is not int or not 1 <= threads <= MOST_THREADS:
        raise ValueError(f"threads must be 'auto' or 1 to {MOST_THREADS}, found {threads!r}")
    return threads, threads


def _resolve_labels(
    model: ModelFile,
    metadata: ArtifactMetadata | None,
    labels: Sequence[str] | None,
    output: TensorInfo,
) -> tuple[str, ...]:
    classes = output.shape[1]
    if labels is None:
        if metadata is None:
            raise MetadataError(
                f"{model.name} carries no description of itself, so its {classes} classes have no "
                "names. Hand them in: labels=[...], or on the command line --labels FILE with one "
                "name per line."
            )
        labels = metadata.model.labels
    # The letters of "labels.txt" would do for a model of ten classes.
    # A set has no order, and what gives its names only once cannot be counted.
    is_list = hasattr(labels, "__getitem__") and not isinstance(labels, str | bytes | Mapping)
    if not is_list or not all(isinstance(label, str) for label in labels):
        raise TypeError(f"labels must be a list of names, one per class, found {labels!r:.60}")
    if classes not in (len(labels), -1):
        raise ArtifactError(
            f"{model.name} answers {classes} classes, but there are {len(labels)} labels; hand in "
            "one per class, in the order of its outputs"
        )
    if len(labels) < 2:
        raise ArtifactError(f"a classifier needs at least 2 labels, found {len(labels)}")
    for number, label in enumerate(labels, start=1):
        check_text(label)
        if not label.strip():
            raise ArtifactError(
                f"label {number} of {len(labels)} is empty; each class needs a name"
            )
    return tuple(labels)


def _resolve_input(
    model: ModelFile, metadata: ArtifactMetadata | None, tensor: TensorInfo
) -> InputSpec:
    height, width, channels = tensor.shape[1:]
    if metadata is None:
        if min(height, width) < 1:
            raise ArtifactError(
                f"{model.name} leaves its input size open: {tensor.shape}. Export it with a fixed "
                "height and width"
            )
        _note_missing_description(model)
        return InputSpec(height, width, channels)
    for stated, found in zip(metadata.model.input.shape, tensor.shape[1:], strict=True):
        if found not in (stated, -1):
            raise MetadataError(
                f"{model.name} describes an input of {metadata.model.input.shape}, "
                f"but its input tensor is {tensor.shape[1:]}"
            )
    return metadata.model.input


def _note_missing_description(model: ModelFile) -> None:
    import logging  # Costs 2 ms on a fast machine; described artifacts never come here.

    logging.getLogger("edge_runtime").warning(
        "%s carries no description of itself: raw pixels 0–255 are assumed, and nothing tells "
        "whether the file is as it was exported",
        model.name,
    )


def _observe_output(
    model: ModelFile, session: Session, spec: InputSpec, classes: int
) -> OutputSpec:
    # Nothing states whether these are probabilities, but a softmax can be told by its sum.
    score = build_scorer(session)
    kind: Literal["probabilities", "logits"] = "probabilities"
    tolerance = _SUM_TOLERANCE + classes * min(session.output.scale, _LARGEST_STEP) / 2
    for level in (0, 96, 255):
        scores = score(np.full((1, *spec.shape), level, np.uint8))
        if scores.shape != (1, classes):
            raise ArtifactError(
                f"{model.name} is no image classifier: one picture and {classes} labels, but it "
                f"answers {scores.shape}"
            )
        if not np.isfinite(scores).all():
            raise ArtifactError(
                f"{model.name} answers scores that are no finite numbers; its weights are damaged, "
                "or do not fit its precision. Export it again."
            )
        is_within = scores.min() >= 0.0 and scores.max() <= 1.0 + _SUM_TOLERANCE
        if not is_within or abs(float(scores.sum()) - 1.0) > tolerance:
            kind = "logits"
    return OutputSpec(kind)
