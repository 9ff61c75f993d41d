"""Keras Tuner's search over our trials, in one process or as chief and workers."""

import contextlib
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine import base_tuner

from train.errors import TrainError
from train.settings import TrainingSettings
from train.tuning.budget import TrialOutcome
from train.tuning.space import declare_space, to_settings
from train.tuning.trials import TrialBench

_PROJECT = "keras_tuner"


class BudgetTuner(base_tuner.BaseTuner):  # type: ignore[misc]
    """Asks the oracle for points and answers with the score of the exported file."""

    def __init__(self, bench: TrialBench, base: TrainingSettings, **options: Any) -> None:
        self._bench, self._base = bench, base
        super().__init__(directory=str(bench.folder.parent), project_name=_PROJECT, **options)

    def run_trial(self, trial: Any, **_: Any) -> float:
        """Run one trial and return its score; what `search` passes along does not matter."""
        settings = to_settings(trial.hyperparameters.values, self._base)
        try:
            outcome = self._bench.run(trial.trial_id, settings)
        except Exception as error:
            # Ends the search; whatever else is raised is kept for later and passed over in silence.
            raise keras_tuner.errors.FatalError(f"trial {trial.trial_id}: {error}") from error
        self._bench.progress.say(format_outcome(outcome))
        return outcome.score

    def load_model(self, trial: Any) -> Any:
        """Refuse: trials leave exported files, not Keras models."""
        raise NotImplementedError("a trial leaves an exported file, no Keras model")

    save_model = load_model


def run_search(bench: TrialBench, base: TrainingSettings, trials: int, seed: int) -> None:
    """Search until `trials` trials are done, those of an interrupted search included.

    In a process that Keras Tuner's environment variables call the chief this serves the workers;
    in one that they call a worker it takes its points from the chief.

    Raises:
        TrainError: A trial failed.
    """
    oracle = keras_tuner.oracles.BayesianOptimizationOracle(
        objective=keras_tuner.Objective("score", "max"),
        max_trials=trials,
        # Random points until there is something to learn from.
        num_initial_points=max(3, trials // 3),
        # Keras Tuner takes 0 for "no seed".
        seed=seed + 1,
        hyperparameters=declare_space(),
        allow_new_entries=False,
        tune_new_entries=False,
    )
    # Keras Tuner writes its progress to standard output, which is for results.
    with contextlib.redirect_stdout(sys.stderr):
        tuner = BudgetTuner(bench, base, oracle=oracle)
        _reload_oracle(tuner, bench.folder.parent / _PROJECT)
        # The Gaussian process says so whenever a few points do not settle its length scale.
        warnings.filterwarnings("ignore", module="sklearn.gaussian_process")
        try:
            tuner.search(verbose=0)
        except keras_tuner.errors.FatalError as error:
            raise TrainError(str(error)) from error


def _reload_oracle(tuner: Any, project: Path) -> None:
    """Take up an earlier search's state, whatever kind of process left it.

    Keras Tuner itself does so only where the same process name was at work before.
    """
    name = os.environ.get("KERASTUNER_TUNER_ID", "")
    is_worker = bool(name) and "chief" not in name
    known = project / f"{tuner.tuner_id}.json"
    if not is_worker and (project / "oracle.json").is_file() and not known.is_file():
        tuner.oracle.reload()


def format_outcome(outcome: TrialOutcome) -> str:
    """Return one trial's outcome as a line."""
    settings = outcome.settings
    what = (
        f"Trial {outcome.trial}: widths {','.join(map(str, settings.widths))}, dropout "
        f"{settings.dropout:g}, rate {settings.learning_rate:g}, shift "
        f"{settings.augmentation.shift:g}, erase {settings.augmentation.erase:g}"
    )
    if outcome.accuracy is None or outcome.size_bytes is None or outcome.latency_us is None:
        return f"{what}: not trained, {outcome.parameters:,} parameters exceed the budget"
    kept = "" if outcome.within else ", over the budget"
    return (
        f"{what}: {outcome.accuracy:.2%} at {outcome.size_bytes / 1024:.0f} KiB and "
        f"{outcome.latency_us:.0f} µs{kept} ({outcome.duration_s:.0f} s, {outcome.worker})"
    )
