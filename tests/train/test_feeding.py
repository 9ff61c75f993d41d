import threading
from collections.abc import Iterator

import numpy as np
import pytest

from train.augmentation import NO_AUGMENTATION, Augmentation
from train.feeding import Prefetch, Targets, iterate_batches, to_one_hot
from train.samples import ImageDataset, Images


def _split(dataset: ImageDataset) -> tuple[Images, Targets]:
    return dataset.train.images, to_one_hot(dataset.train.labels, 10)


def test_an_epoch_holds_every_picture_once(dataset: ImageDataset) -> None:
    batches = list(iterate_batches(*_split(dataset), 64, NO_AUGMENTATION, seed=1, epoch=0))
    assert [len(images) for images, _ in batches] == [64] * 6 + [16]
    seen = np.concatenate([images for images, _ in batches])
    assert sorted(image.tobytes() for image in seen) == sorted(
        image.tobytes() for image in dataset.train.images
    )


def test_pictures_keep_their_labels(dataset: ImageDataset) -> None:
    label_of = {
        image.tobytes(): label
        for image, label in zip(dataset.train.images, dataset.train.labels, strict=True)
    }
    for images, targets in iterate_batches(*_split(dataset), 32, NO_AUGMENTATION, 0, 0):
        for image, target in zip(images, targets, strict=True):
            assert label_of[image.tobytes()] == target.argmax()


def test_chance_depends_on_seed_and_epoch_alone(dataset: ImageDataset) -> None:
    def first(seed: int, epoch: int) -> bytes:
        return next(iterate_batches(*_split(dataset), 32, Augmentation(), seed, epoch))[0].tobytes()

    assert first(1, 4) == first(1, 4)
    assert len({first(1, 4), first(2, 4), first(1, 5)}) == 3


def test_one_hot_rows_have_a_single_one() -> None:
    assert to_one_hot(np.array([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_prefetch_keeps_the_order() -> None:
    with Prefetch(iter(range(100)), ahead=3) as ahead:
        assert list(ahead) == list(range(100))
        assert ahead.waited_s >= 0


def test_what_goes_wrong_on_the_worker_reaches_the_reader() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise OSError("disk gone")

    with Prefetch(broken()) as ahead, pytest.raises(OSError, match="disk gone"):
        list(ahead)


def test_leaving_early_stops_the_worker() -> None:
    before = threading.active_count()
    with Prefetch(iter(range(10_000)), ahead=2) as ahead:
        for item in ahead:
            if item == 5:
                break
    assert threading.active_count() == before
