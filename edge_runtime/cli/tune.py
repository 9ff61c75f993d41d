"""Find the best artifact, runtime and number of threads for this machine, and save the choice.

Every candidate is measured in fresh processes, all of them in turn, round by round. The fastest
that keeps to the budget is saved as a profile; name that instead of a model from then on.

example: edge-runtime tune artifacts/fashion-cnn --max-latency 2ms
         edge-runtime classify photo.jpg --model board.profile.json
"""

import argparse
import json
import math
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from edge_runtime import __version__
from edge_runtime.backends.probe import probe_backend
from edge_runtime.backends.registry import PREFERENCE, BackendStatus
from edge_runtime.cli.answer_options import parse_positive
from edge_runtime.cli.main import UsageError
from edge_runtime.cli.model_options import parse_thread_count
from edge_runtime.cli.paths import parse_path
from edge_runtime.cli.progress import ProgressLine
from edge_runtime.cli.tune_table import format_search
from edge_runtime.document import to_document, to_json
from edge_runtime.errors import BackendUnavailableError, IncompatibleArtifactError
from edge_runtime.evaluation.labelled_set import load_labelled_set
from edge_runtime.measurement.host import describe_host
from edge_runtime.measurement.trial_process import run_in_process
from edge_runtime.output_file import check_output, write_output
from edge_runtime.profile import SCHEMA_VERSION, Budget, CandidateRecord, Profile, hash_file
from edge_runtime.tuning.candidates import (
    Candidate,
    default_thread_counts,
    find_artifacts,
    list_candidates,
)
from edge_runtime.tuning.choosing import Decision, choose
from edge_runtime.tuning.search import Search
from edge_runtime.tuning.trying import try_candidates

_UNITS_US = {"us": 1.0, "µs": 1.0, "μs": 1.0, "ms": 1e3, "s": 1e6}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    add = parser.add_argument
    add(
        "artifacts",
        nargs="+",
        type=parse_path,
        metavar="ARTIFACT",
        help=".tflite or .onnx file, folder of them, or: default",
    )
    add(
        "--out",
        type=parse_path,
        default=Path("board.profile.json"),
        metavar="FILE",
        help="where the profile goes (default: board.profile.json)",
    )
    add("--force", action="store_true", help="replace FILE where it exists")
    add("--json", action="store_true", help="all candidates and the choice as one JSON document")
    budget = parser.add_argument_group("budget")
    budget.add_argument(
        "--max-latency",
        type=parse_latency,
        metavar="TIME",
        help="most that 90%% of single pictures may take, such as 500us or 2ms",
    )
    budget.add_argument(
        "--min-accuracy",
        type=parse_percent,
        metavar="PERCENT",
        help="least accuracy, such as 92 (default: half a point below the best, or one standard "
        "error where that is more)",
    )
    budget.add_argument(
        "--data",
        type=parse_path,
        metavar="DATA",
        help="labelled pictures as for evaluate (default: what the artifacts state of themselves)",
    )
    budget.add_argument(
        "--limit", type=parse_positive, metavar="N", help="use N of the pictures (default: all)"
    )
    search = parser.add_argument_group("what to try")
    search.add_argument(
        "--backend",
        action="append",
        choices=PREFERENCE,
        help="this runtime, may be repeated (default: every one that is installed)",
    )
    search.add_argument(
        "--threads",
        action="append",
        type=parse_thread_count,
        metavar="N",
        help="this number of threads, may be repeated (default: 1, 2, 4 … up to all cores)",
    )
    search.add_argument(
        "--rounds",
        type=parse_positive,
        default=3,
        metavar="N",
        help="fresh processes per candidate (default: 3)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what was tried and save the choice; 1 where nothing keeps to the budget."""
    if arguments.out.suffix != ".json":
        raise UsageError(f"--out: a profile's name ends in .json, found {arguments.out}")
    if arguments.limit and not arguments.data:
        raise UsageError("--limit says how many pictures of --data are used; give --data too")
    check_output(arguments.out, arguments.force)
    artifacts = find_artifacts(arguments.artifacts)
    statuses = [probe_backend(name) for name in arguments.backend or PREFERENCE]
    candidates = _list_candidates(arguments, artifacts, statuses)
    budget = Budget(arguments.max_latency, arguments.min_accuracy)
    decision = choose(_try(arguments, candidates), budget)
    missing = [status for status in statuses if status.version is None]
    profile = _build_profile(arguments.out, decision, budget) if decision.chosen else None
    try:
        if arguments.json:
            named = str(arguments.out) if profile else None
            print(json.dumps({"profile": named, **to_document(decision)}, allow_nan=False))
        else:
            print(format_search(decision, missing, describe_host()))
    finally:
        # Last, so that a full disk does not cost the table; and also where whoever reads the table
        # has had enough of it (such as `| head`).
        if profile:
            write_output(arguments.out, to_json(profile))
    if profile and not arguments.json:
        print(f"\nsaved as {arguments.out}; use it in place of a model:")
        print(f"  edge-runtime classify PICTURE --model {arguments.out}")
    return 0 if profile else 1


def parse_latency(text: str) -> float:
    """Read a time with its unit, such as ``500us`` or ``2ms``, as microseconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(us|µs|μs|ms|s)", text)
    value = float(found.group(1)) * _UNITS_US[found.group(2)] if found else 0.0
    if not 0.0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a time such as 500us or 2ms, found {text!r}")
    return value


def parse_percent(text: str) -> float:
    """Read percent, such as ``92.5`` or ``92.5%``, as a fraction."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%?", text)
    if not found or not 1.0 < float(found.group(1)) <= 100.0:
        # 0.92 is refused rather than taken for less than one percent.
        raise argparse.ArgumentTypeError(f"expected percent such as 92.5, found {text!r}")
    return float(found.group(1)) / 100


def _list_candidates(
    arguments: argparse.Namespace, artifacts: list[Path], statuses: list[BackendStatus]
) -> list[Candidate]:
    usable = [status.name for status in statuses if status.version is not None]
    if not usable:
        raise BackendUnavailableError(
            "no runtime works here:\n" + "\n".join(f"  - {status.reason}" for status in statuses)
        )
    counts = dict.fromkeys(arguments.threads or default_thread_counts())
    candidates = list_candidates(artifacts, usable, counts)
    if not candidates:
        kinds = ", ".join(sorted({artifact.suffix for artifact in artifacts}))
        raise IncompatibleArtifactError(
            f"{', '.join(usable)} can load none of these {kinds} files; see: edge-runtime doctor"
        )
    return candidates


def _try(arguments: argparse.Namespace, candidates: list[Candidate]) -> tuple[CandidateRecord, ...]:
    with tempfile.TemporaryDirectory(prefix="edge-runtime-tune-") as scratch:
        search = Search(
            run_trial=run_in_process,
            progress=ProgressLine(),
            scratch=Path(scratch),
            relative_to=arguments.out.absolute().parent,
            rounds=arguments.rounds,
            load_labelled=(
                (
                    lambda metadata: load_labelled_set(
                        arguments.data, metadata.model.labels
                    ).take_stratified(arguments.limit)
                )
                if arguments.data
                else None
            ),
        )
        return try_candidates(candidates, search)


def _build_profile(out: Path, decision: Decision, budget: Budget) -> Profile:
    chosen = decision.chosen
    assert chosen is not None
    assert chosen.backend_version is not None
    return Profile(
        schema_version=SCHEMA_VERSION,
        toolkit_version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        artifact=chosen.artifact,
        sha256=hash_file(out.absolute().parent / chosen.artifact),
        backend=chosen.backend,
        backend_version=chosen.backend_version,
        threads=chosen.threads,
        why=decision.why,
        budget=budget,
        host=describe_host(),
        candidates=decision.records,
    )
