"""Where trials run. The seam that keeps the runner apart from the place: here, or another board."""

import contextlib
import resource
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edge_runtime.measurement.host import Host, Sensors, describe_host, read_sensors
from edge_runtime.measurement.records import TrialOutcome, TrialRequest
from edge_runtime.measurement.trial_process import GRACE_S, TRIAL_MODULE, run_in_process

# A program for a Python that does nothing else: its peak memory in KiB.
PRINT_PEAK_KIB = (
    "print([x for x in open('/proc/self/status') if x.startswith('VmHWM')][0].split()[1])"
)


class Launcher(Protocol):
    """A place that runs trials, each in a fresh process."""

    def describe_host(self) -> Host:
        """Say what machine the trials run on."""

    def read_sensors(self) -> Sensors:
        """Read that machine's sensors."""

    def own_cpu_s(self) -> float | None:
        """Processor time that trials and launcher have used there; None where it is not known."""

    def bare_memory_bytes(self) -> int | None:
        """Peak memory of a Python there that does nothing."""

    def put(self, file: Path) -> str:
        """Make a local file readable by trials and return its path there."""

    def scores_path(self, name: str) -> str:
        """Say where a trial may write scores under `name`."""

    def take_scores(self, name: str) -> npt.NDArray[np.float32]:
        """Fetch the scores that a trial wrote."""

    def run(self, request: TrialRequest, module: str = TRIAL_MODULE) -> TrialOutcome:
        """Run one trial in a fresh process; a crash or a hang is an outcome too."""


class LocalLauncher:
    """Runs trials as child processes of this one."""

    def __init__(self, scratch: Path, python: str = sys.executable) -> None:
        self._scratch = scratch
        self._python = python

    def describe_host(self) -> Host:
        """Describe this machine."""
        return describe_host()

    def read_sensors(self) -> Sensors:
        """Read this machine's sensors."""
        return read_sensors()

    def own_cpu_s(self) -> float | None:
        """Processor time of this process and of all its children that have ended."""
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in used)

    def bare_memory_bytes(self) -> int | None:
        """Ask a Python without site packages for its peak memory."""
        with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
            done = subprocess.run(
                [self._python, "-I", "-S", "-c", PRINT_PEAK_KIB],
                capture_output=True,
                text=True,
                timeout=GRACE_S,
                check=True,
            )
            return int(done.stdout) * 1024
        return None

    def put(self, file: Path) -> str:
        """Return the absolute path; the trial shares this file system."""
        # A link is not followed: what it names may lack the suffix that tells a file's format.
        return str(file.absolute())

    def scores_path(self, name: str) -> str:
        """Path in the scratch folder."""
        return str((self._scratch / f"{name}.npy").resolve())

    def take_scores(self, name: str) -> npt.NDArray[np.float32]:
        """Load (N, classes) float32 from the scratch folder."""
        scores: npt.NDArray[np.float32] = np.load(self.scores_path(name), allow_pickle=False)
        return scores

    def run(self, request: TrialRequest, module: str = TRIAL_MODULE) -> TrialOutcome:
        """Start a Python, hand it the request, and wait for its outcome."""
        return run_in_process(request, module, self._python)
