"""What an exported file may cost, and how a trial is scored against it."""

import math
from dataclasses import dataclass

from edge_runtime.document import to_json
from train.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits on the exported file; None where there is none.

    Attributes:
        max_size_bytes: Of the file.
        max_latency_us: Median of single pictures on this machine, one thread.
    """

    max_size_bytes: int | None = None
    max_latency_us: float | None = None

    def __post_init__(self) -> None:
        for name in ("max_size_bytes", "max_latency_us"):
            limit = getattr(self, name)
            if limit is not None and not 0 < limit < math.inf:
                raise ValueError(f"{name} must be above 0 and finite, found {limit}")

    def excess(self, size_bytes: int, latency_us: float) -> float:
        """Return by which fraction the worse of both is over its limit; 0 within the budget."""
        over = [0.0]
        if self.max_size_bytes is not None:
            over.append(size_bytes / self.max_size_bytes - 1)
        if self.max_latency_us is not None:
            over.append(latency_us / self.max_latency_us - 1)
        return max(over)

    def score(self, accuracy: float, size_bytes: int, latency_us: float) -> float:
        """Return what the search maximizes.

        Within the budget it is the accuracy. Beyond, it is below 0 and falls with the excess, so
        that the search finds its way back.
        """
        excess = self.excess(size_bytes, latency_us)
        return accuracy if excess == 0 else -min(excess, 1.0)


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """One trial: what was tried and what came of it.

    Attributes:
        trial: Its number in the search.
        settings: How it was trained.
        parameters: Numbers in the model.
        accuracy: Of the exported file, on pictures held out of the training split; None where the
            trial was not trained because its parameters alone exceed the budget.
        size_bytes: Of the exported file; None likewise.
        latency_us: Median of single pictures; None likewise.
        score: What the search maximizes.
        within: Whether the budget is kept.
        duration_s: Wall time of the trial.
        worker: Which process ran it.
    """

    trial: str
    settings: TrainingSettings
    parameters: int
    accuracy: float | None
    size_bytes: int | None
    latency_us: float | None
    score: float
    within: bool
    duration_s: float
    worker: str

    def to_json(self) -> str:
        """Serialize; read back with `edge_runtime.document.from_json`."""
        return to_json(self)
