"""One training run from a data set to a complete run folder."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from platform import machine, system

import keras

from edge_runtime.contract import ModelSpec, OutputSpec
from edge_runtime.document import to_json
from train.evaluation import Evaluation, evaluate
from train.figures import draw_run
from train.files import replace_folder
from train.fitting import fit
from train.framework import make_deterministic
from train.history import Epoch, save_history
from train.initial_run import InitialRun
from train.progress import Progress
from train.report import format_report
from train.reuse import find_complete_run
from train.run_folder import (
    FIGURES,
    HISTORY,
    MODEL,
    RECORD,
    REPORT,
    SCHEMA_VERSION,
    RunIdentity,
    RunRecord,
    current_time,
    current_versions,
    save_contract,
)
from train.samples import ImageDataset, LabelledImages
from train.settings import TrainingSettings
from train.split import choose_stratified, split_stratified
from train.starting import StartingModel, build_starting_model

# Pictures for calibrating quantization: export takes what it needs from the front.
CALIBRATION_COUNT = 1000


@dataclass(frozen=True, slots=True, eq=False)
class FinishedRun:
    """Everything that goes into a run folder."""

    model: keras.Model
    spec: ModelSpec
    identity: RunIdentity
    train: LabelledImages
    validation: LabelledImages
    epochs: tuple[Epoch, ...]
    evaluation: Evaluation


def train_run(
    dataset: ImageDataset,
    settings: TrainingSettings,
    folder: Path,
    progress: Progress,
    *,
    force: bool = False,
    initial: InitialRun | None = None,
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

    Raises:
        RunError: Another run stands in the way, or training failed.
    """
    identity = RunIdentity(settings, dataset.name, dataset.fingerprint())
    unfinished = folder.parent / f".{folder.name}.unfinished"
    if force:
        shutil.rmtree(unfinished, ignore_errors=True)
    else:
        done = find_complete_run(folder, identity)
        if done is not None:
            progress.say(f"{folder} is complete already; reusing it (--force trains again)")
            return done
    finished = run_training(dataset, identity, unfinished, progress, initial)
    progress.say("Drawing the figures and writing the run folder")
    record = write_run(folder, finished)
    shutil.rmtree(unfinished, ignore_errors=True)
    return record


def run_training(
    dataset: ImageDataset,
    identity: RunIdentity,
    unfinished: Path,
    progress: Progress,
    initial: InitialRun | None = None,
) -> FinishedRun:
    """Train to the end and evaluate; see `train_run`."""
    settings = identity.settings
    train, validation = split_stratified(dataset.train, settings.validation_fraction, settings.seed)
    make_deterministic(settings.seed)
    start = build_starting_model(settings, dataset.input.shape, dataset.class_names, initial)
    from_logits = start.output == "logits"
    progress.say(
        f"Training {settings.architecture} ({start.model.count_params():,} parameters) on "
        f"{len(train):,} pictures, {len(validation):,} held out for validation"
    )
    epochs = fit(
        start.model,
        train,
        validation,
        settings,
        from_logits=from_logits,
        identity=to_json(identity),
        folder=unfinished,
        progress=progress,
    )
    model = strip_training_state(start.to_deployable(start.model))
    progress.say(f"Evaluating on the {len(dataset.test):,} test pictures")
    return FinishedRun(
        model=model,
        spec=build_spec(dataset, settings, start),
        identity=identity,
        train=train,
        validation=validation,
        epochs=epochs,
        evaluation=evaluate(model, dataset.test, dataset.class_names, from_logits),
    )


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


def write_run(folder: Path, run: FinishedRun) -> RunRecord:
    """Write a complete run folder; one that stood there is replaced."""
    record = RunRecord(
        schema_version=SCHEMA_VERSION,
        created=current_time(),
        identity=run.identity,
        train_count=len(run.train),
        validation_count=len(run.validation),
        test_count=len(run.evaluation.samples),
        test_correct=run.evaluation.correct,
        parameters=run.model.count_params(),
        duration_s=sum(epoch.duration_s for epoch in run.epochs),
        machine=f"{machine()}, {system()}",
        versions=current_versions(),
    )
    calibration = choose_stratified(run.train, CALIBRATION_COUNT, run.identity.settings.seed)
    with replace_folder(folder) as beside:
        run.model.save(beside / MODEL)
        save_contract(beside, run.spec, calibration, run.evaluation.samples)
        save_history(beside / HISTORY, run.epochs)
        draw_run(beside / FIGURES, run.epochs, run.evaluation)
        report = format_report(run.spec, record, run.epochs, run.evaluation)
        (beside / REPORT).write_text(report, encoding="utf-8")
        (beside / RECORD).write_text(to_json(record), encoding="utf-8")
    return record
