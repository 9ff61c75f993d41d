"""What a search found: a picture, a table, and the command that trains the best."""

import csv
import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from train.files import replace_file
from train.tuning.budget import Budget, TrialOutcome

_COLUMNS = (
    *("trial", "widths", "dropout", "learning_rate", "shift", "erase", "parameters"),
    *("accuracy", "size_bytes", "latency_us", "within", "duration_s", "worker"),
)
_WITHIN, _OVER, _BEST, _QUIET = "#1d5f8a", "#c3c9d2", "#e08a1e", "#5c6370"


def find_best(outcomes: tuple[TrialOutcome, ...]) -> TrialOutcome | None:
    """Return the trial with the best accuracy within the budget; the smaller file among equals."""
    within = [outcome for outcome in outcomes if outcome.within]
    return max(within, key=lambda o: (o.score, -(o.size_bytes or 0)), default=None)


def write_report(
    folder: Path, outcomes: tuple[TrialOutcome, ...], budget: Budget, command: str | None
) -> None:
    """Write ``trials.csv``, ``trials.png`` and ``report.md`` into a search's folder."""
    with replace_file(folder / "trials.csv") as beside:
        beside.write_text(format_csv(outcomes), encoding="utf-8")
    with replace_file(folder / "trials.png") as beside:
        draw_trials(outcomes, budget).savefig(beside, dpi=130, format="png")
    with replace_file(folder / "report.md") as beside:
        beside.write_text(format_markdown(outcomes, budget, command), encoding="utf-8")


def format_csv(outcomes: tuple[TrialOutcome, ...]) -> str:
    """Return all trials as CSV text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for outcome in outcomes:
        how = outcome.settings
        writer.writerow(
            [
                outcome.trial,
                "-".join(map(str, how.widths)),
                how.dropout,
                how.learning_rate,
                how.augmentation.shift,
                how.augmentation.erase,
                outcome.parameters,
                outcome.accuracy,
                outcome.size_bytes,
                None if outcome.latency_us is None else round(outcome.latency_us, 1),
                outcome.within,
                round(outcome.duration_s, 1),
                outcome.worker,
            ]
        )
    return text.getvalue()


def format_markdown(outcomes: tuple[TrialOutcome, ...], budget: Budget, command: str | None) -> str:
    """Return the search's report as Markdown."""
    lines = [
        "# Search",
        "",
        f"{len(outcomes)} trials under the budget: {format_budget(budget)}. Accuracy is that of "
        "the static int8 file, on pictures held out of the training split; the test split was not "
        "touched. Latency is the median of single pictures in LiteRT, one thread, on this machine.",
        "",
        "![Trials](trials.png)",
        "",
    ]
    if command is not None:
        lines += ["The best within the budget, trained in full:", "", f"    {command}", ""]
    lines += [
        "| trial | widths | dropout | rate | shift | erase | accuracy | KiB | µs | budget |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for outcome in sorted(outcomes, key=lambda outcome: -outcome.score):
        how = outcome.settings
        cells = [
            outcome.trial,
            "-".join(map(str, how.widths)),
            f"{how.dropout:g}",
            f"{how.learning_rate:g}",
            f"{how.augmentation.shift:g}",
            f"{how.augmentation.erase:g}",
            "not trained" if outcome.accuracy is None else f"{outcome.accuracy:.2%}",
            "" if outcome.size_bytes is None else f"{outcome.size_bytes / 1024:.0f}",
            "" if outcome.latency_us is None else f"{outcome.latency_us:.0f}",
            "kept" if outcome.within else "over",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def format_budget(budget: Budget) -> str:
    """Return the budget in words."""
    parts = []
    if budget.max_size_bytes is not None:
        parts.append(f"at most {budget.max_size_bytes / 1024:g} KiB")
    if budget.max_latency_us is not None:
        parts.append(f"at most {budget.max_latency_us:g} µs")
    return " and ".join(parts) or "none"


def draw_trials(outcomes: tuple[TrialOutcome, ...], budget: Budget) -> Figure:
    """Draw accuracy against what is limited, and the best so far over the trials."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    by_latency = budget.max_latency_us is not None and budget.max_size_bytes is None
    trained = [o for o in outcomes if o.accuracy is not None]
    best = find_best(outcomes)

    def cost(outcome: TrialOutcome) -> float:
        value = outcome.latency_us if by_latency else outcome.size_bytes
        return (value or 0) / (1 if by_latency else 1024)

    for group, colour, label in (
        ([o for o in trained if o.within], _WITHIN, "within the budget"),
        ([o for o in trained if not o.within], _OVER, "over it"),
    ):
        if group:
            accuracies = [100 * (o.accuracy or 0) for o in group]
            left.scatter([cost(o) for o in group], accuracies, color=colour, s=42, label=label)
    if best is not None and best.accuracy is not None:
        left.scatter(
            cost(best),
            100 * best.accuracy,
            s=150,
            facecolors="none",
            edgecolors=_BEST,
            lw=2,
            label=f"best: {best.accuracy:.2%}",
        )
    limit = budget.max_latency_us if by_latency else budget.max_size_bytes
    if limit is not None:
        left.axvline(
            limit / (1 if by_latency else 1024), color=_QUIET, ls="--", lw=1, label="budget"
        )
    left.set_xlabel("latency of one picture, µs" if by_latency else "size of the int8 file, KiB")
    left.set_ylabel("accuracy of the int8 file, %")
    left.set_title("Each trial against the budget", loc="left", fontweight="bold")
    if trained:
        left.legend(frameon=False, fontsize=9)
    shown = np.array([100 * o.score if o.within else np.nan for o in outcomes])
    numbers = np.arange(1, len(outcomes) + 1)
    right.scatter(numbers, shown, color=_WITHIN, s=24)
    right.step(numbers, np.fmax.accumulate(shown), where="post", color=_BEST)
    right.set_xlabel("trial")
    right.set_xlim(0.5, max(len(outcomes), 1) + 0.5)
    right.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    for axes in (left, right):
        low, high = axes.get_ylim() if trained else (0.0, 100.0)
        axes.set_ylim(low, min(high, 100.5))
    right.set_title("Best so far", loc="left", fontweight="bold")
    for axes in (left, right):
        axes.grid(color="#e3e6ea", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    return figure
