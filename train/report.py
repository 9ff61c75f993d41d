"""The text of a run: how it was trained, how well it does, class by class."""

import math
import re

from edge_runtime.contract import ModelSpec
from train.evaluation import Evaluation
from train.history import Epoch
from train.run_folder import RunRecord


def format_report(
    spec: ModelSpec, record: RunRecord, epochs: tuple[Epoch, ...], evaluation: Evaluation
) -> str:
    """Return the run's report as Markdown."""
    settings = record.identity.settings
    interval = evaluation.interval()
    last = epochs[-1]
    mean_s = sum(epoch.duration_s for epoch in epochs) / len(epochs)
    waited_s = sum(epoch.input_wait_s for epoch in epochs)
    lines = [
        f"# {spec.name}",
        "",
        f"{spec.description or 'An image classifier'}. Data: {spec.data or 'not named'}.",
        "",
        f"**{evaluation.accuracy:.2%}** of {len(evaluation.samples):,} test pictures are labelled "
        f"rightly (95 % Wilson interval {interval.low:.2%} to {interval.high:.2%}). The test set "
        "was used once, after training.",
        "",
        "| | |",
        "|---|---|",
        f"| architecture | {settings.architecture}, {record.parameters:,} parameters |",
        f"| input | {spec.input.height}×{spec.input.width}×{spec.input.channels}, pixels 0–255 |",
        f"| trained on | {record.train_count:,} pictures, {record.validation_count:,} held out "
        "for validation |",
        f"| epochs | {settings.epochs}, batch {settings.batch_size}, "
        f"{settings.optimizer.title()} at most {settings.learning_rate:g}, seed {settings.seed} |",
        *_format_tail(record),
        f"| augmentation | {_format_augmentation(record)} |",
        f"| validation accuracy | {last.validation_accuracy:.2%} after the last epoch |",
        f"| time | {record.duration_s:.0f} s, {mean_s:.1f} s an epoch, {waited_s:.1f} s in all "
        "spent waiting for pictures |",
        f"| machine | {record.machine}; {', '.join(record.versions)} |",
        "",
        "![Accuracy and loss](figures/curves.png)",
        "",
        "## Each class",
        "",
        format_class_table(evaluation),
        "",
        "![Per class](figures/per_class.png)",
        "",
        "![Confusion matrix](figures/confusion_matrix.png)",
        "",
        "## Most confident mistakes",
        "",
        "![Mistakes](figures/mistakes.png)",
        "",
    ]
    return "\n".join(lines)


def format_class_table(evaluation: Evaluation) -> str:
    """Return precision, recall, F1 and support of each class as a Markdown table."""
    lines = ["| class | precision | recall | F1 | pictures |", "|---|--:|--:|--:|--:|"]
    for result in evaluation.per_class():
        shares = (_share(value) for value in (result.precision, result.recall, result.f1))
        lines.append(f"| {_escape(result.name)} | {' | '.join(shares)} | {result.support:,} |")
    return "\n".join(lines)


def _escape(name: str) -> str:
    """A class's name as it is, whatever signs of Markdown or HTML are in it."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", name)


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1%}"


def _format_tail(record: RunRecord) -> list[str]:
    """Rows of a run that ended in int8 steps."""
    settings, total = record.identity.settings, record.test_count
    if record.float_correct is None or record.quantized_correct is None:
        return []
    return [
        f"| tail | {settings.tail_epochs} more epochs in int8 steps, Adam at most "
        f"{settings.tail_learning_rate:g} |",
        f"| in int8 steps | {record.quantized_correct / total:.2%} of the test pictures; "
        f"{record.float_correct / total:.2%} in float before the tail |",
    ]


def _format_augmentation(record: RunRecord) -> str:
    settings = record.identity.settings
    how, mixing = settings.augmentation, settings.mixing
    parts = []
    if how.flip:
        parts.append("flip")
    if how.shift:
        parts.append(f"shift up to {how.shift:.0%} of a side")
    if how.erase:
        parts.append(f"random erasing of {how.erase:.0%} of the pictures")
    if mixing.mixup:
        parts.append(f"mixup of {mixing.mixup:.0%} of the batches")
    if mixing.cutmix:
        parts.append(f"cutmix of {mixing.cutmix:.0%} of the batches")
    return ", ".join(parts) or "none"
