"""``--soak 10m``: one artifact without a pause, against temperature and clock."""

import argparse
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.artifacts import ArtifactRecord, load_artifacts, load_evaluation
from benchmarks.cli.limits import read_gates
from benchmarks.cli.output import check_out
from benchmarks.errors import BenchmarkError, PlanError
from benchmarks.gates import Gates
from benchmarks.launching import Launcher, LocalLauncher
from benchmarks.plan import Plan, check_patterns
from benchmarks.report.earlier_report import SOAK
from benchmarks.runtimes import list_runtimes
from benchmarks.soaking import SCHEMA_VERSION, SoakRecord, draw_soak, find_drift, format_soak
from edge_runtime.cli.progress import ProgressLine
from edge_runtime.document import to_json
from edge_runtime.measurement.records import TrialRequest

_UNITS_S = {"s": 1, "m": 60, "h": 3600}
_PICTURES = 512
_MOST_S = 30 * 86_400
# What a board would run, if nothing else is said; what is not listed comes last.
_PREFERRED = ("qat_int8", "static_int8", "dynamic_int8", "fp16", "fp32")


def parse_duration_s(text: str) -> int:
    """Read ``90s``, ``10m`` or ``2h`` as seconds."""
    found = re.fullmatch(r"(\d+)([smh])", text)
    seconds = float(found.group(1)) * _UNITS_S[found.group(2)] if found else 0.0
    if not 1 <= seconds <= _MOST_S:
        raise argparse.ArgumentTypeError(
            f"expected a time such as 90s, 10m or 2h, up to {_MOST_S // 86_400} days, found "
            f"{text!r}"
        )
    return int(seconds)


def check_soak(arguments: argparse.Namespace) -> None:
    """Refuse beside ``--soak`` what one case on one machine cannot do.

    Raises:
        PlanError: There is such an option.
    """
    if read_gates(arguments) != Gates():
        raise PlanError("--soak measures nothing that a gate could judge; run the two apart")
    if len(arguments.host) > 1:
        raise PlanError("--soak runs on one machine; give one --host")
    for option, given in (("--threads", arguments.threads), ("--runtimes", arguments.runtimes)):
        if given is not None and len(given) > 1:
            raise PlanError(f"--soak runs one case; give {option} one value")
    for name in ("rounds", "evaluation_images", "peers", "keras"):
        given = getattr(arguments, name)
        if given is not None and given is not False:
            raise PlanError(f"--{name.replace('_', '-')} is not for --soak; leave it out")


def run_soak(
    arguments: argparse.Namespace,
    plan: Plan,
    place: AbstractContextManager[Launcher] | None,
    out: Path,
) -> int:
    """Soak the artifact that a board would run, and write soak.json and soak.png."""
    check_out(out, arguments.force, kind=SOAK, replaced_whole=False)
    artifact = choose_artifact(load_artifacts(arguments.artifacts), plan)
    reading = [runtime.name for runtime in list_runtimes() if artifact.format in runtime.formats]
    wanted = [name for name in reading if not plan.runtimes or name in plan.runtimes]
    if not wanted:
        raise PlanError(f"{artifact.file} can be soaked on {', '.join(reading)}; choose one")
    with (
        tempfile.TemporaryDirectory(prefix="benchmarks-") as scratch,
        place or nullcontext(LocalLauncher(Path(scratch))) as launcher,
    ):
        images = Path(scratch) / "stream.npy"
        evaluation = load_evaluation(arguments.artifacts, arguments.evaluation)
        np.save(images, evaluation.images[:_PICTURES])
        request = TrialRequest(
            what="soak",
            artifact=launcher.put(arguments.artifacts / artifact.file),
            backend=wanted[0],
            threads=plan.threads[0],
            images=launcher.put(images),
            soak_ns=arguments.soak * 1_000_000_000,
        )
        record = _measure(launcher, request, artifact)
    out.mkdir(parents=True, exist_ok=True)
    partial = out / "soak.json.partial"
    partial.write_text(to_json(record), encoding="utf-8")
    partial.replace(out / "soak.json")
    draw_soak(record, out / "soak.png")
    print(to_json(record) if arguments.json else "\n".join(format_soak(record)))
    print(f"Picture: {out / 'soak.png'}", file=sys.stderr)
    return 0


def choose_artifact(artifacts: list[ArtifactRecord], plan: Plan) -> ArtifactRecord:
    """The artifact that the plan wants whose precision is preferred, ``.tflite`` before ``.onnx``.

    Raises:
        PlanError: The plan wants none that is there.
    """
    check_patterns(plan, artifacts)
    wanted = [record for record in artifacts if plan.wants(record.file)]
    ranks = {precision: rank for rank, precision in enumerate(_PREFERRED)}
    return min(wanted, key=lambda record: ranks.get(record.precision, len(ranks)))


def _measure(launcher: Launcher, request: TrialRequest, artifact: ArtifactRecord) -> SoakRecord:
    progress, started = ProgressLine(), time.monotonic()
    seconds = request.soak_ns // 1_000_000_000
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(launcher.run, request)
        while not running.done():
            progress("soaking", min(seconds - 1, int(time.monotonic() - started)), seconds)
            time.sleep(0.2)
        outcome = running.result()
    progress("soaking", seconds, seconds)
    if outcome.result is None or not outcome.result.soak:
        refusal = outcome.refusal
        why = f"{refusal.kind}: {refusal.message}" if refusal else "it ended without a window"
        raise BenchmarkError(f"the soak of {artifact.file} gave no result: {why}")
    points = outcome.result.soak
    return SoakRecord(
        schema_version=SCHEMA_VERSION,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        host=launcher.describe_host(),
        artifact=artifact.file,
        runtime=request.backend,
        threads=request.threads,
        points=points,
        drift=find_drift(points),
    )
