import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.samples import ImageDataset, LabelledImages
from train.split import choose_stratified, split_stratified


def _numbered(labels: list[int]) -> LabelledImages:
    """Pictures that carry their own number, so that each can be followed."""
    numbers = np.arange(len(labels), dtype=np.uint8).reshape(-1, 1, 1, 1)
    return LabelledImages(numbers, np.array(labels, np.int64))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=100), st.floats(0.05, 0.95))
def test_a_split_loses_nothing_and_doubles_nothing(labels: list[int], fraction: float) -> None:
    kept, held_out = split_stratified(_numbered(labels), fraction, seed=1)
    both = np.concatenate([kept.images.ravel(), held_out.images.ravel()])
    assert sorted(both.tolist()) == list(range(len(labels)))
    for label in set(labels):
        assert label in kept.labels
        if labels.count(label) > 1:
            assert label in held_out.labels


def test_each_class_gives_its_share(dataset: ImageDataset) -> None:
    kept, held_out = split_stratified(dataset.train, 0.1, seed=3)
    assert np.bincount(held_out.labels).tolist() == [4] * 10
    assert np.bincount(kept.labels).tolist() == [36] * 10


def test_the_seed_decides_the_split(dataset: ImageDataset) -> None:
    first, again, other = (split_stratified(dataset.train, 0.1, seed)[1] for seed in (1, 1, 2))
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5])
def test_a_share_out_of_range_is_refused(dataset: ImageDataset, fraction: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_stratified(dataset.train, fraction, seed=0)


def test_any_leading_part_of_a_choice_is_balanced(dataset: ImageDataset) -> None:
    chosen = choose_stratified(dataset.train, 100, seed=0)
    for end in (10, 50, 100):
        assert np.bincount(chosen.labels[:end]).tolist() == [end // 10] * 10


def test_a_choice_larger_than_the_set_is_the_set(dataset: ImageDataset) -> None:
    assert len(choose_stratified(dataset.train, 10_000, seed=0)) == 400
