"""Several machines side by side: nothing is averaged or compared across them, only shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.errors import ResultsError
from benchmarks.report import units
from benchmarks.report.page import name_runs
from benchmarks.report.rows import format_table
from benchmarks.results import CaseRecord, Results
from edge_runtime.measurement.host import describe_cores


@dataclass(frozen=True, slots=True)
class Merged:
    """Runs of several machines with a distinct name for each."""

    names: tuple[str, ...]
    runs: tuple[Results, ...]


def merge_runs(runs: Sequence[Results]) -> Merged:
    """Put runs side by side.

    Raises:
        ResultsError: There are none, or a file of one name is another file on another machine.
    """
    if not runs:
        raise ResultsError("at least one results.json is needed")
    sums: dict[str, str] = {}
    for results in runs:
        for artifact in results.artifacts:
            if sums.setdefault(artifact.file, artifact.sha256) != artifact.sha256:
                raise ResultsError(
                    f"{artifact.file} is not the same file in all runs (SHA-256 differs); "
                    "measure the same artifacts on every machine"
                )
    return Merged(tuple(name_runs(runs)), tuple(runs))


def format_merged(merged: Merged) -> list[str]:
    """One table: a line per artifact, runtime and threads, a column per machine."""
    keys = dict.fromkeys(
        (case.artifact, case.runtime, case.threads) for run in merged.runs for case in run.cases
    )
    cases = [
        {(case.artifact, case.runtime, case.threads): case for case in run.cases}
        for run in merged.runs
    ]
    header = ("artifact", "runtime", "threads", *(f"p50 µs, {name}" for name in merged.names))
    rows = [
        [key[0], key[1], str(key[2]), *(_format_cell(one.get(key)) for one in cases)]
        for key in keys
    ]
    verdicts = [
        f"- {name}: {'VALID' if run.verdict.valid else 'INVALID: do not quote its latencies'} "
        f"({run.host.processor or run.host.machine}, {describe_cores(run.host)}, "
        f"{run.host.system}, {run.created})"
        for name, run in zip(merged.names, merged.runs, strict=True)
    ]
    return [*verdicts, "", *format_table(header, rows)]


def _format_cell(case: CaseRecord | None) -> str:
    if case is None:
        return "–"
    return case.status if case.summary is None else units.format_interval_us(case.summary.p50_ns)
