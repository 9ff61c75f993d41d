"""Running one trial of a search: train, export, measure, score; and reading all outcomes back."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.document import from_json
from edge_runtime.errors import MetadataError
from train.errors import RunError
from train.files import replace_file
from train.progress import Progress
from train.samples import ImageDataset
from train.settings import TrainingSettings
from train.split import choose_stratified, split_stratified
from train.tuning.budget import Budget, TrialOutcome

OUTCOME = "outcome.json"
# Share of the training split that judges the trials. The test split stays untouched.
_JUDGING = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class TrialBench:
    """What all trials of a search share.

    Attributes:
        dataset: Its test split is the judging part of the real training split.
        budget: What the exported file may cost.
        folder: Holds one folder for each trial.
        progress: Where outcomes are shown.
        training_progress: Where the training of each is shown.
    """

    dataset: ImageDataset
    budget: Budget
    folder: Path
    progress: Progress
    training_progress: Progress

    def run(self, trial: str, settings: TrainingSettings) -> TrialOutcome:
        """Run one trial, or take up its outcome where it is there already."""
        place = self.folder / trial
        done = load_outcome(place)
        if done is not None and done.settings == settings:
            return done
        started = time.perf_counter()
        outcome = self._measure(trial, settings, place, started)
        with replace_file(place / OUTCOME) as beside:
            beside.write_text(outcome.to_json(), encoding="utf-8")
        # The file is what counts; a run folder repeats the judging pictures for every trial. It
        # goes once the outcome is safe, so that no interruption costs the training.
        shutil.rmtree(place / "run", ignore_errors=True)
        return outcome

    def _measure(
        self, trial: str, settings: TrainingSettings, place: Path, started: float
    ) -> TrialOutcome:
        # Imported late: these load Keras.
        from train.starting import build_starting_model
        from train.training import train_run

        dataset = self.dataset
        model = build_starting_model(settings, dataset.input.shape, dataset.class_names, None).model
        parameters = int(model.count_params())
        accuracy, size_bytes, latency_us = None, None, None
        # An int8 file holds at least one byte for each parameter: no need to train what cannot fit.
        score = self.budget.score(0.0, parameters, 0.0)
        if score >= 0:
            from train.tuning.exported import export_and_measure

            train_run(dataset, settings, place / "run", self.training_progress)
            exported = export_and_measure(place / "run", place / "artifacts", dataset.test.images)
            accuracy, size_bytes = exported.accuracy, exported.size_bytes
            latency_us = exported.latency_us
            score = self.budget.score(accuracy, size_bytes, latency_us)
        return TrialOutcome(
            trial=trial,
            settings=settings,
            parameters=parameters,
            accuracy=accuracy,
            size_bytes=size_bytes,
            latency_us=latency_us,
            score=score,
            within=score >= 0,
            duration_s=time.perf_counter() - started,
            worker=os.environ.get("KERASTUNER_TUNER_ID", "tuner0"),
        )


def build_judged_dataset(dataset: ImageDataset, seed: int, pictures: int | None) -> ImageDataset:
    """Return a data set whose test split comes out of the real training split.

    Args:
        dataset: The real one.
        seed: Decides the split.
        pictures: Most pictures to train on, stratified; None for all.
    """
    kept, judging = split_stratified(dataset.train, _JUDGING, seed)
    if pictures is not None:
        kept = choose_stratified(kept, pictures, seed)
    return ImageDataset(
        name=dataset.name,
        class_names=dataset.class_names,
        train=kept,
        test=judging,
        input=dataset.input,
        licence=dataset.licence,
        description=f"{dataset.description}; training split alone",
    )


def load_outcome(place: Path) -> TrialOutcome | None:
    """Read a trial's outcome; None where it has none yet."""
    path = place / OUTCOME
    if not path.is_file():
        return None
    try:
        return from_json(TrialOutcome, path.read_bytes(), str(path))
    except MetadataError as error:
        raise RunError(f"{error}. Start the search anew with --force.") from error


def load_outcomes(folder: Path) -> tuple[TrialOutcome, ...]:
    """Read the outcomes of all finished trials, in the order of their numbers."""
    places = sorted(folder.glob("*"), key=lambda place: (len(place.name), place.name))
    found = (load_outcome(place) for place in places if place.is_dir())
    return tuple(outcome for outcome in found if outcome is not None)
