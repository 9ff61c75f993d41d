"""Distillation: what better networks say of the training pictures, as part of the targets.

G. Hinton and others, "Distilling the Knowledge in a Neural Network" (arXiv 1503.02531), at
temperature 1. Cross-entropy is linear in its targets, so blending the teachers' probabilities into
them gives just what a weighted sum of two losses would.

The teachers are asked once, before training (`train.answers` keeps what they say), and not anew for
each changed picture as in L. Beyer and others (arXiv 2106.05237): beside a small student, a large
teacher in every step would cost many times what the student does. Their answers for a picture and
for its mirror image are averaged, which is as close as a fixed target comes to changes that a shift
of a pixel or two makes.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from train.answers import recall_answers
from train.errors import RunError
from train.evaluation import to_probabilities
from train.initial_run import InitialRun
from train.progress import Progress
from train.samples import Images
from train.stored_network import load_network

Targets = npt.NDArray[np.float32]

# Pictures asked about at a time.
_BATCH = 500


def learn_from_teachers(
    targets: Targets,
    images: Images,
    teachers: Sequence[InitialRun],
    classes: tuple[str, ...],
    share: float,
    mirrored: bool,
    progress: Progress,
) -> Targets:
    """Blend the mean of the teachers' probabilities into targets.

    Args:
        targets: float32 (N, classes), rows adding up to 1; left as it is.
        images: uint8 (N, height, width, channels), the pictures that they belong to, unchanged.
        teachers: Runs whose networks are asked; at least one.
        classes: The names of the columns.
        share: Of the result, what the teachers make up, 0–1.
        mirrored: Whether the mirror images are asked about too.
        progress: Where progress is shown.

    Raises:
        RunError: A teacher knows other classes or takes pictures of another size.
    """
    for run in teachers:
        _check_teacher(run, classes, images.shape[1:])
    views = [images, images[:, :, ::-1]] if mirrored else [images]
    said = np.zeros_like(targets)
    for run in teachers:
        for view in views:
            said += recall_answers(
                run.digest(), view, len(classes), partial(_ask, run, view, progress)
            )
    said /= len(teachers) * len(views)
    blended: Targets = (1 - share) * targets + share * said
    return blended


def _ask(run: InitialRun, images: Images, progress: Progress) -> Targets:
    model = load_network(run)
    logits = run.spec.output.kind == "logits"

    def answers() -> Iterator[Targets]:
        for start in range(0, len(images), _BATCH):
            scores = np.asarray(model.predict_on_batch(images[start : start + _BATCH]), np.float32)
            yield to_probabilities(scores) if logits else scores

    batches, title = -(-len(images) // _BATCH), f"Asking {run.folder.name}"
    said = np.concatenate(list(progress.track(answers(), batches, title)))
    expected = (len(images), len(run.spec.labels))
    if said.shape != expected or not np.isfinite(said).all():
        what = "others than numbers" if said.shape == expected else f"of the shape {said.shape[1:]}"
        raise RunError(
            f"the teacher {run.folder} does not answer each picture with {expected[1]} scores, as "
            f"its spec.json says, but with some {what}; train it again"
        )
    return said


def _check_teacher(run: InitialRun, classes: tuple[str, ...], shape: tuple[int, ...]) -> None:
    if run.spec.labels != classes:
        raise RunError(f"the teacher {run.folder} knows other classes than the data set")
    if run.spec.input.shape != shape:
        raise RunError(
            f"the teacher {run.folder} takes pictures of {run.spec.input.shape} (height, width, "
            f"channels); those to learn from are {tuple(shape)}"
        )
