"""One row per case, as text: shared by the Markdown table, the CSV file and the page."""

import csv
import io
from collections.abc import Sequence

from benchmarks.report import units
from benchmarks.results import CaseRecord, Results

CSV_COLUMNS = (
    "artifact",
    "format",
    "precision",
    "runtime",
    "runtime_version",
    "threads",
    "status",
    "reason",
    "size_bytes",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "accuracy_images",
    "agreement",
    "accuracy_difference",
    "difference_low",
    "difference_high",
    "mcnemar_p",
    "p50_us",
    "p50_low_us",
    "p50_high_us",
    "p90_us",
    "p95_us",
    "p99_us",
    "samples",
    "processes",
    "spread",
    "images_per_s",
    "cpu_us",
    "interpreter_ms",
    "import_ms",
    "load_ms",
    "first_ms",
    "decode_us",
    "preprocess_us",
    "invoke_us",
    "postprocess_us",
    "peak_memory_bytes",
    "memory_over_bare_bytes",
)
Value = str | int | float | None


def build_row(results: Results, case: CaseRecord) -> dict[str, Value]:
    """Flatten one case with its artifact and accuracy; keys are `CSV_COLUMNS`."""
    artifact, accuracy = results.artifact_of(case), results.accuracy_of(case)
    row: dict[str, Value] = dict.fromkeys(CSV_COLUMNS)
    row |= {
        "artifact": case.artifact,
        "format": artifact.format,
        "precision": artifact.precision,
        "runtime": case.runtime,
        "runtime_version": case.runtime_version,
        "threads": case.threads,
        "status": case.status,
        "reason": case.reason,
        "size_bytes": artifact.size_bytes,
    }
    if accuracy is not None:
        row |= {
            "accuracy": accuracy.correct / accuracy.total,
            "accuracy_low": accuracy.interval.low,
            "accuracy_high": accuracy.interval.high,
            "accuracy_images": accuracy.total,
        }
        if accuracy.reference is not None:
            row |= {
                "agreement": accuracy.reference.agreement,
                "accuracy_difference": accuracy.reference.difference,
                "difference_low": accuracy.reference.interval.low,
                "difference_high": accuracy.reference.interval.high,
                "mcnemar_p": accuracy.reference.mcnemar_p,
            }
    return row | _timing_columns(case)


def _timing_columns(case: CaseRecord) -> dict[str, Value]:
    summary = case.summary
    if summary is None:
        return {}
    return {
        "p50_us": summary.p50_ns.value / 1e3,
        "p50_low_us": _scaled(summary.p50_ns.low, 1e3),
        "p50_high_us": _scaled(summary.p50_ns.high, 1e3),
        "p90_us": _scaled(summary.p90_ns, 1e3),
        "p95_us": _scaled(summary.p95_ns, 1e3),
        "p99_us": _scaled(summary.p99_ns, 1e3),
        "samples": summary.samples,
        "processes": summary.p50_ns.processes,
        "spread": summary.spread,
        "images_per_s": summary.images_per_s.value if summary.images_per_s else None,
        "cpu_us": summary.cpu_ns / 1e3,
        "interpreter_ms": _scaled(summary.interpreter_ns, 1e6),
        "import_ms": summary.import_ns / 1e6,
        "load_ms": summary.load_ns / 1e6,
        "first_ms": summary.first_ns / 1e6,
        "decode_us": _scaled(summary.decode_ns, 1e3),
        "preprocess_us": _scaled(summary.preprocess_ns, 1e3),
        "invoke_us": _scaled(summary.invoke_ns, 1e3),
        "postprocess_us": _scaled(summary.postprocess_ns, 1e3),
        "peak_memory_bytes": summary.peak_memory_bytes,
        "memory_over_bare_bytes": summary.memory_over_bare_bytes,
    }


def _scaled(value: float | None, unit: float) -> float | None:
    return None if value is None else value / unit


def format_csv(results: Results) -> str:
    """Every case as a line of CSV, numbers unrounded but for binary noise."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for case in results.cases:
        row = build_row(results, case)
        writer.writerow({k: f"{v:.8g}" if isinstance(v, float) else v for k, v in row.items()})
    return text.getvalue()


TABLE_COLUMNS = (
    "artifact",
    "runtime",
    "threads",
    "accuracy %",
    "vs float",
    "p50 µs",
    "p90 µs",
    "p99 µs",
    "images/s",
    "size KiB",
    "memory MiB",
)
# Columns of numbers stand flush right.
_RIGHT_FROM = 2


def build_table(results: Results) -> list[list[str]]:
    """The table that people read, one list of cells per case; columns are `TABLE_COLUMNS`."""
    return [_build_cells(results, case) for case in results.cases]


def _build_cells(results: Results, case: CaseRecord) -> list[str]:
    artifact, accuracy, summary = (
        results.artifact_of(case),
        results.accuracy_of(case),
        case.summary,
    )
    reference = accuracy.reference if accuracy else None
    start = [case.artifact, case.runtime, str(case.threads)]
    if summary is None:
        return [*start, *[case.status, *["–"] * 5], units.format_kib(artifact.size_bytes), "–"]
    rate = summary.images_per_s
    return [
        *start,
        "–" if accuracy is None else units.format_points(accuracy.correct / accuracy.total),
        "–" if reference is None else units.format_signed_points(reference.difference),
        units.format_interval_us(summary.p50_ns),
        units.format_us(summary.p90_ns),
        units.format_us(summary.p99_ns),
        units.format_rate(rate.value if rate else None),
        units.format_kib(artifact.size_bytes),
        units.format_mib(summary.memory_over_bare_bytes),
    ]


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay out a Markdown table whose source lines up too."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if index >= _RIGHT_FROM else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * (width + 1) + ":" if index >= _RIGHT_FROM else ":" + "-" * (width + 1)
        for index, width in enumerate(widths)
    ]
    return [line(header), f"|{'|'.join(rule)}|", *map(line, rows)]
