"""Batches for the trainer, prepared ahead on a worker thread.

Every batch draws its chance from (seed, epoch, batch) alone, so a run that was interrupted and
resumed sees exactly the pictures that it would have seen without the interruption.
"""

import queue
import threading
import time
from collections.abc import Iterator
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from train.augmentation import Augmentation, augment
from train.mixing import NO_MIXING, Mixing, mix
from train.samples import Images

T = TypeVar("T")
Targets = npt.NDArray[np.float32]
Batch = tuple[Images, Targets]

# Batches kept ready: enough to ride out a slow moment, small enough to cost no memory.
_AHEAD = 8


def iterate_batches(
    images: Images,
    targets: Targets,
    batch_size: int,
    how: Augmentation,
    seed: int,
    epoch: int,
    mixing: Mixing = NO_MIXING,
) -> Iterator[Batch]:
    """Give the batches of one epoch, shuffled, augmented and mixed.

    Args:
        images: uint8 (N, height, width, channels).
        targets: float32 (N, classes), each row adding up to 1.
        batch_size: Pictures in a batch; the last one may be smaller.
        how: How pictures are changed.
        seed: Of the run.
        epoch: Its number.
        mixing: How pictures are then mixed, and their targets with them.
    """
    order = np.random.default_rng((seed, epoch)).permutation(len(images))
    for number, start in enumerate(range(0, len(images), batch_size)):
        chosen = order[start : start + batch_size]
        random = np.random.default_rng((seed, epoch, number))
        yield mix(augment(images[chosen], how, random), targets[chosen], mixing, random)


def to_one_hot(labels: npt.NDArray[np.int64], classes: int) -> Targets:
    """Turn class indices (N,) into rows (N, classes) with a single 1."""
    return np.eye(classes, dtype=np.float32)[labels]


class Prefetch(Generic[T]):
    """Iterates over `source` on a worker thread, a few items ahead of its reader.

    Use as a context manager; leaving it stops the worker even where items are left.

    Attributes:
        waited_s: Seconds that the reader has waited for items so far, the first one included.
    """

    def __init__(self, source: Iterator[T], ahead: int = _AHEAD) -> None:
        self.waited_s = 0.0
        self._source = source
        self._ready: queue.Queue[T | BaseException | None] = queue.Queue(ahead)
        self._stopped = threading.Event()
        self._worker = threading.Thread(target=self._work, name="batches", daemon=True)

    def _work(self) -> None:
        try:
            for item in self._source:
                self._ready.put(item)
                if self._stopped.is_set():
                    return
        except BaseException as error:
            # Whatever went wrong must reach the reader, or it would wait for ever.
            self._ready.put(error)
        else:
            self._ready.put(None)

    def __enter__(self) -> "Prefetch[T]":
        self._worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        while self._worker.is_alive():
            # A full queue may hold the worker back: make room until it has seen the stop.
            try:
                self._ready.get(timeout=0.05)
            except queue.Empty:
                continue

    def __iter__(self) -> Iterator[T]:
        while True:
            asked = time.perf_counter()
            item = self._ready.get()
            self.waited_s += time.perf_counter() - asked
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
