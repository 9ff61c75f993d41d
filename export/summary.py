"""The table that the command prints."""

from collections.abc import Sequence
from pathlib import Path

from export.manifest import RECOMMENDED_MEANS, ArtifactEntry, Finding, Manifest


def format_summary(manifest: Manifest, folder: Path) -> str:
    """Format what was made, one line per file and runtime."""
    rows: list[tuple[str, ...]] = [
        ("file", "size", "runtime", "accuracy", "against float", "same answer")
    ]
    for entry in manifest.artifacts:
        rows += _format_entry(entry)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    notes = _format_reasons(manifest.artifacts)
    notes += [
        f"{entry.file} on {finding.runtime}: {finding.reason}"
        for entry in manifest.artifacts
        for finding in entry.findings
        if finding.reason and entry.status == "kept"
    ]
    notes += format_saturation(manifest)
    where = f"{manifest.verified_on.count:,} {manifest.verified_on.role} pictures"
    tail = [
        "",
        f"checked on {where}; 95 % intervals, in percentage points",
        *notes,
        f"recommended ({RECOMMENDED_MEANS}): {folder / manifest.recommended}"
        if manifest.recommended
        else "",
        f"written to {folder}; read {folder / 'report.md'}",
    ]
    return "\n".join(lines + tail)


def format_saturation(manifest: Manifest) -> list[str]:
    """One sentence per file that this processor alone runs wrongly in a default session."""
    return [
        f"`{entry.file}`: {100 * finding.comparison.accuracy:.2f} % with edge_runtime, on every "
        f"processor; an ONNX Runtime session with default options labels "
        f"{100 * finding.fast_accuracy:.2f} % rightly on this one, which has no VNNI and whose "
        "int8 kernels saturate. Set the session option session.x64quantprecision to 1."
        for entry in manifest.artifacts
        for finding in entry.findings
        if finding.fast_accuracy is not None and finding.comparison is not None
    ]


def _format_reasons(entries: Sequence[ArtifactEntry]) -> list[str]:
    """Each reason once, behind the files that it is about."""
    about: dict[str, list[ArtifactEntry]] = {}
    for entry in entries:
        if entry.reason:
            about.setdefault(entry.reason, []).append(entry)
    return [
        f"{same[0].file if len(same) == 1 else ', '.join(_to_key(e) for e in same)}: {reason}"
        for reason, same in about.items()
    ]


def _to_key(entry: ArtifactEntry) -> str:
    return f"{entry.precision}.{entry.format}"


def _format_entry(entry: ArtifactEntry) -> list[tuple[str, ...]]:
    size = f"{entry.size_bytes / 1000:,.1f} kB" if entry.size_bytes is not None else entry.status
    if not entry.findings:
        return [(entry.file, size, "", "", "", "")]
    return [
        (entry.file if i == 0 else "", size if i == 0 else "", *_format_finding(finding))
        for i, finding in enumerate(entry.findings)
    ]


def _format_finding(finding: Finding) -> tuple[str, str, str, str]:
    found = finding.comparison
    if found is None:
        return finding.runtime, "does not run", "", ""
    return (
        finding.runtime,
        f"{100 * found.accuracy:.2f} ({100 * found.accuracy_low:.2f}–"
        f"{100 * found.accuracy_high:.2f})",
        f"{100 * found.difference:+.2f} ({100 * found.difference_low:+.2f} to "
        f"{100 * found.difference_high:+.2f})",
        f"{100 * found.agreement:.2f} %",
    )
