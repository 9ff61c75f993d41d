"""Distillation: a larger network's scores for the very pictures that the student sees.

G. Hinton and others, "Distilling the Knowledge in a Neural Network" (arXiv 1503.02531), in the
"patient and consistent" way of L. Beyer and others (arXiv 2106.05237): the teacher is asked anew
for each augmented and mixed picture, and the student matches its probabilities as they are, at
temperature 1. Cross-entropy is linear in its targets, so blending them gives just what a weighted
sum of two losses would.
"""

from dataclasses import dataclass
from typing import Literal

import keras
import numpy as np
import numpy.typing as npt

from train.errors import RunError
from train.evaluation import to_probabilities
from train.initial_run import InitialRun
from train.run_folder import MODEL
from train.samples import Images

Targets = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Teacher:
    """A trained network to learn from.

    Attributes:
        model: Fed raw pixels 0–255; never trained here.
        output: What its last layer gives.
        share: Of the targets, what its probabilities make up, 0–1.
    """

    model: keras.Model
    output: Literal["probabilities", "logits"]
    share: float

    def blend(self, images: Images, targets: Targets) -> Targets:
        """Mix targets (N, classes) with the probabilities for the same pictures."""
        scores = np.asarray(self.model.predict_on_batch(images), np.float32)
        if self.output == "logits":
            scores = to_probabilities(scores)
        blended: Targets = (1 - self.share) * targets + self.share * scores
        return blended


def load_teacher(run: InitialRun, classes: tuple[str, ...], share: float) -> Teacher:
    """Load the model of a run folder as a teacher.

    Raises:
        RunError: It knows other classes.
    """
    if run.spec.labels != classes:
        raise RunError(f"the teacher {run.folder} knows other classes than the data set")
    model = keras.models.load_model(run.folder / MODEL, compile=False)
    model.trainable = False
    return Teacher(model, run.spec.output.kind, share)
