"""The README's table: what a judged run measured, between two markers and by no other hand."""

import re
import shlex
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from benchmarks.errors import InputError, ResultsError
from benchmarks.report.markdown import format_reasons
from benchmarks.report.rows import TABLE_COLUMNS, build_table, format_table
from benchmarks.results import Results
from edge_runtime.measurement.host import describe_cores

BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"


def keep_threads(results: Results, threads: int) -> Results:
    """Keep the cases with one number of threads: a README has room for a line per artifact.

    Raises:
        ResultsError: There are none.
    """
    cases = tuple(case for case in results.cases if case.threads == threads)
    if not any(case.summary is not None for case in cases):
        there = sorted({case.threads for case in results.cases if case.summary is not None})
        raise ResultsError(f"nothing was measured with {threads} threads, only with {there}")
    return replace(results, cases=cases)


def format_section(results: Results, source: str, figure: str) -> list[str]:
    """The lines between the markers.

    Args:
        results: A VALID run.
        source: Where its results.json is, as the README links to it.
        figure: The same of the picture.

    Raises:
        ResultsError: The run is INVALID, and what must not be quoted must not stand there.
    """
    if not results.verdict.valid:
        codes = [f.code for f in results.verdict.findings if f.severity == "invalid"]
        raise ResultsError(
            f"this run is INVALID ({', '.join(codes)}), so no README may quote it; measure again"
        )
    return [
        *format_table(TABLE_COLUMNS, build_table(results)),
        *format_reasons(results),
        "",
        *_format_caption(results, source),
        "",
        f"![accuracy against latency]({figure})",
    ]


def _format_caption(results: Results, source: str) -> list[str]:
    evaluation, host = results.evaluation, results.host
    half = max((a.interval.high - a.interval.low for a in results.accuracies), default=0.0) * 50
    shown = "all" if evaluation.images == evaluation.available else "the first"
    warnings = [f.code for f in results.verdict.findings if f.severity == "warning"]
    made = datetime.fromisoformat(results.created)
    versions = {c.runtime: c.runtime_version for c in results.cases if c.summary is not None}
    machine = [
        f"{host.board or host.processor or host.machine} ({describe_cores(host)})",
        host.system,
        host.python.replace("CPython", "Python"),
        *(f"{runtime} {version}" for runtime, version in versions.items()),
    ]
    text = (
        f"Accuracy is top-1 on {shown} {evaluation.images:,} evaluation pictures, ±{half:.2f} "
        "points at 95 %; *vs float* is the difference to the float Keras model on the same "
        "pictures, in points; p50 is one call at batch 1, joined over "
        f"the calm ones of {results.plan.rounds} or more fresh processes, with its 95 % interval; "
        "p90 and p99 are "
        "MLPerf's early-stopping estimates; memory is over a bare Python. Measured on "
        f"{made.day} {made:%B %Y} on {', '.join(machine)}, and judged VALID"
        + (f", with warnings ({', '.join(warnings)})" if warnings else "")
        + f". All of it is in [results.json]({source}), made by"
    )
    command = f"`{shlex.join(results.command)}`."
    return [*textwrap.wrap(text, 120, break_long_words=False, break_on_hyphens=False), command]


def replace_section(text: str, lines: Sequence[str]) -> str:
    """Put lines between the markers of a README.

    Raises:
        InputError: The markers are not there once each, in order.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise InputError(f"expected one line {BEGIN} and below it one line {END}; add them")
    inside = "\n".join([BEGIN, "", *lines, "", END])
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: inside, text, flags=re.DOTALL)
