"""The findings as a Markdown table, for the terminal and the documentation alike."""

from collections.abc import Sequence

from benchmarks.runtime_cost.bounds import Bound, Finding
from edge_runtime.measurement.host import Host, describe_cores


def format_findings(findings: Sequence[Finding], host: Host) -> str:
    """Format the table and the line that says what it was measured on."""
    lines = [
        "| what | promised | measured (quartiles) | by least times | |",
        "|---|--:|--:|--:|---|",
        *(_format_row(finding) for finding in findings),
        "",
        _format_host(host),
    ]
    return "\n".join(lines)


def _format_row(finding: Finding) -> str:
    bound, found = finding.bound, finding.estimate
    return (
        f"| {bound.what} | {bound.side} {_format(bound, bound.limit)} "
        f"| {_format(bound, found.value)} ({found.low:.2f} to {found.high:.2f}) "
        f"| {_format(bound, found.by_least)} | {'met' if finding.is_met else '**missed**'} |"
    )


def _format(bound: Bound, value: float) -> str:
    return f"{value:.2f} {bound.unit}"


def _format_host(host: Host) -> str:
    versions = {package.name: package.version for package in host.packages}
    named = [
        f"{name} {versions[name]}"
        for name in ("ai-edge-litert", "onnxruntime", "numpy", "pillow")
        if name in versions
    ]
    return f"{host.processor or host.machine}, {describe_cores(host)}; {host.python}, " + ", ".join(
        named
    )
