"""What networks said of pictures, kept between runs.

Several seeds, and several students, ask the same teachers for the same pictures; asking a large one
can take longer than a small student's whole training.
"""

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from train.cache import cache_folder
from train.files import replace_file
from train.samples import Images

Answers = npt.NDArray[np.float32]


def recall_answers(
    network: str, images: Images, classes: int, ask: Callable[[], Answers]
) -> Answers:
    """Return what a network says of pictures, asking it only where that is not known yet.

    Args:
        network: Identifies it and its weights.
        images: uint8 (N, height, width, channels).
        classes: Its answers are float32 (N, classes).
        ask: Has it answer.
    """
    path = _locate(network, images)
    try:
        # Opened here because numpy leaves the file open where it is no array.
        with path.open("rb") as file:
            kept = np.load(file, allow_pickle=False)
        if kept.shape == (len(images), classes) and kept.dtype == np.float32:
            known: Answers = kept
            return known
    except (OSError, ValueError, EOFError, AttributeError):
        pass  # Not there, or damaged: asked again, and written anew.
    answers = ask()
    # Where nothing can be kept, the next run asks again.
    with (
        contextlib.suppress(OSError),
        replace_file(path) as beside,
        beside.open("wb") as file,
    ):
        np.save(file, answers)
    return answers


def _locate(network: str, images: Images) -> Path:
    about = hashlib.sha256(repr((network, images.shape)).encode())
    about.update(np.ascontiguousarray(images).data)
    return cache_folder("answers") / f"{about.hexdigest()[:32]}.npy"
