"""Whole processes, started in turns: their time from start to end, and their peak memory."""

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge_runtime.measurement.timing import Clock


@dataclass(frozen=True, slots=True)
class ProcessRun:
    """One process from start to end.

    Attributes:
        wall_ns: Time from start to end.
        processor_ns: Time that processors worked for it.
        peak_bytes: Most memory that it held; None where it was less than this process holds,
            because Linux cannot tell that.
        output: What it wrote to standard output.
    """

    wall_ns: int
    processor_ns: int
    peak_bytes: int | None
    output: str


def run_in_turns(
    commands: Mapping[str, Sequence[str]],
    rounds: int,
    environment: Mapping[str, str],
    clock: Clock = time.perf_counter_ns,
) -> dict[str, tuple[ProcessRun, ...]]:
    """Run each command once per round; a round before the first, which fills caches, is left out.

    Raises:
        RuntimeError: A command failed.
    """
    runs: dict[str, list[ProcessRun]] = {name: [] for name in commands}
    for place in range(rounds + 1):
        first = place % len(commands)
        names = list(commands)
        for name in (*names[first:], *names[:first]):
            run = _run(commands[name], environment, clock)
            if place:
                runs[name].append(run)
    return {name: tuple(found) for name, found in runs.items()}


def _run(command: Sequence[str], environment: Mapping[str, str], clock: Clock) -> ProcessRun:
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        before = clock()
        child = subprocess.Popen(command, env=environment, stdout=output, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        after = clock()
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if child.returncode:
            said = errors.read().decode(errors="replace").strip().splitlines()
            raise RuntimeError(
                f"{' '.join(command)[:200]} ended with {child.returncode}: "
                f"{said[-1] if said else 'it said nothing'}"
            )
        return ProcessRun(
            wall_ns=after - before,
            processor_ns=round((usage.ru_utime + usage.ru_stime) * 1e9),
            peak_bytes=_tell_peak(usage.ru_maxrss),
            output=output.read().decode(),
        )


def _tell_peak(child_kib: int) -> int | None:
    # A child begins as a copy of this process, and Linux counts that in: what is no larger than
    # this process says nothing about the child.
    own_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return child_kib * 1024 if child_kib > own_kib else None
