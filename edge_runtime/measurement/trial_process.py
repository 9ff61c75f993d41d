"""Starting one trial in a fresh process of its own, where a crash or a hang is an answer too."""

import subprocess
import sys
from pathlib import Path

import edge_runtime
from edge_runtime.document import from_json, to_ascii_json
from edge_runtime.errors import MetadataError
from edge_runtime.measurement.records import SCHEMA_VERSION, Refusal, TrialOutcome, TrialRequest
from edge_runtime.signal_names import name_signal

TRIAL_MODULE = "edge_runtime.measurement.trial"
# A trial is bounded by its effort; what takes this much longer hangs.
GRACE_S = 120.0


def run_in_process(
    request: TrialRequest, module: str = TRIAL_MODULE, python: str = sys.executable
) -> TrialOutcome:
    """Start a Python, hand it the request, and wait for its outcome.

    Args:
        request: What to do; its paths must be absolute.
        module: What answers it.
        python: The interpreter to start.

    Returns:
        What the process answered, or the way in which it ended without an answer.
    """
    limit_s = (request.effort.max_ns * 3 + request.soak_ns) / 1e9 + GRACE_S
    if request.what == "scores":
        limit_s *= 10  # All pictures, once, however slow the model is.
    try:
        done = subprocess.run(
            [python, "-m", module],
            input=to_ascii_json(request),
            capture_output=True,
            text=True,
            errors="replace",
            # Children find the same packages as this process, installed or in a checkout.
            cwd=Path(edge_runtime.__file__).resolve().parent.parent,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return refuse("TimedOut", f"no answer within {limit_s:.0f} s; the process was stopped")
    try:
        return from_json(TrialOutcome, done.stdout, "the trial's outcome")
    except MetadataError:
        return refuse("Crashed", _describe_crash(done.returncode, done.stderr))


def refuse(kind: str, message: str) -> TrialOutcome:
    """Build the outcome of a trial that gave no result."""
    return TrialOutcome(SCHEMA_VERSION, None, Refusal(kind, message))


def _describe_crash(code: int, stderr: str) -> str:
    lines = [line for line in stderr.strip().splitlines() if line.strip()]
    last = f": {lines[-1].strip()[:300]}" if lines else ""
    if code < 0:
        return f"the process died of {name_signal(-code)}{last}"
    return f"the process ended with code {code} and no result{last}"
