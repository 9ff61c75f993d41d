"""Stratified choices: each class gets its fair share, and a seed gives the same choice again."""

import numpy as np
import numpy.typing as npt

from train.samples import LabelledImages, Labels

Places = npt.NDArray[np.intp]


def split_stratified(
    samples: LabelledImages, fraction: float, seed: int
) -> tuple[LabelledImages, LabelledImages]:
    """Split into (kept, held out); see `split_places`."""
    kept, held_out = split_places(samples.labels, fraction, seed)
    return samples.take(kept), samples.take(held_out)


def split_places(labels: Labels, fraction: float, seed: int) -> tuple[Places, Places]:
    """Return the places of those kept and of those held out, the same fraction of every class.

    A class keeps at least one picture and holds out at least one where it has two or more.

    Args:
        labels: int64 (N,), class indices.
        fraction: Share to hold out, above 0 and below 1.
        seed: The same seed gives the same split.

    Raises:
        ValueError: The fraction is out of range.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"the fraction to hold out must lie between 0 and 1, found {fraction}")
    random = np.random.default_rng(seed)
    held_out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        places = random.permutation(np.flatnonzero(labels == label))
        count = round(len(places) * fraction)
        held_out[places[: min(max(count, 1), len(places) - 1)]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def choose_stratified(samples: LabelledImages, count: int, seed: int) -> LabelledImages:
    """Choose up to `count` pictures, classes in turn, so that any leading part is balanced."""
    random = np.random.default_rng(seed)
    # Rank within its class, then class: sorting by both deals the classes out in turn.
    order = random.permutation(len(samples))
    labels = samples.labels[order]
    rank = np.empty(len(samples), np.int64)
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        rank[places] = np.arange(len(places))
    return samples.take(order[np.lexsort((labels, rank))[:count]])
