"""``report.html``: one file that opens offline, with its data and the script that draws it."""

import html
import json
import math
import shlex
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from benchmarks.accuracy import count_flips, unpack_predictions
from benchmarks.report.markdown import list_machine_facts, list_picks
from benchmarks.report.rows import build_row
from benchmarks.results import CaseRecord, ClassAccuracy, Results
from edge_runtime.statistics import mcnemar_exact, wilson_interval
from edge_runtime.tuning.rounds import choose_processes

_SCRIPTS = ("base.js", "scatter.js", "table.js", "bars.js", "errors.js", "main.js")
_BINS = 140
_ALPHA = 0.05
# What stands beyond the 99.5th percentile of every case would squeeze all else together.
_AXIS_SHARE = 0.995
# Name in the page → column of `benchmarks.report.rows`.
_COLUMNS = {
    "artifact": "artifact",
    "format": "format",
    "precision": "precision",
    "runtime": "runtime",
    "version": "runtime_version",
    "threads": "threads",
    "status": "status",
    "reason": "reason",
    "size": "size_bytes",
    "accuracy": "accuracy",
    "accuracyLow": "accuracy_low",
    "accuracyHigh": "accuracy_high",
    "agreement": "agreement",
    "difference": "accuracy_difference",
    "differenceLow": "difference_low",
    "differenceHigh": "difference_high",
    "mcnemar": "mcnemar_p",
    "p50": "p50_us",
    "p50Low": "p50_low_us",
    "p50High": "p50_high_us",
    "p90": "p90_us",
    "p99": "p99_us",
    "samples": "samples",
    "spread": "spread",
    "rate": "images_per_s",
    "cpu": "cpu_us",
    "python": "interpreter_ms",
    "import": "import_ms",
    "load": "load_ms",
    "first": "first_ms",
    "decode": "decode_us",
    "preprocess": "preprocess_us",
    "invoke": "invoke_us",
    "postprocess": "postprocess_us",
    "memory": "memory_over_bare_bytes",
}


def format_page(runs: Sequence[Results]) -> str:
    """Build the page of one run, or of several machines side by side.

    Args:
        runs: At least one.
    """
    folder = files("benchmarks.report") / "page"
    models = dict.fromkeys(artifact.model for run in runs for artifact in run.artifacts)
    # The page is data and script in one file: nothing in the data may end the script element.
    data = json.dumps(build_page_data(runs), ensure_ascii=False, allow_nan=False)
    parts = {
        "title": html.escape(", ".join(models) or "no models"),
        "style": (folder / "page.css").read_text(encoding="utf-8"),
        "data": data.replace("<", "\\u003c"),
        "script": "\n".join(_read_script((folder / name).read_text("utf-8")) for name in _SCRIPTS),
    }
    page = (folder / "page.html").read_text(encoding="utf-8")
    pieces = page.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        filled += [parts[name], rest]
    return "".join(filled)


def _read_script(text: str) -> str:
    return text.replace('"use strict";\n', "", 1)


def build_page_data(runs: Sequence[Results]) -> dict[str, Any]:
    """Everything that the page's script draws from."""
    names = name_runs(runs)
    axis = _find_axis(runs)
    ties = [_find_ties(run) for run in runs]
    return {
        "runs": [_build_run(run, name) for run, name in zip(runs, names, strict=True)],
        "axis": {"low": axis[0] / 1e3, "high": axis[1] / 1e3},
        "cases": [
            _build_case(run, name, case, axis) | {"tied": (case.artifact, case.runtime) in tied}
            for run, name, tied in zip(runs, names, ties, strict=True)
            for case in run.cases
        ],
        "accuracies": [
            {
                "run": name,
                "artifact": record.artifact,
                "runtime": record.runtime,
                "classes": run.evaluation.class_names,
                "confusion": record.confusion,
                "perClass": [_build_class(one) for one in record.per_class],
            }
            for run, name in zip(runs, names, strict=True)
            for record in run.accuracies
        ],
    }


def _build_class(one: ClassAccuracy) -> list[Any]:
    if not one.total:
        return [one.label, 0, 0, None, None]
    interval = wilson_interval(one.correct, one.total)
    low, high = round(interval.low, 6), round(interval.high, 6)
    return [one.label, one.correct, one.total, low, high]


def _find_ties(run: Results) -> set[tuple[str, str]]:
    """Artifact and runtime of what McNemar's exact test does not tell from the most accurate."""
    if not run.accuracies:
        return set()
    total = run.evaluation.images
    labels = unpack_predictions(run.evaluation.labels, total)
    best = max(run.accuracies, key=lambda record: record.correct)
    best_answers = unpack_predictions(best.predictions, total)
    return {
        (record.artifact, record.runtime)
        for record in run.accuracies
        if mcnemar_exact(
            *count_flips(best_answers, unpack_predictions(record.predictions, total), labels)
        )
        >= _ALPHA
    }


def name_runs(runs: Sequence[Results]) -> list[str]:
    """A short, distinct name for each run's machine."""
    names: list[str] = []
    for run in runs:
        base = run.host.board or run.host.processor or run.host.machine
        taken = sum(name == base or name.startswith(f"{base} #") for name in names)
        names.append(f"{base} #{taken + 1}" if taken else base)
    return names


def _build_run(run: Results, name: str) -> dict[str, Any]:
    plan, evaluation = run.plan, run.evaluation
    facts = [
        *list_picks(run),
        *list_machine_facts(run),
        ("plan", f"{plan.name}: {plan.rounds} processes per case, threads {_join(plan.threads)}"),
        ("pictures", f"{evaluation.images:,} of {evaluation.available:,} for accuracy"),
        ("made by", f"{shlex.join(run.command)}, edge-runtime {run.toolkit_version}"),
    ]
    return {
        "name": name,
        "valid": run.verdict.valid,
        "created": run.created,
        "findings": [
            {"severity": f.severity, "message": f.message, "nextStep": f.next_step}
            for f in run.verdict.findings
        ],
        "facts": facts,
    }


def _build_case(
    run: Results, name: str, case: CaseRecord, axis: tuple[float, float]
) -> dict[str, Any]:
    row = build_row(run, case)
    built: dict[str, Any] = {key: row[column] for key, column in _COLUMNS.items()}
    for key, value in built.items():
        if isinstance(value, float):
            built[key] = float(f"{value:.6g}")
    built |= {"run": name, "model": run.artifact_of(case).model}
    built["histogram"] = _build_histogram(_pool(case), axis)
    return built


def _pool(case: CaseRecord) -> list[int]:
    return [
        sample
        for process in choose_processes(case.processes)
        if process.result.stream is not None
        for sample in process.result.stream.samples_ns
    ]


def _find_axis(runs: Sequence[Results]) -> tuple[float, float]:
    """One log axis over all cases, so that ridges can be compared by eye."""
    pools = [sorted(pool) for run in runs for case in run.cases if (pool := _pool(case))]
    if not pools:
        return 1e3, 1e6
    low = min(pool[0] for pool in pools)
    high = max(pool[int(_AXIS_SHARE * (len(pool) - 1))] for pool in pools)
    return low / 1.1, high * 1.1


def _build_histogram(samples: Sequence[int], axis: tuple[float, float]) -> list[int]:
    counts = [0] * _BINS
    low, width = math.log(axis[0]), math.log(axis[1] / axis[0]) / _BINS
    for sample in samples:
        place = int((math.log(sample) - low) / width) if sample > 0 else -1
        if 0 <= place < _BINS:
            counts[place] += 1
    return counts


def _join(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
