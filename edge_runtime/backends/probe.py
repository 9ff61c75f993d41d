"""Asking each runtime in a child process, where an illegal instruction is an answer too."""

import json
import signal
import subprocess
import sys

from edge_runtime.backends.registry import PREFERENCE, BackendStatus, load_backend

_TIMEOUT_S = 60.0
_QUESTION = """
import json, sys
from edge_runtime.backends.registry import load_backend
from edge_runtime.errors import BackendUnavailableError
try:
    answer = {"version": load_backend(sys.argv[1]).check_import(), "reason": None}
except BackendUnavailableError as error:
    answer = {"version": None, "reason": str(error)}
print("\\n" + json.dumps(answer))
"""


def probe_backends() -> tuple[BackendStatus, ...]:
    """Say of each runtime whether it can be imported, without risk for this process."""
    return tuple(probe_backend(name) for name in PREFERENCE)


def probe_backend(name: str) -> BackendStatus:
    """Say whether one runtime can be imported, without risk for this process."""
    backend = load_backend(name)
    version, reason = None, None
    try:
        child = subprocess.run(
            [sys.executable, "-c", _QUESTION, name],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        if child.returncode:
            reason = _describe_death(backend.package, child.returncode, child.stderr)
        else:
            answer = json.loads(child.stdout.splitlines()[-1])
            version, reason = answer["version"], answer["reason"]
    except subprocess.TimeoutExpired:
        reason = f"importing {backend.package} did not end within {_TIMEOUT_S:.0f} s"
    return BackendStatus(name, backend.package, backend.formats, version, reason)


def _describe_death(package: str, code: int, stderr: str) -> str:
    if code == -signal.SIGILL:
        return (
            f"{package} uses an instruction that this processor lacks; install an older release "
            f"or another runtime"
        )
    if code < 0:
        return f"importing {package} ends the process ({signal.Signals(-code).name})"
    lines = stderr.strip().splitlines()
    return f"importing {package} fails: {lines[-1] if lines else f'exit code {code}'}"
