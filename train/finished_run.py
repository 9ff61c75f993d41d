"""What a run has made, and the folder that it becomes."""

from dataclasses import dataclass
from pathlib import Path
from platform import machine, system

import keras

from edge_runtime.contract import LearnedRanges, ModelSpec
from edge_runtime.document import to_json
from train.evaluation import Evaluation
from train.figures import draw_run
from train.files import replace_folder
from train.history import Epoch, save_history
from train.report import format_report
from train.run_folder import (
    FIGURES,
    FLOAT_MODEL,
    HISTORY,
    MODEL,
    RECORD,
    REPORT,
    SCHEMA_VERSION,
    WRITTEN,
    RunIdentity,
    RunRecord,
    current_time,
    current_versions,
    save_contract,
)
from train.samples import LabelledImages


@dataclass(frozen=True, slots=True, eq=False)
class TailResult:
    """What a quantized tail adds to a run.

    Attributes:
        float_model: The plain network before the tail.
        ranges: What the tail learned.
        float_correct: Test pictures labelled rightly by `float_model`.
        quantized_correct: Test pictures labelled rightly by the run's model in int8 steps.
    """

    float_model: keras.Model
    ranges: LearnedRanges
    float_correct: int
    quantized_correct: int


@dataclass(frozen=True, slots=True, eq=False)
class FinishedRun:
    """Everything that goes into a run folder."""

    model: keras.Model
    spec: ModelSpec
    identity: RunIdentity
    train_count: int
    validation_count: int
    calibration: LabelledImages
    epochs: tuple[Epoch, ...]
    evaluation: Evaluation
    tail: TailResult | None = None


def write_run(folder: Path, run: FinishedRun) -> RunRecord:
    """Write a complete run folder; a run that stood there is replaced, other files are kept."""
    record = _build_record(run)
    with replace_folder(folder, WRITTEN) as beside:
        run.model.save(beside / MODEL)
        if run.tail is not None:
            run.tail.float_model.save(beside / FLOAT_MODEL)
        ranges = None if run.tail is None else run.tail.ranges
        save_contract(beside, run.spec, run.calibration, run.evaluation.samples, ranges)
        save_history(beside / HISTORY, run.epochs)
        draw_run(beside / FIGURES, run.epochs, run.evaluation)
        report = format_report(run.spec, record, run.epochs, run.evaluation)
        (beside / REPORT).write_text(report, encoding="utf-8")
        (beside / RECORD).write_text(to_json(record), encoding="utf-8")
    return record


def _build_record(run: FinishedRun) -> RunRecord:
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        created=current_time(),
        identity=run.identity,
        train_count=run.train_count,
        validation_count=run.validation_count,
        test_count=len(run.evaluation.samples),
        test_correct=run.evaluation.correct,
        parameters=run.model.count_params(),
        duration_s=sum(epoch.duration_s for epoch in run.epochs),
        machine=f"{machine()}, {system()}",
        versions=current_versions(),
        float_correct=None if run.tail is None else run.tail.float_correct,
        quantized_correct=None if run.tail is None else run.tail.quantized_correct,
    )
