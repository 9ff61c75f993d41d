"""The device's command against the same by hand, and what importing costs: whole processes."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.runtime_cost.bounds import Finding, judge
from benchmarks.runtime_cost.pictures import draw_photo, load_pictures
from benchmarks.runtime_cost.processes import ProcessRun, run_in_turns
from benchmarks.runtime_cost.setup import Setup
from benchmarks.runtime_cost.turns import Turns
from edge_runtime.formats.metadata import read_metadata

Runs = Mapping[str, Sequence[ProcessRun]]

_BARE_SCRIPT = Path(__file__).parent / "bare" / "classify_photo.py"
# What the installed command runs.
_COMMAND = "import sys; from edge_runtime.__main__ import main; sys.exit(main())"
_IMPORTS = {
    "bare": "import numpy",
    "import": "import edge_runtime",
    "import-classifier": "from edge_runtime import Classifier",
}
# How far two ways of preparing the same photo may move the best score.
_SAME_SCORE = 0.02


def measure_commands(setup: Setup, keys: Sequence[str]) -> Iterator[Finding]:
    """Measure the bounds ``command`` and ``memory``, as far as `keys` name them.

    Raises:
        RuntimeError: A command failed, or the two do not give the same answer.
    """
    wanted = [key for key in ("command", "memory") if key in keys]
    if not wanted:
        return
    photo = setup.scratch / "photo.png"
    draw_photo(load_pictures(setup.pictures)[0, ..., 0], photo)
    metadata = read_metadata(setup.tflite)
    output = "probabilities" if metadata is None else metadata.model.output.kind
    words = [str(photo), "--model", str(setup.tflite), "--json"]
    commands = {
        "bare": [sys.executable, str(_BARE_SCRIPT), str(setup.tflite), str(photo), output],
        "ours": [sys.executable, "-c", _COMMAND, "classify", *words],
    }
    runs = run_in_turns(commands, setup.process_rounds, setup.environment)
    check_same_answer(runs["bare"][0].output, runs["ours"][0].output)
    for key in wanted:
        measured = _megabytes if key == "memory" else _milliseconds
        yield judge(key, [Turns(measured(runs["bare"], setup), measured(runs["ours"], setup))])


def measure_imports(setup: Setup, keys: Sequence[str]) -> Iterator[Finding]:
    """Measure the bounds ``import`` and ``import-classifier``, as far as `keys` name them."""
    wanted = [key for key in ("import", "import-classifier") if key in keys]
    if not wanted:
        return
    commands = {
        name: [sys.executable, "-c", code]
        for name, code in _IMPORTS.items()
        if name in ("bare", *wanted)
    }
    runs = run_in_turns(commands, setup.process_rounds, setup.environment)
    for key in wanted:
        yield judge(
            key, [Turns(_milliseconds(runs["bare"], setup), _milliseconds(runs[key], setup))]
        )


def check_same_answer(bare: str, ours: str) -> None:
    """Check that both commands did the same work.

    Raises:
        RuntimeError: Their best class or its score differ.
    """
    a, b = (json.loads(text)["predictions"][0] for text in (bare, ours))
    if a["index"] != b["index"] or abs(a["score"] - b["score"]) > _SAME_SCORE:
        raise RuntimeError(f"the bare script and the command answer differently: {a} and {b}")


def _milliseconds(runs: Sequence[ProcessRun], setup: Setup) -> tuple[float, ...]:
    if setup.time == "processor":
        return tuple(run.processor_ns / 1e6 for run in runs)
    return tuple(run.wall_ns / 1e6 for run in runs)


def _megabytes(runs: Sequence[ProcessRun], _: Setup) -> tuple[float, ...]:
    peaks = [run.peak_bytes for run in runs if run.peak_bytes is not None]
    if len(peaks) < len(runs):
        raise RuntimeError("this process holds more memory than its children: nothing to be told")
    return tuple(peak / 1e6 for peak in peaks)
