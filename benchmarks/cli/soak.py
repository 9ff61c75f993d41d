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
from benchmarks.cli.output import check_out
from benchmarks.errors import BenchmarkError, PlanError
from benchmarks.launching import Launcher, LocalLauncher
from benchmarks.runtimes import list_runtimes
from benchmarks.soaking import SCHEMA_VERSION, SoakRecord, draw_soak, find_drift, format_soak
from edge_runtime.cli.progress import ProgressLine
from edge_runtime.document import to_json
from edge_runtime.trial import TrialRequest

_UNITS_S = {"s": 1, "m": 60, "h": 3600}
_PICTURES = 512
# What a board would run, if nothing else is said.
_PREFERRED = ("qat_int8", "static_int8", "dynamic_int8", "fp16", "fp32")


def parse_duration_s(text: str) -> int:
    """Read ``90s``, ``10m`` or ``2h`` as seconds."""
    found = re.fullmatch(r"(\d+)([smh])", text)
    if found is None or int(found.group(1)) == 0:
        raise argparse.ArgumentTypeError(f"expected a time such as 90s, 10m or 2h, found {text!r}")
    return int(found.group(1)) * _UNITS_S[found.group(2)]


def run_soak(
    arguments: argparse.Namespace, place: AbstractContextManager[Launcher] | None, out: Path
) -> int:
    """Soak the artifact that a board would run, and write soak.json and soak.png."""
    check_out(out, arguments.force, mark="soak.json")
    artifact = choose_artifact(load_artifacts(arguments.artifacts))
    names = arguments.runtimes or [
        runtime.name for runtime in list_runtimes() if artifact.format in runtime.formats
    ]
    threads = arguments.threads[0] if arguments.threads else 1
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
            backend=names[0],
            threads=threads,
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


def choose_artifact(artifacts: list[ArtifactRecord]) -> ArtifactRecord:
    """The smallest precision that is there, ``.tflite`` before ``.onnx``.

    Raises:
        PlanError: No artifact has a known precision.
    """
    for precision in _PREFERRED:
        for record in artifacts:
            if record.precision == precision:
                return record
    raise PlanError("no artifact of a known precision to soak; name files MODEL_PRECISION.tflite")


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
        raise BenchmarkError(f"the soak gave no result: {outcome.refusal}")
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
