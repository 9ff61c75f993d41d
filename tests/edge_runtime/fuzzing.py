"""Trying damaged files on a real runtime, in a child process that is started again when it dies."""

import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 120.0


def try_files(files: Mapping[str, bytes], backend: str, folder: Path) -> dict[str, str]:
    """Load and ask each file; answers how each ended, ``died …`` where the process did."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    outcomes: dict[str, str] = {}
    waiting = list(files)
    while waiting:
        ended, code = _run_child(waiting, backend, folder)
        outcomes.update(ended)
        if code != 0:
            outcomes[waiting[len(ended)]] = f"died {code}"
            ended[waiting[len(ended)]] = ""
        waiting = waiting[len(ended) :]
    return outcomes


def find_bad(outcomes: Mapping[str, str]) -> dict[str, str]:
    """Those that neither worked nor were refused by an error of ours."""
    return {
        name: outcome
        for name, outcome in outcomes.items()
        if outcome.split()[0] not in ("works", "refused")
    }


def _run_child(
    names: Collection[str], backend: str, folder: Path
) -> tuple[dict[str, str], int | str]:
    command = [sys.executable, "-m", "tests.edge_runtime.fuzzing_child", backend, str(folder)]
    code: int | str
    try:
        child = subprocess.run(
            command,
            input="\n".join(names) + "\n",
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
        output, code = child.stdout, child.returncode
    except subprocess.TimeoutExpired as stop:
        raw = stop.stdout or b""
        output, code = (raw.decode() if isinstance(raw, bytes) else raw), "of a hang"
    pairs = (line.partition(" ") for line in output.splitlines())
    # Runtimes print to standard output too.
    return {name: outcome for name, _, outcome in pairs if name in names}, code
