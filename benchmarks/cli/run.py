"""``python -m benchmarks --artifacts DIR``: measure everything and report it."""

import argparse
import dataclasses
import sys
import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from benchmarks.artifacts import describe_artifact, load_artifacts, load_evaluation
from benchmarks.cli import hosts
from benchmarks.cli.limits import add_gate_arguments, read_gates
from benchmarks.cli.output import check_out
from benchmarks.cli.soak import check_soak, parse_duration_s, run_soak
from benchmarks.errors import PlanError
from benchmarks.gates import check_gates
from benchmarks.launching import Launcher, LocalLauncher
from benchmarks.measurement import measure
from benchmarks.plan import PLANS, Plan, build_cases, load_plan
from benchmarks.report.markdown import format_summary
from benchmarks.report.writing import write_report
from benchmarks.results import Results
from benchmarks.runner import Job
from benchmarks.runtimes import list_runtimes
from edge_runtime.cli.progress import ProgressLine
from edge_runtime.document import to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    add = parser.add_argument
    add("--artifacts", type=Path, required=True, metavar="DIR", help="folder of artifacts")
    add(
        "--out",
        type=Path,
        metavar="DIR",
        help="where the report goes (default: report/NAME, NAME being the artifacts' folder, or "
        "report/NAME-soak with --soak)",
    )
    add(
        "--force",
        action="store_true",
        help="replace a report that is there; other files beside it stay",
    )
    add(
        "--evaluation",
        type=Path,
        metavar="FILE",
        help="labelled pictures, .npz (default: evaluation.npz beside the artifacts)",
    )
    add("--peers", action="store_true", help="measure OpenVINO, too (needs the extra [peers])")
    add(
        "--keras",
        type=Path,
        metavar="FILE",
        help="with --peers: the .keras file that the artifacts were made of, run by TensorFlow",
    )
    add(
        "--soak",
        type=parse_duration_s,
        metavar="TIME",
        help="instead: call one artifact (int8 before float, or see --only) without a pause for "
        "90s, 10m or 2h",
    )
    add(
        "--json",
        action="store_true",
        help="print results.json instead of the table; of several machines, a list of theirs",
    )
    _add_plan_arguments(parser)
    add_gate_arguments(parser)
    hosts.add_host_arguments(parser)


def _add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("the plan, and what differs from it").add_argument
    add(
        "--plan",
        default="standard",
        metavar="PLAN",
        help=f"{', '.join(PLANS)}, or a TOML file (default: standard)",
    )
    add("--quick", action="store_true", help="an answer within a minute; same as --plan quick")
    add("--threads", type=_numbers, metavar="N,N", help="thread counts (default: the plan's)")
    add(
        "--only",
        type=_names,
        dest="artifacts_like",
        metavar="A,B",
        help="artifacts by file name or pattern, such as '*_static_int8.*' (default: the plan's)",
    )
    add("--runtimes", type=_names, metavar="A,B", help="runtimes (default: all installed)")
    add("--rounds", type=int, metavar="N", help="fresh processes per case (default: the plan's)")
    add(
        "--evaluation-images",
        type=_count_or_all,
        metavar="N",
        help="pictures to measure accuracy on, or 'all' (default: the plan's)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, write the report, print the table."""
    plan = _choose_plan(arguments)  # What is wrong with it is said before anything else.
    if arguments.soak is not None:
        check_soak(arguments)
    out: Path = arguments.out or Path("report") / arguments.artifacts.resolve().name
    if len(arguments.host) > 1:
        return hosts.run_on_each(arguments, out, _measure_with, _report)
    if arguments.soak is None:
        check_out(out, arguments.force)
    place = hosts.open_host(arguments, arguments.host[0]) if arguments.host else None
    if arguments.soak is not None:
        return run_soak(arguments, plan, place, arguments.out or out.with_name(f"{out.name}-soak"))
    return _report(arguments, _measure_with(arguments, place), out)


def _measure_with(
    arguments: argparse.Namespace, place: AbstractContextManager[Launcher] | None
) -> Results:
    """Measure at a place; None is here."""
    plan = _choose_plan(arguments)
    artifacts, files = load_artifacts(arguments.artifacts), {}
    available = load_evaluation(arguments.artifacts, arguments.evaluation)
    evaluation = available.first(plan.evaluation_images)
    runtimes = list_runtimes(arguments.peers)
    if arguments.keras is not None:
        if not arguments.peers:
            raise PlanError("--keras needs --peers")
        # It is the model that the artifacts were made of, whatever its file is called.
        record = describe_artifact(arguments.keras)
        artifacts.append(dataclasses.replace(record, model=artifacts[0].model))
        files[arguments.keras.name] = arguments.keras
    cases = build_cases(artifacts, plan, ((r.name, r.formats) for r in runtimes))
    with (
        tempfile.TemporaryDirectory(prefix="benchmarks-") as scratch,
        place or nullcontext(LocalLauncher(Path(scratch))) as launcher,
    ):
        modules = {runtime.name: runtime.module for runtime in runtimes}
        job = Job(arguments.artifacts, cases, plan, evaluation, modules, files)
        return measure(job, launcher, Path(scratch), len(available.labels), ProgressLine())


def _report(arguments: argparse.Namespace, results: Results, out: Path) -> int:
    """Write the report, print the table, apply the gates."""
    pictures = write_report(results, out)
    if arguments.json:
        # Of several machines, `run_on_each` writes one document.
        if len(arguments.host) < 2:
            sys.stdout.write(to_json(results))
    else:
        print("\n".join(format_summary(results)))
        print(f"\nReport: {out / 'report.html'} (also report.md, results.csv, results.json)")
        print(f"Pictures: {', '.join(map(str, pictures))}")
    misses = check_gates(results, read_gates(arguments))
    for miss in misses:
        print(f"gate: {miss}", file=sys.stderr)
    return 0 if not misses and any(case.status == "measured" for case in results.cases) else 1


def _choose_plan(arguments: argparse.Namespace) -> Plan:
    if arguments.quick and arguments.plan not in ("standard", "quick"):
        raise PlanError("--quick and --plan say different things; give one of them")
    name = "quick" if arguments.quick else arguments.plan
    plan = PLANS[name] if name in PLANS else load_plan(Path(name))
    changes = {
        key: getattr(arguments, key)
        for key in ("threads", "runtimes", "rounds")
        if getattr(arguments, key) is not None
    }
    if arguments.artifacts_like is not None:
        changes["artifacts"] = arguments.artifacts_like
    if arguments.evaluation_images is not None:
        changes["evaluation_images"] = arguments.evaluation_images or None
    return dataclasses.replace(plan, **changes)


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected whole numbers such as 1,2; found {text!r}"
        ) from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def _count_or_all(text: str) -> int:
    """Parse a number of pictures; 0 stands for all of them."""
    if text == "all":
        return 0
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a number from 1, or 'all'; found {text!r}")
    return int(text)
