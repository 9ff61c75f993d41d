"""Running the export in a child process, so that a crash of TensorFlow is a finding, not the end.

Its converter dies of a signal on some networks (a recurrent layer in static int8, for one), where
no ``except`` helps. Then the export starts again without that step, and the manifest says why.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType

from edge_runtime.signal_names import name_signal
from export.steps import ENVIRONMENT_VARIABLE, Steps

_PROGRAM: tuple[str, ...] = ("-m", "export.command_line")
_FORWARDED = (signal.SIGINT, signal.SIGTERM)
# These mean that somebody, or a kernel short of memory, ended the process.
_ENDED_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(argv: list[str] | None = None) -> int:
    """Export as `export.command_line.main` does, whatever the converters do to the process."""
    arguments = sys.argv[1:] if argv is None else argv
    with tempfile.TemporaryDirectory(prefix="edge-export-") as folder:
        path = Path(folder, "steps")
        steps = Steps(path)
        while True:
            code = _run([*_PROGRAM, *arguments], path)
            if code >= 0:
                return code
            if not _can_go_on(steps, -code):
                return 1


def _run(arguments: list[str], steps: Path) -> int:
    """Run Python to its end; returns its exit status, below zero for a signal."""
    # In a group of its own, so that Ctrl-C reaches it once, from here.
    child = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, ENVIRONMENT_VARIABLE: str(steps)},
        process_group=0,
    )

    def forward(number: int, frame: FrameType | None) -> None:
        del frame
        child.send_signal(number)

    previous = {number: signal.signal(number, forward) for number in _FORWARDED}
    try:
        return child.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _can_go_on(steps: Steps, ended_by: int) -> bool:
    """Note which step crashed, and of which signal, and say so; whether it goes on without it."""
    kind, step = steps.find_current()
    name = name_signal(ended_by)
    if ended_by in _ENDED_FROM_OUTSIDE:
        hint = "; was memory short?" if ended_by == signal.SIGKILL else "."
        said = f"the process was ended ({name}) while {step}{hint} Nothing was written"
    elif kind == "needed":
        said = f"TensorFlow crashed ({name}) while {step}. Nothing was written"
    else:
        steps.add_crash(step, name)
        said = f"TensorFlow crashed ({name}) while {step}; starting again without that"
    print(f"\nexport: {said}", file=sys.stderr)
    return kind == "optional" and ended_by not in _ENDED_FROM_OUTSIDE
