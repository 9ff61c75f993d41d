"""``python -m benchmarks selfcheck``: does `compare` find a slowdown, and does it cry wolf?

The same artifacts are measured again and again by the same code; each run is compared with the one
before. Then one runtime is slowed by an injected tenth, and compared with a run that is not.
"""

import argparse
import dataclasses
import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.artifacts import load_artifacts, load_evaluation
from benchmarks.comparing import Change, compare_results
from benchmarks.errors import PlanError
from benchmarks.launching import LocalLauncher
from benchmarks.measurement import measure
from benchmarks.plan import PLANS, Plan, build_cases
from benchmarks.report.markdown import format_host
from benchmarks.results import Results
from benchmarks.runner import Job, Slowdown
from benchmarks.runtimes import list_runtimes
from edge_runtime.cli.progress import ProgressLine
from edge_runtime.measurement.timing import Effort

_MS = 1_000_000
# Small, so that twenty tries take minutes; the judging is the same as for large runs.
_PLAN = dataclasses.replace(
    PLANS["standard"],
    name="selfcheck",
    threads=(1,),
    rounds=10,
    runtimes=("litert", "onnx"),
    artifacts=("*_static_int8.*",),
    evaluation_images=100,
    effort=Effort(warmup_ns=50 * _MS, steady_ns=200 * _MS, offline_ns=0, stage_calls=0),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    add = parser.add_argument
    add("--artifacts", type=Path, required=True, metavar="DIR", help="folder of artifacts")
    add("--tries", type=int, default=20, metavar="N", help="repeated pairs (default: 20)")
    add("--detections", type=int, default=5, metavar="N", help="injected pairs (default: 5)")
    add("--factor", type=float, default=1.10, metavar="F", help="injected slowdown (default: 1.10)")
    add("--runtime", choices=_PLAN.runtimes, default="litert", help="slowed one (default: litert)")


def run(arguments: argparse.Namespace) -> int:
    """Count alarms and detections; 1 if more than one try in twenty alarms or a slowdown hides."""
    if arguments.tries < 0 or arguments.detections < 0:
        raise PlanError("tries and detections must not be negative")
    if not 1.0 < arguments.factor < math.inf:
        raise PlanError(f"the factor must be above 1 and finite, found {arguments.factor}")
    if not arguments.tries + arguments.detections:
        raise PlanError("without tries and detections there is nothing to check")
    with tempfile.TemporaryDirectory(prefix="selfcheck-") as folder:
        measure_once = _build_measure(arguments.artifacts, Path(folder))
        previous = measure_once(None)
        print(format_host(previous.host))
        alarms = 0
        for number in range(1, arguments.tries + 1):
            current = measure_once(None)
            told = _latency_changes(compare_results(previous, current))
            alarms += bool(told)
            print(f"same code, try {number}: {_describe(told)}", flush=True)
            previous = current
        found = 0
        for number in range(1, arguments.detections + 1):
            slowed = measure_once(Slowdown(arguments.runtime, arguments.factor))
            told = _latency_changes(compare_results(previous, slowed))
            hit = any(
                change.direction == "worse" and f" on {arguments.runtime}," in change.subject
                for change in told
            )
            found += hit
            print(f"{arguments.runtime} × {arguments.factor:.2f}, try {number}: {_describe(told)}")
            previous = measure_once(None)
    print(
        f"{alarms} of {arguments.tries} repetitions reported as different; "
        f"{found} of {arguments.detections} slowdowns of {arguments.factor - 1:.0%} found"
    )
    return 0 if alarms * 20 <= arguments.tries and found == arguments.detections else 1


def _build_measure(folder: Path, scratch: Path) -> Callable[[Slowdown | None], Results]:
    available = load_evaluation(folder)
    plan: Plan = _PLAN
    runtimes = ((runtime.name, runtime.formats) for runtime in list_runtimes())
    cases = build_cases(load_artifacts(folder), plan, runtimes)
    evaluation = available.first(plan.evaluation_images)

    def measure_once(slowdown: Slowdown | None) -> Results:
        job = Job(folder, cases, plan, evaluation, modules={}, slowdown=slowdown)
        progress = ProgressLine() if sys.stderr.isatty() else _silent
        return measure(job, LocalLauncher(scratch), scratch, len(available.labels), progress)

    return measure_once


def _latency_changes(changes: list[Change]) -> list[Change]:
    return [c for c in changes if c.quantity == "latency" and c.direction != "same"]


def _describe(changes: list[Change]) -> str:
    if not changes:
        return "no difference"
    return "; ".join(f"{c.subject} {c.direction}: {c.text}" for c in changes)


def _silent(stage: str, done: int, total: int) -> None:
    """Take no note."""
