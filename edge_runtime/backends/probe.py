"""Trying each runtime in a child process, where an illegal instruction is an answer too."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import edge_runtime
from edge_runtime.backends.registry import PREFERENCE, BackendStatus, load_backend
from edge_runtime.signal_names import name_signal

_TIMEOUT_S = 60.0
# Importing proves little: the first model may be what ends the process.
_QUESTION = """
import json, sys
import numpy as np
from edge_runtime.backends.registry import load_backend, open_session
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.models import find_default_model
name, model = sys.argv[1:]
try:
    version = load_backend(name).check_import()
    session = open_session(model or find_default_model(name), backend=name)
    shape = [max(side, 1) for side in session.input.shape]
    session.invoke(np.zeros(shape, session.input.dtype))
    answer = {"version": version, "reason": None}
except EdgeRuntimeError as error:
    answer = {"version": None, "reason": str(error)}
print("\\n" + json.dumps(answer))
"""


def probe_backends() -> tuple[BackendStatus, ...]:
    """Say of each runtime whether it runs a model, without risk for this process."""
    return tuple(probe_backend(name) for name in PREFERENCE)


def probe_backend(name: str, model: str | os.PathLike[str] = "") -> BackendStatus:
    """Say whether one runtime runs `model` (default: the one that this package carries)."""
    backend = load_backend(name)
    version, reason = None, None
    try:
        child = subprocess.run(
            [sys.executable, "-c", _QUESTION, name, str(Path(model).absolute()) if model else ""],
            capture_output=True,
            text=True,
            # The child imports from where it runs: here it finds this package, installed or in a
            # checkout, and no random.py of somebody's folder.
            cwd=Path(edge_runtime.__file__).resolve().parent.parent,
            timeout=_TIMEOUT_S,
            check=False,
        )
        if child.returncode:
            reason = _describe_death(backend.package, child.returncode, child.stderr)
        else:
            answer = json.loads(child.stdout.splitlines()[-1])
            version, reason = answer["version"], answer["reason"]
    except subprocess.TimeoutExpired:
        reason = f"trying {backend.package} did not end within {_TIMEOUT_S:.0f} s"
    return BackendStatus(name, backend.package, backend.formats, version, reason)


def _describe_death(package: str, code: int, stderr: str) -> str:
    if code == -signal.SIGILL:
        return (
            f"{package} uses an instruction that this processor lacks; install an older release "
            f"or another runtime"
        )
    if code < 0:
        return f"{package} ends the process when it is tried ({name_signal(-code)})"
    lines = stderr.strip().splitlines()
    return f"trying {package} fails: {lines[-1] if lines else f'exit code {code}'}"
