"""Choosing the pictures that travel inside an artifact with their scores."""

import numpy as np
import numpy.typing as npt

from edge_runtime.contract import GoldenSample
from export.samples import Samples

# So that the description of a model for large photos stays small beside the model itself.
MAX_BYTES = 96 * 1024


def choose_golden(samples: Samples, reference: npt.NDArray[np.float32]) -> tuple[int, ...]:
    """Choose one picture per class, as many as fit into `MAX_BYTES`; always at least one.

    Of each class it is the first that the float model labels rightly, so that a picture on the
    edge between two classes does not make a healthy device look broken; else the first.

    Args:
        samples: Where to choose from.
        reference: (N, classes), the float model's scores for them.

    Returns:
        Indices into `samples`, by class.
    """
    hit = reference.argmax(axis=1) == samples.labels
    chosen: list[int] = []
    size = 0
    for label in np.unique(samples.labels):
        members = np.flatnonzero(samples.labels == label)
        index = int(members[np.argmax(hit[members])])
        # What one sample takes in the document: the picture, and nine digits per score.
        sample = GoldenSample.from_image(samples.images[index], int(label), reference[index])
        size += len(sample.pixels) + 16 * len(sample.scores)
        if chosen and size > MAX_BYTES:
            break
        chosen.append(index)
    return tuple(chosen)


def build_golden(
    samples: Samples, indices: tuple[int, ...], scores: npt.NDArray[np.float32]
) -> tuple[GoldenSample, ...]:
    """Bind the chosen pictures to an artifact's own scores (N, classes) for all samples."""
    return tuple(
        GoldenSample.from_image(samples.images[i], int(samples.labels[i]), scores[i])
        for i in indices
    )
