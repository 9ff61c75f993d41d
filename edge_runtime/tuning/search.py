"""How candidates are tried: what the steps of a search hand on to each other."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.contract import ArtifactMetadata
from edge_runtime.evaluation.labelled_set import LabelledSet
from edge_runtime.measurement.records import TrialOutcome, TrialRequest
from edge_runtime.measurement.timing import Effort
from edge_runtime.tuning.rounds import Progress

_MS = 1_000_000
EFFORT = Effort(
    warmup_ns=50 * _MS, steady_ns=200 * _MS, max_ns=5_000 * _MS, offline_ns=0, stage_calls=0
)

RunTrial = Callable[[TrialRequest], TrialOutcome]
LoadLabelled = Callable[[ArtifactMetadata], LabelledSet]


@dataclass(frozen=True, slots=True)
class Search:
    """How to try.

    Attributes:
        run_trial: Runs one trial in a fresh process.
        progress: Told how far it is.
        scratch: An empty folder for pictures and scores.
        relative_to: Folder that artifacts are named relative to.
        rounds: Fresh processes per candidate.
        effort: How long each of them measures.
        load_labelled: Opens the labelled pictures for the labels of an artifact; None leaves
            accuracy to what the artifacts state.
    """

    run_trial: RunTrial
    progress: Progress
    scratch: Path
    relative_to: Path
    rounds: int = 3
    effort: Effort = EFFORT
    load_labelled: LoadLabelled | None = None
