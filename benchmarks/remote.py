"""Trials on another board, over SSH. The board needs `edge_runtime` and a runtime, nothing more.

Files travel through the standard input and output of ``ssh``, so neither scp nor SFTP must be
there. Every trial is a fresh process on the board, as it is here.
"""

import contextlib
import io
import re
import shlex
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from benchmarks.errors import HostError
from benchmarks.launching import PRINT_PEAK_KIB
from edge_runtime.document import from_json, to_json
from edge_runtime.errors import MetadataError
from edge_runtime.measurement.host import Host, Sensors
from edge_runtime.measurement.records import HostReport, TrialOutcome, TrialRequest
from edge_runtime.measurement.trial_process import TRIAL_MODULE, refuse

# Where `deploy/` puts it.
DEPLOYED_PYTHON = "/opt/edge-runtime/current/venv/bin/python"
_LOST = 255  # ssh's own exit code: the connection failed, not the command
_GRACE_S = 300.0
# A line of the shell's `times`: user and system time, as in "0m1.230s 0m0.040s".
_TIMES = re.compile(r"^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$", re.MULTILINE)


@dataclass(slots=True)
class SshLauncher:
    """Runs trials on a board; see `benchmarks.launching.Launcher`. Build it with `connect`.

    Attributes:
        host: What ssh calls it, such as ``pi@raspberrypi`` or ``ssh://pi@10.0.0.7:2222``.
        python: The board's Python that has `edge_runtime`.
        ssh: The ssh command with its options.
        folder: A folder of its own on the board.
    """

    host: str
    python: str
    ssh: tuple[str, ...]
    folder: PurePosixPath
    _sent: dict[Path, str] = field(default_factory=dict)
    _cpu_s: float = 0.0

    def describe_host(self) -> Host:
        """Describe the board."""
        return self._ask_host().host

    def read_sensors(self) -> Sensors:
        """Read the board's sensors."""
        return self._ask_host().sensors

    def own_cpu_s(self) -> float | None:
        """Processor time of the trials on the board so far."""
        return self._cpu_s

    def bare_memory_bytes(self) -> int | None:
        """Ask the board's Python without site packages for its peak memory."""
        done = self._shell(f"{shlex.quote(self.python)} -I -S -c {shlex.quote(PRINT_PEAK_KIB)}")
        with contextlib.suppress(ValueError):
            return int(done.stdout) * 1024
        return None

    def put(self, file: Path) -> str:
        """Copy a file to the board, once, and return its path there.

        Raises:
            HostError: The copy failed.
        """
        # A link is not followed: what it names may lack the suffix that tells a file's format.
        file = file.absolute()
        if file not in self._sent:
            place = str(self.folder / f"{len(self._sent)}-{file.name}")
            done = self._shell(f"cat > {shlex.quote(place)}", file.read_bytes())
            if done.returncode:
                raise HostError(f"{self.host}: copying {file.name} failed: {_last_line(done)}")
            self._sent[file] = place
        return self._sent[file]

    def scores_path(self, name: str) -> str:
        """Path in the board's folder."""
        return str(self.folder / f"{name}.npy")

    def take_scores(self, name: str) -> npt.NDArray[np.float32]:
        """Fetch (N, classes) float32 from the board.

        Raises:
            HostError: They are not there or damaged.
        """
        done = self._shell(f"cat {shlex.quote(self.scores_path(name))}")
        try:
            scores: npt.NDArray[np.float32] = np.load(io.BytesIO(done.stdout), allow_pickle=False)
        except Exception as error:  # numpy raises many kinds for an array that was cut short
            raise HostError(f"{self.host}: the scores {name} did not arrive: {error}") from error
        return scores

    def run(self, request: TrialRequest, module: str = TRIAL_MODULE) -> TrialOutcome:
        """Start a Python on the board, hand it the request, and wait for its outcome."""
        if module != TRIAL_MODULE:
            return refuse("NotThere", f"{module} runs on the workstation only")
        limit_s = (request.effort.max_ns * 10 + request.soak_ns) / 1e9 + _GRACE_S
        if request.what == "scores":
            limit_s *= 10
        # The two machines' clocks have nothing to do with each other.
        text = to_json(replace(request, spawned_ns=None))
        command = f"{shlex.quote(self.python)} -m {module}; code=$?; times >&2; exit $code"
        try:
            done = self._start(command, text.encode(), limit_s)
        except subprocess.TimeoutExpired:
            return refuse("TimedOut", f"no answer from {self.host} within {limit_s:.0f} s")
        self._cpu_s += _read_times(done.stderr.decode(errors="replace"))
        try:
            return from_json(TrialOutcome, done.stdout, "the trial's outcome")
        except MetadataError:
            return refuse("Crashed", f"ended with code {done.returncode}: {_last_line(done)}")

    def _ask_host(self) -> HostReport:
        done = self._shell(f"{shlex.quote(self.python)} -m {TRIAL_MODULE} --host")
        try:
            return from_json(HostReport, done.stdout, f"{self.host}'s description")
        except MetadataError as error:
            raise HostError(f"{error}: {_last_line(done)}") from error

    def _shell(self, command: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        try:
            return self._start(command, data, _GRACE_S)
        except subprocess.TimeoutExpired as error:
            raise HostError(
                f"{self.host} gave no answer within {_GRACE_S:.0f} s; see whether it is still on "
                "the network, and run again"
            ) from error

    def _start(
        self, command: str, data: bytes, timeout_s: float
    ) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [*self.ssh, self.host, command],
            input=data,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
        if done.returncode == _LOST:
            raise HostError(f"{self.host} cannot be reached: {_last_line(done)}")
        return done


@contextlib.contextmanager
def connect(
    host: str, python: str = DEPLOYED_PYTHON, options: Sequence[str] = ()
) -> Iterator[SshLauncher]:
    """Open a connection, check that `edge_runtime` is there, and clean up afterwards.

    Args:
        host: What ssh calls the board.
        python: The Python there that has `edge_runtime`.
        options: Of ssh, each as after its ``-o``.

    Raises:
        HostError: The board cannot be reached, or has no `edge_runtime`.
    """
    ssh = ["ssh", "-o", "BatchMode=yes"]
    for option in options:
        ssh += ["-o", option]
    with _shared_connection(host, ssh) as shared:
        launcher = SshLauncher(host, python, shared, PurePosixPath("/nonexistent"))
        launcher.folder = _make_folder(launcher)
        try:
            launcher.describe_host()
            yield launcher
        finally:
            with contextlib.suppress(HostError):
                launcher._shell(f"rm -rf {shlex.quote(str(launcher.folder))}")


@contextlib.contextmanager
def _shared_connection(host: str, ssh: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """One connection for all commands: each would otherwise cost the board a handshake."""
    # A socket's path must be short; %C is a hash of host, port and user.
    shared = [*ssh, "-o", "ControlPath=~/.ssh/edge-%C", "-o", "ControlMaster=auto"]
    Path("~/.ssh").expanduser().mkdir(mode=0o700, exist_ok=True)
    shared += ["-o", "ControlPersist=60"]
    try:
        yield tuple(shared)
    finally:
        with contextlib.suppress(OSError):
            subprocess.run([*shared, "-O", "exit", host], capture_output=True, check=False)


def _make_folder(launcher: SshLauncher) -> PurePosixPath:
    started = time.monotonic()
    done = launcher._shell("mktemp -d /tmp/benchmarks-XXXXXX")
    folder = done.stdout.decode(errors="replace").strip()
    if done.returncode or not folder.startswith("/tmp/benchmarks-"):
        waited = time.monotonic() - started
        raise HostError(
            f"{launcher.host}: no folder could be made there after {waited:.0f} s: "
            f"{_last_line(done)}"
        )
    return PurePosixPath(folder)


def _read_times(stderr: str) -> float:
    """Sum of the last two lines that `times` printed: the shell's and its children's."""
    found = _TIMES.findall(stderr)[-2:]
    return sum(
        60 * int(user_m) + float(user_s) + 60 * int(system_m) + float(system_s)
        for user_m, user_s, system_m, system_s in found
    )


def _last_line(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = [
        line
        for line in done.stderr.decode(errors="replace").splitlines()
        if line.strip() and not _TIMES.match(line)
    ]
    return lines[-1].strip()[:300] if lines else f"code {done.returncode}, no message"
