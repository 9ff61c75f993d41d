import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.augmentation import NO_AUGMENTATION, Augmentation, augment
from train.samples import ImageDataset, Images


@pytest.fixture
def images(dataset: ImageDataset) -> Images:
    return dataset.train.images[:64]


def test_nothing_asked_changes_nothing_and_copies(images: Images) -> None:
    same = augment(images, NO_AUGMENTATION, np.random.default_rng(0))
    assert np.array_equal(same, images)
    assert not np.shares_memory(same, images)


@given(
    st.booleans(),
    st.floats(0, 0.5),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from([1, 3]),
)
def test_shape_and_type_stay_whatever_the_size(
    flip: bool, shift: float, erase: float, area: float, height: int, width: int, channels: int
) -> None:
    random = np.random.default_rng(0)
    before = random.integers(0, 256, (5, height, width, channels), np.uint8)
    kept = before.copy()
    after = augment(before, Augmentation(flip, shift, erase, area), random)
    assert after.shape == before.shape
    assert after.dtype == np.uint8
    assert np.array_equal(before, kept)


def test_a_flip_mirrors_some_pictures_and_leaves_the_others(images: Images) -> None:
    changed = augment(images, Augmentation(shift=0, erase=0), np.random.default_rng(0))
    mirrored = [np.array_equal(a, b[:, ::-1]) for a, b in zip(changed, images, strict=True)]
    same = [np.array_equal(a, b) for a, b in zip(changed, images, strict=True)]
    assert all(m or s for m, s in zip(mirrored, same, strict=True))
    assert 16 < sum(mirrored) < 48


def test_a_shift_moves_by_whole_pixels_within_its_reach() -> None:
    image = np.zeros((1, 9, 9, 1), np.uint8)
    image[0, 4, 4] = 255
    places = set()
    for seed in range(200):
        moved = augment(
            image, Augmentation(flip=False, shift=0.23, erase=0), np.random.default_rng(seed)
        )
        (row,), (column,) = np.nonzero(moved[0, :, :, 0])
        places.add((int(row), int(column)))
    assert places == {(row, column) for row in range(2, 7) for column in range(2, 7)}


def test_the_ground_decides_what_moves_in() -> None:
    image = np.full((50, 8, 8, 3), 200, np.uint8)
    for ground, darkest in (("black", 0), ("edge", 200)):
        how = Augmentation(flip=False, shift=0.25, erase=0, ground=ground)  # type: ignore[arg-type]
        assert augment(image, how, np.random.default_rng(0)).min() == darkest


def test_erasing_fills_one_rectangle_of_the_area_asked() -> None:
    image = np.zeros((200, 28, 28, 1), np.uint8)
    how = Augmentation(flip=False, shift=0, erase=1.0, erase_area=0.2)
    erased = augment(image, how, np.random.default_rng(0))[..., 0] > 0
    for picture in erased:
        rows, columns = np.flatnonzero(picture.any(1)), np.flatnonzero(picture.any(0))
        box = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert box.mean() > 0.7  # noise holds a few zeros, and small boxes lose their rims
        assert 0.005 < box.size / 784 < 0.25


def test_erasing_meets_its_probability() -> None:
    image = np.zeros((2000, 8, 8, 1), np.uint8)
    how = Augmentation(flip=False, shift=0, erase=0.25)
    touched = augment(image, how, np.random.default_rng(0)).any(axis=(1, 2, 3)).mean()
    assert 0.2 < touched < 0.3


@pytest.mark.parametrize("wrong", [{"shift": 0.6}, {"erase": -0.1}, {"erase_area": 2.0}])
def test_values_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must lie between 0 and"):
        Augmentation(**wrong)  # type: ignore[arg-type]
