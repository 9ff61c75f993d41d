"""The training loop: cross-entropy, a cosine schedule, and resuming after any epoch."""

import math
import time
from pathlib import Path

import keras
import numpy as np

from train.averaging import averaged_weights, take_average
from train.checkpoint import load_checkpoint, restore_checkpoint, save_checkpoint
from train.errors import RunError
from train.evaluation import predict_scores
from train.feeding import Prefetch, Targets, iterate_batches, to_one_hot
from train.history import Epoch
from train.optimizers import build_optimizer
from train.phases import Phase
from train.progress import Progress
from train.samples import Images, LabelledImages
from train.settings import TrainingSettings


def compile_model(
    model: keras.Model,
    settings: TrainingSettings,
    phase: Phase,
    steps_per_epoch: int,
    from_logits: bool,
) -> None:
    """Give the model its loss, optimizer and schedule."""
    model.compile(
        optimizer=_build_optimizer(settings, phase, steps_per_epoch),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=from_logits, label_smoothing=settings.label_smoothing
        ),
        metrics=["accuracy"],
        # On a CPU, XLA makes these networks two to three times slower than TensorFlow's own graph.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )


def _build_optimizer(
    settings: TrainingSettings, phase: Phase, steps_per_epoch: int
) -> keras.optimizers.Optimizer:
    warmup = max(1, round(phase.warmup_epochs * steps_per_epoch))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=phase.learning_rate,
        warmup_steps=warmup,
        decay_steps=max(1, phase.epochs * steps_per_epoch - warmup),
    )
    return build_optimizer(phase.optimizer, schedule, settings.weight_decay, settings.ema)


def fit(
    model: keras.Model,
    images: Images,
    targets: Targets,
    validation: LabelledImages,
    settings: TrainingSettings,
    phase: Phase,
    *,
    from_logits: bool,
    identity: str,
    folder: Path,
    progress: Progress,
) -> tuple[Epoch, ...]:
    """Train to the phase's last epoch, from the folder's checkpoint where there is one.

    Args:
        model: Freshly built; its weights are replaced by the checkpoint's.
        images: uint8 (N, height, width, channels) to learn from, augmented anew in each epoch.
        targets: float32 (N, classes), what is to be said of them.
        validation: What it is judged on after each epoch; never trained on.
        settings: How to train.
        phase: Which epochs, under which schedule.
        from_logits: Whether the model's outputs are logits.
        identity: Names the run; a checkpoint of another run is refused.
        folder: Where the checkpoint lives.
        progress: Where progress is shown.

    Returns:
        One entry for each epoch, those of earlier phases and before an interruption included.

    Raises:
        RunError: The checkpoint belongs to another run, or the loss left the finite numbers.
    """
    steps = math.ceil(len(images) / settings.batch_size)
    compile_model(model, settings, phase, steps, from_logits)
    epochs: tuple[Epoch, ...] = ()
    found = load_checkpoint(folder)
    if found is not None:
        if found.identity != identity:
            raise RunError(f"{folder} holds another run's checkpoint; start again with --force")
        epochs = found.epochs
        if len(epochs) > phase.first:
            restore_checkpoint(folder, model)
            progress.say(f"Resuming after epoch {len(epochs)} of {phase.end}")
    for number in range(len(epochs), phase.end):
        epoch = _run_epoch(model, images, targets, validation, settings, number, steps, progress)
        if not math.isfinite(epoch.loss):
            raise RunError(
                f"the loss is {epoch.loss} after epoch {epoch.epoch}: lower --learning-rate "
                f"(it is {settings.learning_rate:g}) and start again with --force"
            )
        epochs = (*epochs, epoch)
        save_checkpoint(folder, model, identity, epochs)
        progress.say(_format_epoch(epoch, phase.end))
    take_average(model, images, settings.batch_size)
    return epochs


def _run_epoch(
    model: keras.Model,
    images: Images,
    targets: Targets,
    validation: LabelledImages,
    settings: TrainingSettings,
    number: int,
    steps: int,
    progress: Progress,
) -> Epoch:
    started = time.perf_counter()
    source = iterate_batches(
        images,
        targets,
        settings.batch_size,
        settings.augmentation,
        settings.seed,
        number,
        settings.mixing,
    )
    title = f"Epoch {number + 1}/{settings.epochs + settings.tail_epochs}"
    sums = np.zeros(2)
    with Prefetch(source) as batches:
        for pictures, wanted in progress.track(batches, steps, title):
            # One batch's means: Keras resets its metrics at the start of each call.
            logs = model.train_on_batch(pictures, wanted, return_dict=True)
            sums += len(pictures) * np.array([logs["loss"], logs["accuracy"]])
        waited_s = batches.waited_s
    train_loss, train_accuracy = sums / len(images)
    with averaged_weights(model, images, settings.batch_size):
        loss, accuracy = measure_fit(model, validation)
    return Epoch(
        epoch=number + 1,
        learning_rate=float(model.optimizer.learning_rate),
        loss=float(train_loss),
        accuracy=float(train_accuracy),
        validation_loss=loss,
        validation_accuracy=accuracy,
        duration_s=time.perf_counter() - started,
        input_wait_s=waited_s,
    )


def measure_fit(model: keras.Model, samples: LabelledImages) -> tuple[float, float]:
    """Return the compiled model's loss and accuracy on pictures as they are."""
    scores = predict_scores(model, samples.images)
    targets = to_one_hot(samples.labels, scores.shape[1])
    loss = float(np.mean(keras.ops.convert_to_numpy(model.loss(targets, scores))))
    return loss, float(np.mean(scores.argmax(1) == samples.labels))


def _format_epoch(epoch: Epoch, total: int) -> str:
    return (
        f"Epoch {epoch.epoch}/{total}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.4f}, "
        f"validation loss {epoch.validation_loss:.4f}, accuracy {epoch.validation_accuracy:.4f} "
        f"({epoch.duration_s:.1f} s, {epoch.input_wait_s:.1f} s of it waiting for pictures)"
    )
