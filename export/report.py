"""``report.md``: what an export made, how it was checked, and what to look at."""

from pathlib import Path

from export.manifest import RECOMMENDED_MEANS, ArtifactEntry, Finding, Manifest
from export.samples import Samples
from export.summary import format_saturation

FILE_NAME = "report.md"
_FIGURES = "figures"


def write_report(manifest: Manifest, samples: Samples, folder: Path) -> None:
    """Write report.md and its figures into an artifact folder.

    Args:
        manifest: What was found.
        samples: The pictures that every file was compared on.
        folder: Where the files stand.
    """
    from export import figures  # matplotlib takes half a second to import

    (folder / _FIGURES).mkdir()
    figures.draw_accuracy(manifest, folder / _FIGURES / "accuracy.png")
    if len(manifest.model.labels) <= _MOST_CLASSES:
        figures.draw_class_differences(manifest, folder / _FIGURES / "classes.png")
    if manifest.layer_noise:
        figures.draw_layer_noise(manifest.layer_noise, folder / _FIGURES / "layer_noise.png")
    flips = []
    for entry in manifest.artifacts:
        found = figures.find_primary(entry)
        if found is None or not found.flips:
            continue
        name = f"flips_{entry.precision}_{entry.format}.png"
        flipped = round((1 - found.agreement) * found.total)
        title = f"{entry.file}: the worst of {flipped} changed answers"
        path = folder / _FIGURES / name
        figures.draw_flips(found.flips, samples, manifest.model.labels, title, path)
        flips.append(f"![{title}]({_FIGURES}/{name})")
    (folder / FILE_NAME).write_text(format_report(manifest, flips), encoding="utf-8")


_MOST_CLASSES = 40


def format_report(manifest: Manifest, flips: list[str]) -> str:
    """Format the report as Markdown.

    Args:
        manifest: What was found.
        flips: Markdown of the pictures of changed answers.
    """
    sections = [
        _format_head(manifest),
        _format_files(manifest),
        f"![accuracy against the float model]({_FIGURES}/accuracy.png)",
        _format_notes(manifest),
        _format_pairs(manifest),
    ]
    if len(manifest.model.labels) <= _MOST_CLASSES:
        sections.append(f"## Per class\n\n![recall per class]({_FIGURES}/classes.png)")
    if manifest.layer_noise:
        sections.append(_format_noise())
    if flips:
        sections.append(
            "## Changed answers\n\nRed: the float model was right and the file is not. "
            "Worst first: the surer the float model was, the worse.\n\n" + "\n\n".join(flips)
        )
    sections.append(_format_versions(manifest))
    return "\n\n".join(section for section in sections if section) + "\n"


def _format_head(manifest: Manifest) -> str:
    used, share = manifest.verified_on, manifest.reference_correct / manifest.verified_on.count
    spec = manifest.model.input
    lines = [
        f"# Export of {manifest.model.name}",
        f"**Recommended: `{manifest.recommended}`**, {RECOMMENDED_MEANS}: it loses at "
        f"most {manifest.max_accuracy_drop_points:g} points of accuracy (target: "
        f"{manifest.target}). It need not be the fastest on your board: edge-runtime tune says "
        "which is.",
        f"The float Keras model takes {spec.height}×{spec.width}×{spec.channels} raw pixels, "
        f"answers {manifest.model.output.kind} for {len(manifest.model.labels)} classes, and "
        f"labels {100 * share:.2f} % of {used.count:,} {used.role} pictures rightly. Every file "
        "below ran on the same pictures, one by one, in a process of its own for each runtime.",
    ]
    lines += [f"> **Warning:** {warning}" for warning in manifest.warnings]
    return "\n\n".join(lines)


def _format_files(manifest: Manifest) -> str:
    head = (
        "## Files\n\n"
        "| file | size | runtime | accuracy, % | against float, points | McNemar p "
        "| same answer, % | largest error | mean error |\n|---|--:|---|--:|--:|--:|--:|--:|--:|\n"
    )
    rows = [
        _format_row(entry, finding, is_first=i == 0)
        for entry in manifest.artifacts
        for i, finding in enumerate(entry.findings)
    ]
    rows += [f"| {e.file} | {e.status} |||||||| " for e in manifest.artifacts if not e.findings]
    tail = (
        "\n\nAccuracy with its 95 % Wilson interval. The difference is paired: both models on the "
        "same pictures, with its 95 % interval (Bonett and Price) and the exact McNemar test of "
        "whether they are equally accurate. Errors are of the scores."
    )
    return head + "\n".join(rows) + tail


def _format_row(entry: ArtifactEntry, finding: Finding, *, is_first: bool) -> str:
    size = f"{entry.size_bytes / 1000:,.1f} kB" if entry.size_bytes else f"*{entry.status}*"
    first = f"| `{entry.file}` | {size} " if is_first else "| | "
    found = finding.comparison
    if found is None:
        return f"{first}| {finding.runtime} | does not run ||||||"
    return (
        f"{first}| {finding.runtime} | {100 * found.accuracy:.2f} "
        f"({100 * found.accuracy_low:.2f}–{100 * found.accuracy_high:.2f}) "
        f"| {100 * found.difference:+.2f} ({100 * found.difference_low:+.2f} to "
        f"{100 * found.difference_high:+.2f}) | {found.mcnemar_p:.3g} "
        f"| {100 * found.agreement:.2f} | {found.largest_error:.2g} | {found.mean_error:.2g} |"
    )


def _format_notes(manifest: Manifest) -> str:
    notes = [f"- `{e.file}` ({e.status}): {e.reason}" for e in manifest.artifacts if e.reason]
    notes += [
        f"- `{entry.file}` does not run on {finding.runtime}: {finding.reason}"
        for entry in manifest.artifacts
        for finding in entry.findings
        if finding.reason and entry.status == "kept"
    ]
    notes += [f"- {note}" for note in format_saturation(manifest)]
    slow = [e.file for e in manifest.artifacts if e.precision == "int16x8" and e.size_bytes]
    if slow:
        notes.append(
            f"- `{slow[0]}` runs on reference kernels, ten times slower than int8 or more. It is "
            "here to show how much of the loss is due to 8-bit activations."
        )
    return "## What to know\n\n" + "\n".join(notes) if notes else ""


def _format_pairs(manifest: Manifest) -> str:
    rows = [
        f"| `{entry.file}` | {pair.first}, {pair.second} | {100 * pair.agreement:.2f} "
        f"| {pair.largest_difference:.2g} "
        f"| {pair.largest_steps if pair.largest_steps is not None else '–'} |"
        for entry in manifest.artifacts
        for pair in entry.pairs
    ]
    if not rows:
        return ""
    return (
        "## The same file on two runtimes\n\n| file | runtimes | same answer, % | largest "
        "difference | in steps of the output |\n|---|---|--:|--:|--:|\n" + "\n".join(rows)
    )


def _format_noise() -> str:
    return (
        "## Where precision is lost\n\n"
        f"![signal to noise per layer]({_FIGURES}/layer_noise.png)\n\n"
        "Each layer's output in the static int8 file against the float file, noise of the layers "
        "before it included. A sudden fall names the layer that hurts: often one whose channels "
        "differ widely in range."
    )


def _format_versions(manifest: Manifest) -> str:
    made, used = manifest.versions, manifest.calibration
    others = "none is" if manifest.verified_on.role == "evaluation" else "all are"
    return (
        "## How it was made\n\n"
        f"Calibrated on {used.count:,} pictures, of which {others} among those that files were "
        f"judged on (TFLite: min-max; ONNX: {manifest.calibration_method}). "
        f"Python {made.python} on {made.machine}, TensorFlow {made.tensorflow}, "
        f"Keras {made.keras}, ONNX {made.onnx}, tf2onnx {made.tf2onnx}, ONNX Runtime "
        f"{made.onnxruntime}; toolkit {manifest.toolkit_version}, {manifest.created}. "
        "SHA-256 sums of whole files stand in manifest.json."
    )
