"""The model card that stands beside a released model, written from result files alone."""

from collections.abc import Sequence

from edge_runtime.statistics import wilson_interval
from train.release.document import SHIPPED, FileResult, RunResult
from train.release.plan import find_tier
from train.release.summary import find_release, summarize
from train.release.tables import judge

_LIMITS = """\
Fashion-MNIST shows single pieces of clothing, cut out, centred, upright and light on black, in
28×28 gray pixels. The model knows ten kinds of them and nothing else: whatever it is shown, it
names one of the ten. `edge-runtime` brings a photo of one item on a plain ground to that form;
pictures with people, several items or a busy ground are outside of what was measured. Shirts,
T-shirts, pullovers and coats are mixed up most. Accuracy on the test pictures says little about
other cameras; measure on your own before relying on it."""


def format_card(result: RunResult, results: tuple[RunResult, ...]) -> str:
    """Return the card as Markdown.

    Args:
        result: Of the run whose files are released.
        results: All there are; the tier's seeds are shown together.
    """
    file = result.find_file(SHIPPED[0])
    if file is None:
        raise ValueError(f"{result.tier} seed {result.seed} has no {SHIPPED[0]}")
    sections = [
        f"# {file.file.removesuffix('_' + SHIPPED[0])}",
        _format_summary(result, file),
        "## Files\n\n" + _format_files(result),
        "## Accuracy\n\n" + _format_accuracy(result, results, file),
        "## Each class\n\n" + _format_classes(file, result.labels),
        "## Confusion matrix\n\nRows are true classes, columns the given ones; counts of the int8 "
        "TFLite file.\n\n" + _format_confusion(file, result.labels),
        "## Latency\n\n" + _format_latency(result),
        "## How it was made\n\n" + _format_making(result),
        "## Limits\n\n" + _LIMITS,
    ]
    return "\n\n".join(sections) + "\n"


def _format_summary(result: RunResult, file: FileResult) -> str:
    tier = find_tier(result.tier)
    interval = wilson_interval(file.correct, result.test_count)
    size, share = f"{file.size_bytes / 1000:.1f} kB", f"{file.correct / result.test_count:.2%}"
    return (
        f"Classifies {len(result.labels)} kinds of clothing in 28×28 gray pictures: "
        f"**{share}** of {result.test_count:,} test pictures rightly "
        f"in int8 (95 % Wilson interval {interval.low:.2%} to {interval.high:.2%}), with "
        f"{result.parameters:,} parameters and a file of {size}. Its tier, "
        f"{tier.name}, allows {tier.budget}. Licence of data and model: {result.licence}."
    )


def _format_files(result: RunResult) -> str:
    lines = ["| file | runtime | size | correct | SHA-256 |", "|---|---|--:|--:|---|"]
    lines += [
        f"| `{file.file}` | {file.runtime} | {file.size_bytes / 1000:.1f} kB | "
        f"{file.correct / result.test_count:.2%} | `{file.sha256[:16]}…` |"
        for key in SHIPPED
        if (file := result.find_file(key)) is not None
    ]
    lines += [
        "",
        "`float_model.keras` is the float network before its quantized tail, `model.keras` the one "
        "after it; with `ranges.json` and `spec.json` it is what the int8 files were made of.",
    ]
    return "\n".join(lines)


def _format_accuracy(result: RunResult, results: tuple[RunResult, ...], file: FileResult) -> str:
    tier = find_tier(result.tier)
    spread = summarize(find_release(results, tier), SHIPPED[0])
    count = result.test_count
    lines = [
        f"- float, before the quantized tail: {result.float_correct / count:.2%}",
        *(
            [f"- in int8 steps, as trained: {result.quantized_correct / count:.2%}"]
            if result.quantized_correct is not None
            else []
        ),
        f"- int8 TFLite: {file.correct / count:.2%}, "
        f"{100 * (file.correct - result.float_correct) / count:+.2f} points against float",
        f"- goal of the tier: {tier.accuracy:.2%}, mean over {len(tier.seeds)} seeds: "
        f"**{judge(tier, spread)}**"
        + ("" if spread is None else f" (mean {spread.mean:.2%} over {spread.count})"),
        "",
        "The released run is the one with the first seed, whatever it reached: nothing was chosen "
        "on the test pictures, and they were used once, after training.",
    ]
    return "\n".join(lines)


def _format_classes(file: FileResult, labels: Sequence[str]) -> str:
    lines = ["| class | precision | recall | pictures |", "|---|--:|--:|--:|"]
    for place, label in enumerate(labels):
        hits = file.confusion[place][place]
        true, given = sum(file.confusion[place]), sum(row[place] for row in file.confusion)
        precision = f"{hits / given:.1%}" if given else "–"
        lines.append(f"| {label} | {precision} | {hits / true:.1%} | {true:,} |")
    return "\n".join(lines)


def _format_confusion(file: FileResult, labels: Sequence[str]) -> str:
    lines = [f"| | {' | '.join(labels)} |", "|---" * (len(labels) + 1) + "|"]
    for label, row in zip(labels, file.confusion, strict=True):
        lines.append(f"| **{label}** | {' | '.join(str(count) for count in row)} |")
    return "\n".join(lines)


def _format_latency(result: RunResult) -> str:
    latency = result.latency
    if latency is None:
        return (
            "Not measured in the release. `edge-runtime bench FILE` measures it where it matters: "
            "on the device."
        )
    return (
        f"`{latency.key}`: median {latency.median_us:.1f} µs a picture in LiteRT, one thread, "
        f"against {latency.against_us:.1f} µs of `{latency.against}` in the same {latency.rounds} "
        f"rounds: {latency.ratio:.2f} times ({latency.cpu})."
    )


def format_command(result: RunResult) -> str:
    """Return the command that makes a run and its result file."""
    words = ["python -m train release", result.tier, "--seeds", str(result.seed)]
    words += ["--short"] if result.is_short else []
    words += ["--teacher", *result.teachers] if result.teachers else []
    return " ".join(words)


def _format_making(result: RunResult) -> str:
    settings = result.settings
    how, mixing = settings.augmentation, settings.mixing
    rows = [
        (
            "data",
            f"Fashion-MNIST ({result.licence}), corrected; SHA-256 `{result.data_sha256[:16]}…`",
        ),
        ("trained on", f"{result.train_count:,} pictures, {result.validation_count:,} held out"),
        ("command", f"`{format_command(result)}`"),
        ("epochs", f"{settings.epochs} in float, {settings.tail_epochs} in int8 steps"),
        (
            "optimizer",
            f"{settings.optimizer.title()}, batch {settings.batch_size}, at most "
            f"{settings.learning_rate:g}, in the tail Adam, at most "
            f"{settings.tail_learning_rate:g}; weight decay {settings.weight_decay:g}",
        ),
        (
            "augmentation",
            f"flip {'yes' if how.flip else 'no'}, shift {how.shift:.0%}, erasing "
            f"{how.erase:.0%}, mixup {mixing.mixup:.0%}, cutmix {mixing.cutmix:.0%}",
        ),
        ("label smoothing", f"{settings.label_smoothing:g}"),
        ("average of weights", f"{settings.ema:g} a step"),
        (
            "teacher",
            f"`{settings.teacher}`, {settings.teacher_share:.0%}" if settings.teacher else "none",
        ),
        ("time", f"{result.duration_s / 60:.0f} minutes on {result.machine}"),
        ("software", ", ".join(result.versions)),
        ("date", result.created),
    ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows)])
