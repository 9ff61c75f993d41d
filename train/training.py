"""One training run from a data set to a complete run folder."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import keras

from edge_runtime.contract import ModelSpec, OutputSpec
from edge_runtime.document import to_json
from train.claiming import claim_folder, clear_folder
from train.errors import DataError, RunError
from train.evaluation import evaluate
from train.feeding import to_one_hot
from train.finished_run import FinishedRun, TailResult, write_run
from train.fitting import fit
from train.framework import make_deterministic
from train.history import Epoch
from train.initial_run import InitialRun
from train.phases import float_phase, tail_phase
from train.precision import narrow_convolutions, widen_convolutions
from train.progress import Progress
from train.quantization.network import check_layers
from train.reuse import find_complete_run
from train.run_folder import RunIdentity, RunRecord
from train.samples import ImageDataset, Images
from train.settings import TrainingSettings
from train.split import choose_stratified, split_places
from train.starting import StartingModel, build_starting_model
from train.tail import TailOutcome, keep_float_model, train_tail
from train.teacher import learn_from_teachers

# Pictures for calibrating quantization: export takes what it needs from the front.
CALIBRATION_COUNT = 1000
# `fit` with everything but the model and the phase.
FitPhase = Callable[..., tuple[Epoch, ...]]


def train_run(
    dataset: ImageDataset,
    settings: TrainingSettings,
    folder: Path,
    progress: Progress,
    *,
    force: bool = False,
    initial: InitialRun | None = None,
    teachers: Sequence[InitialRun] = (),
) -> RunRecord:
    """Train, evaluate once on the test split, and leave a complete run folder.

    An interrupted run goes on from its last whole epoch. A complete one is reused.

    Args:
        dataset: What to learn.
        settings: How to train.
        folder: Becomes the run folder; its last part is no part of the model's name.
        progress: Where progress is shown.
        force: Start anew, whatever stands there, and replace it in the end.
        initial: A run whose model this one starts from.
        teachers: Runs whose scores this one learns from.

    Raises:
        DataError: The training pictures are too few to hold any out.
        MetadataError: A name or description cannot be part of a model.
        RunError: Another run stands in the way, or training failed.
    """
    identity = RunIdentity(settings, dataset.name, dataset.fingerprint(), dataset.input)
    unfinished = folder.parent / f".{folder.name}.unfinished"
    done = None if force else find_complete_run(folder, identity)
    if done is not None:
        progress.say(f"{folder} is complete already; reusing it (--force trains again)")
        return done
    with claim_folder(unfinished):
        if force:
            clear_folder(unfinished)
        finished = run_training(dataset, identity, unfinished, progress, initial, teachers)
        progress.say("Drawing the figures and writing the run folder")
        record = write_run(folder, finished)
        clear_folder(unfinished)
    return record


def run_training(
    dataset: ImageDataset,
    identity: RunIdentity,
    unfinished: Path,
    progress: Progress,
    initial: InitialRun | None = None,
    teachers: Sequence[InitialRun] = (),
) -> FinishedRun:
    """Train to the end and evaluate; see `train_run`."""
    settings = identity.settings
    kept, held_out = split_places(dataset.train.labels, settings.validation_fraction, settings.seed)
    if not len(held_out):
        raise DataError(
            f"{dataset.name} has one training picture of each class, and none left to hold out "
            "for validation; add pictures, or lower --test-fraction"
        )
    train, validation = dataset.train.take(kept), dataset.train.take(held_out)
    calibration = choose_stratified(train, CALIBRATION_COUNT, settings.seed)
    make_deterministic(settings.seed)
    start = build_starting_model(settings, dataset.input.shape, dataset.class_names, initial)
    spec = build_spec(dataset, settings, start)  # what is wrong with names is said before training
    from_logits = start.output == "logits"
    progress.say(
        f"Training {settings.architecture} ({start.model.count_params():,} parameters) on "
        f"{len(train):,} pictures, {len(validation):,} held out for validation"
    )
    targets = to_one_hot(dataset.train.labels, len(dataset.class_names))
    if teachers:
        # For all pictures, although some are held out: the next seed holds out others, and finds
        # the answers already there.
        targets = learn_from_teachers(
            targets,
            dataset.train.images,
            teachers,
            dataset.class_names,
            settings.teacher_share,
            settings.augmentation.flip,
            progress,
        )
    fit_phase: FitPhase = partial(
        fit,
        images=train.images,
        targets=targets[kept],
        validation=validation,
        settings=settings,
        from_logits=from_logits,
        identity=to_json(identity),
        folder=unfinished,
        progress=progress,
    )
    outcome: TailOutcome | None = None
    if settings.tail_epochs:
        outcome = _train_with_tail(start, settings, unfinished, calibration.images, fit_phase)
        model, epochs = outcome.model, outcome.epochs
    else:
        model, epochs = _train_float(start, settings, fit_phase)
    progress.say(f"Evaluating on the {len(dataset.test):,} test pictures")
    evaluation = evaluate(model, dataset.test, dataset.class_names, from_logits)
    return FinishedRun(
        model=model,
        spec=spec,
        identity=identity,
        train_count=len(train),
        validation_count=len(validation),
        calibration=calibration,
        epochs=epochs,
        evaluation=evaluation,
        tail=None if outcome is None else _judge_tail(outcome, dataset),
    )


def _judge_tail(outcome: TailOutcome, dataset: ImageDataset) -> TailResult:
    before, after = (
        evaluate(model, dataset.test, dataset.class_names, from_logits=True).correct
        for model in (outcome.float_model, outcome.quantized)
    )
    return TailResult(outcome.float_model, outcome.ranges, before, after)


def _train_float(
    start: StartingModel, settings: TrainingSettings, fit_phase: FitPhase
) -> tuple[keras.Model, tuple[Epoch, ...]]:
    """Train in float; returns the plain model, without training state."""
    if settings.mixed_precision:
        narrow_convolutions(start.model)
    epochs = fit_phase(start.model, phase=float_phase(settings))
    if settings.mixed_precision:
        widen_convolutions(start.model)
    return strip_training_state(start.to_deployable(start.model)), epochs


def _train_with_tail(
    start: StartingModel,
    settings: TrainingSettings,
    unfinished: Path,
    images: Images,
    fit_phase: FitPhase,
) -> TailOutcome:
    if start.output != "logits":
        raise RunError(
            f"{settings.architecture} gives {start.output}; a quantized tail needs a network that "
            "gives logits. Choose another --model, or train with --tail-epochs 0"
        )
    check_layers(start.to_deployable(start.model))
    kept = keep_float_model(unfinished, lambda: _train_float(start, settings, fit_phase)[0])
    return train_tail(kept, images, partial(fit_phase, phase=tail_phase(settings)))


def build_spec(
    dataset: ImageDataset, settings: TrainingSettings, start: StartingModel
) -> ModelSpec:
    """Describe the model that a run trains."""
    return ModelSpec(
        name=f"{dataset.name}-{settings.architecture.lower()}",
        labels=dataset.class_names,
        input=dataset.input,
        output=OutputSpec(start.output),
        licence=dataset.licence,
        description=f"Image classifier, {len(dataset.class_names)} classes: {start.summary}",
        data=dataset.description,
    )


def strip_training_state(model: keras.Model) -> keras.Model:
    """Copy a model without its optimizer, which would treble the stored file."""
    # Not keras.models.clone_model: it clones the optimizer's settings too.
    plain = type(model).from_config(model.get_config())
    plain.set_weights(model.get_weights())
    return plain
