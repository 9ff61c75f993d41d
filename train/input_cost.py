"""What augmentation adds to an epoch: by itself, and as the trainer notices it."""

import statistics
import time
from dataclasses import asdict, dataclass
from typing import Any

from train.augmentation import NO_AUGMENTATION
from train.feeding import Prefetch, iterate_batches, to_one_hot
from train.mixing import NO_MIXING
from train.progress import Progress
from train.run_folder import current_versions
from train.samples import ImageDataset
from train.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class InputCost:
    """Times of whole epochs, in seconds, one entry for each repetition.

    Attributes:
        pictures: In an epoch.
        augment_alone_s: Preparing all batches, with nothing else running.
        plain_epoch_s: Training epochs on unchanged pictures.
        augmented_epoch_s: Training epochs on augmented ones, in turn with the plain ones.
        augmented_wait_s: Of these, what the trainer waited for batches.
        versions: What it ran on.
    """

    pictures: int
    augment_alone_s: tuple[float, ...]
    plain_epoch_s: tuple[float, ...]
    augmented_epoch_s: tuple[float, ...]
    augmented_wait_s: tuple[float, ...]
    versions: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


def measure_input_cost(
    dataset: ImageDataset, settings: TrainingSettings, pairs: int, progress: Progress
) -> InputCost:
    """Train epochs with and without augmentation in turn, after one to warm up."""
    from train.fitting import compile_model
    from train.phases import float_phase
    from train.precision import narrow_convolutions
    from train.starting import build_starting_model

    targets = to_one_hot(dataset.train.labels, len(dataset.class_names))
    start = build_starting_model(settings, dataset.input.shape, dataset.class_names, None)
    if settings.mixed_precision:
        narrow_convolutions(start.model)
    steps = -(-len(dataset.train) // settings.batch_size)
    compile_model(start.model, settings, float_phase(settings), steps, start.output == "logits")

    def run_epoch(number: int, augmented: bool, title: str) -> tuple[float, float]:
        how = settings.augmentation if augmented else NO_AUGMENTATION
        mixing = settings.mixing if augmented else NO_MIXING
        source = iterate_batches(
            dataset.train.images,
            targets,
            settings.batch_size,
            how,
            settings.seed,
            number,
            mixing,
        )
        started = time.perf_counter()
        with Prefetch(source) as batches:
            for images, wanted in progress.track(batches, steps, title):
                start.model.train_on_batch(images, wanted)
            return time.perf_counter() - started, batches.waited_s

    run_epoch(0, True, "Warming up")
    alone, plain, augmented, waited = [], [], [], []
    for pair in range(1, pairs + 1):
        plain.append(run_epoch(pair, False, f"Plain epoch {pair} of {pairs}")[0])
        duration_s, wait_s = run_epoch(pair, True, f"Augmented epoch {pair} of {pairs}")
        augmented.append(duration_s)
        waited.append(wait_s)
        alone.append(_time_preparation(dataset, settings, pair))
    return InputCost(
        len(dataset.train),
        tuple(alone),
        tuple(plain),
        tuple(augmented),
        tuple(waited),
        current_versions(),
    )


def format_cost(cost: InputCost) -> str:
    """Return the comparison as text."""
    alone, plain, augmented, waited = (
        statistics.median(times)
        for times in (
            cost.augment_alone_s,
            cost.plain_epoch_s,
            cost.augmented_epoch_s,
            cost.augmented_wait_s,
        )
    )
    return (
        f"Preparing {cost.pictures:,} augmented pictures takes {alone:.2f} s by itself "
        f"({alone / cost.pictures * 1e6:.1f} µs a picture), on a worker thread.\n"
        f"An epoch takes {plain:.2f} s plain and {augmented:.2f} s augmented: "
        f"{(augmented - plain) / plain:+.1%}; the trainer waits {waited:.2f} s for pictures.\n"
        f"Medians of {len(cost.plain_epoch_s)} epochs each, in turn; {', '.join(cost.versions)}."
    )


def _time_preparation(dataset: ImageDataset, settings: TrainingSettings, epoch: int) -> float:
    targets = to_one_hot(dataset.train.labels, len(dataset.class_names))
    started = time.perf_counter()
    for _ in iterate_batches(
        dataset.train.images,
        targets,
        settings.batch_size,
        settings.augmentation,
        settings.seed,
        epoch,
        settings.mixing,
    ):
        pass
    return time.perf_counter() - started
