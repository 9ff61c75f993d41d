import dataclasses

import numpy as np
import pytest

from train.errors import DataError
from train.samples import ImageDataset, LabelledImages


def test_pictures_of_another_type_or_shape_are_refused() -> None:
    labels = np.zeros(2, np.int64)
    with pytest.raises(DataError, match="uint8"):
        LabelledImages(np.zeros((2, 4, 4, 1), np.float32), labels)
    with pytest.raises(DataError, match="uint8"):
        LabelledImages(np.zeros((2, 4, 4), np.uint8), labels)
    with pytest.raises(DataError, match=r"int64 \(3,\)"):
        LabelledImages(np.zeros((3, 4, 4, 1), np.uint8), labels)


def test_labels_outside_the_classes_are_refused(dataset: ImageDataset) -> None:
    with pytest.raises(DataError, match="labels 0 to 8"):
        dataclasses.replace(dataset, class_names=dataset.class_names[:9])


def test_the_fingerprint_sees_pictures_labels_and_names(dataset: ImageDataset) -> None:
    swapped = dataset.class_names[::-1]
    others = [
        dataclasses.replace(dataset, class_names=swapped),
        dataclasses.replace(dataset, test=dataset.train),
        dataclasses.replace(dataset, train=dataset.train.take(np.arange(399))),
    ]
    prints = {one.fingerprint() for one in (dataset, *others)}
    assert len(prints) == 4
    assert dataset.fingerprint() == dataclasses.replace(dataset, name="other").fingerprint()
