"""Laws of mixing: shares add up, pictures and targets are mixed alike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.augmentation import NO_AUGMENTATION
from train.feeding import iterate_batches, to_one_hot
from train.mixing import NO_MIXING, Mixing, blend, mix, paste
from train.samples import ImageDataset

IMAGES = np.random.default_rng(0).integers(0, 256, (8, 12, 9, 1)).astype(np.uint8)
TARGETS = to_one_hot(np.arange(8, dtype=np.int64) % 4, 4)
PARTNERS = np.roll(np.arange(8), 3)


@given(kept=st.floats(0, 1))
def test_blending_keeps_the_shares(kept: float) -> None:
    images, targets = blend(IMAGES, TARGETS, kept, PARTNERS)
    exact = kept * IMAGES.astype(float) + (1 - kept) * IMAGES[PARTNERS]
    assert np.abs(images - exact).max() <= 0.5 + 1e-4
    assert np.allclose(targets, kept * TARGETS + (1 - kept) * TARGETS[PARTNERS], atol=1e-6)


@given(kept=st.floats(0, 1), seed=st.integers(0, 1000))
def test_pasting_counts_the_pixels_that_it_replaced(kept: float, seed: int) -> None:
    white, black = np.full_like(IMAGES, 255), np.zeros_like(IMAGES)
    both = np.concatenate([white, black])
    partners = np.roll(np.arange(16), 8)
    targets = to_one_hot(np.repeat(np.arange(2, dtype=np.int64), 8), 2)
    images, mixed = paste(both, targets, kept, partners, np.random.default_rng(seed))
    own = (images[0] == 255).mean()
    assert mixed[0, 0] == pytest.approx(own, abs=1e-6)
    assert own >= kept - 2 / 9  # a rectangle of whole pixels, cut off at the edge
    assert np.allclose(mixed.sum(1), 1, atol=1e-6)
    assert set(np.unique(images)) <= {0, 255}


def test_no_mixing_draws_no_chance() -> None:
    random = np.random.default_rng(3)
    images, targets = mix(IMAGES, TARGETS, NO_MIXING, random)
    assert images is IMAGES
    assert targets is TARGETS
    assert random.random() == np.random.default_rng(3).random()


def test_batches_are_mixed_as_often_as_asked_and_alike_each_time(dataset: ImageDataset) -> None:
    def count_soft(how: Mixing) -> int:
        split = dataset.train.images, to_one_hot(dataset.train.labels, 10)
        batches = list(iterate_batches(*split, 4, NO_AUGMENTATION, 0, 0, how))
        again = list(iterate_batches(*split, 4, NO_AUGMENTATION, 0, 0, how))
        for one, other in zip(batches, again, strict=True):
            assert np.array_equal(one[0], other[0])
            assert np.array_equal(one[1], other[1])
        return sum(not np.isin(targets, (0, 1)).all() for _, targets in batches)

    assert count_soft(NO_MIXING) == 0
    assert 30 <= count_soft(Mixing(mixup=0.5)) <= 65  # of 100; a few pairs are of one class
    assert 60 <= count_soft(Mixing(mixup=0.5, cutmix=0.5)) <= 100


def test_the_original_pictures_stay_as_they_are() -> None:
    before = IMAGES.copy()
    mix(IMAGES, TARGETS, Mixing(mixup=1.0), np.random.default_rng(0))
    mix(IMAGES, TARGETS, Mixing(cutmix=1.0), np.random.default_rng(0))
    assert np.array_equal(IMAGES, before)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mixup": 1.5}, "mixup must lie between 0 and 1, found 1.5"),
        ({"mixup": 0.6, "cutmix": 0.6}, "together must be at most 1, found 1.2"),
        ({"alpha": 0.0}, "alpha must be above 0"),
    ],
)
def test_impossible_mixing_is_refused(values: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Mixing(**values)
