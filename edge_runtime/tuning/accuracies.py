"""How right each artifact is on each runtime: measured on labelled pictures, or as it states."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import ArtifactMetadata
from edge_runtime.errors import ArtifactError, DataError
from edge_runtime.evaluation.labelled_set import LabelledSet, read_batches
from edge_runtime.formats.metadata import read_metadata
from edge_runtime.measurement.records import Refusal, TrialRequest
from edge_runtime.profile import Accuracy
from edge_runtime.tuning.candidates import Pair
from edge_runtime.tuning.search import LoadLabelled, Search


def find_accuracies(
    pairs: Sequence[Pair], search: Search
) -> tuple[dict[Pair, Accuracy], dict[Pair, Refusal]]:
    """Answer the labelled pictures once per artifact and runtime: threads do not matter to it.

    Without labelled pictures, take what the artifacts state of themselves.

    Returns:
        What is known of each pair, and why some could not answer.

    Raises:
        DataError: No picture can be read.
    """
    if search.load_labelled is None:
        stated = {pair: _find_stated(pair[0]) for pair in pairs}
        return {pair: found for pair, found in stated.items() if found is not None}, {}
    return _measure(pairs, search, search.load_labelled)


def _measure(
    pairs: Sequence[Pair], search: Search, load_labelled: LoadLabelled
) -> tuple[dict[Pair, Accuracy], dict[Pair, Refusal]]:
    refusals: dict[Pair, Refusal] = {}
    accuracies: dict[Pair, Accuracy] = {}
    prepared: dict[str, tuple[Path, npt.NDArray[np.int64]]] = {}
    for done, (artifact, backend) in enumerate(pairs):
        search.progress("accuracy", done, len(pairs))
        metadata = _read_description(artifact)
        if isinstance(metadata, Refusal):
            refusals[artifact, backend] = metadata
            continue
        key = repr((metadata.model.input, metadata.model.labels))
        if key not in prepared:
            file = search.scratch / f"pictures-{len(prepared)}.npy"
            prepared[key] = file, _prepare(load_labelled(metadata), metadata, file)
        images, labels = prepared[key]
        scores_to = search.scratch / "scores.npy"
        outcome = search.run_trial(
            TrialRequest("scores", str(artifact), backend, 1, str(images), scores_to=str(scores_to))
        )
        if outcome.refusal is not None:
            refusals[artifact, backend] = outcome.refusal
            continue
        answers = np.load(scores_to, allow_pickle=False).argmax(axis=1)  # (N, classes) to (N,)
        hits = int((answers == labels).sum())
        accuracies[artifact, backend] = Accuracy(hits, len(labels), "measured")
    search.progress("accuracy", len(pairs), len(pairs))
    return accuracies, refusals


def _prepare(data: LabelledSet, metadata: ArtifactMetadata, file: Path) -> npt.NDArray[np.int64]:
    """Write pictures of the model's size as .npy; returns the classes of those that are readable.

    Raises:
        DataError: None is.
    """
    batches = list(read_batches(data, metadata.model.input))
    places = np.concatenate([batch.places for batch in batches])
    if not len(places):
        raise DataError(f"no picture can be read: {batches[0].unreadable[0].reason}")
    np.save(file, np.concatenate([batch.pixels for batch in batches]))
    labels: npt.NDArray[np.int64] = data.labels[places]
    return labels


def _read_description(artifact: Path) -> ArtifactMetadata | Refusal:
    try:
        metadata = read_metadata(artifact)
    except ArtifactError as error:
        return Refusal(type(error).__name__, str(error))
    if metadata is None:
        return Refusal("MetadataError", "it carries no description, so its classes have no names")
    return metadata


def _find_stated(artifact: Path) -> Accuracy | None:
    metadata = _read_description(artifact)
    if isinstance(metadata, Refusal) or metadata.accuracy is None:
        return None
    return Accuracy(metadata.accuracy.correct, metadata.accuracy.total, "stated")
