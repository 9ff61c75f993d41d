"""The stretches of a run: float training, and where it is asked for a tail in int8 steps."""

from dataclasses import dataclass

from train.settings import OptimizerName, TrainingSettings


@dataclass(frozen=True, slots=True)
class Phase:
    """Epochs under one schedule.

    Attributes:
        first: Epochs of the run before it.
        epochs: Its own.
        learning_rate: Its greatest.
        warmup_epochs: Over which the rate rises to that.
        optimizer: What makes its steps.
    """

    first: int
    epochs: int
    learning_rate: float
    warmup_epochs: float
    optimizer: OptimizerName

    @property
    def end(self) -> int:
        """Epochs of the run when it is over."""
        return self.first + self.epochs


def float_phase(settings: TrainingSettings) -> Phase:
    """Return the phase that every run begins with."""
    return Phase(
        0, settings.epochs, settings.learning_rate, settings.warmup_epochs, settings.optimizer
    )


def tail_phase(settings: TrainingSettings) -> Phase | None:
    """Return the phase in int8 steps; None where the settings ask for none."""
    if not settings.tail_epochs:
        return None
    # Optimizer and average start afresh, so its rate rises from zero too.
    warmup = min(1.0, settings.tail_epochs / 4)
    # Adam whatever came before: the tail moves each weight by itself to another int8 step.
    return Phase(settings.epochs, settings.tail_epochs, settings.tail_learning_rate, warmup, "adam")
