"""Every bound of the table, measured by children of this process.

This process stays small (Linux counts a parent's memory into its children's), so whatever loads a
runtime is a child.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from benchmarks.runtime_cost.bounds import Finding, judge
from benchmarks.runtime_cost.calls import CallsRequest
from benchmarks.runtime_cost.commands import measure_commands, measure_imports
from benchmarks.runtime_cost.setup import Setup
from benchmarks.runtime_cost.turns import Turns
from edge_runtime.document import to_json


def measure(setup: Setup, keys: Sequence[str]) -> Iterator[Finding]:
    """Measure the bounds that `keys` name.

    Raises:
        RuntimeError: A child failed, or two that should do the same work do not.
    """
    yield from _measure_calls(setup, "litert", "litert", setup.tflite, keys)
    yield from _measure_calls(setup, "litert-nano", "litert", setup.nano_tflite, keys)
    yield from _measure_calls(setup, "onnx", "onnx", setup.onnx, keys)
    yield from _measure_calls(setup, "onnx-nano", "onnx", setup.nano_onnx, keys)
    if "batch" in keys:
        yield _measure_batch(setup)
    yield from measure_commands(setup, keys)
    yield from measure_imports(setup, keys)


def _measure_calls(
    setup: Setup, case: str, runtime: Literal["litert", "onnx"], model: Path, keys: Sequence[str]
) -> Iterator[Finding]:
    wanted = {f"{name}-{case}": name for name in ("scores", "classify")}
    wanted = {key: name for key, name in wanted.items() if key in keys}
    if not wanted:
        return
    request = CallsRequest(runtime, str(model), str(setup.pictures), setup.call_rounds, setup.time)
    taken = [_ask_child(request, setup) for _ in range(setup.processes)]
    for key, name in wanted.items():
        yield judge(key, [Turns(_micro(each["bare"]), _micro(each[name])) for each in taken])


def _measure_batch(setup: Setup) -> Finding:
    request = CallsRequest("batch", str(setup.tflite), str(setup.pictures), setup.batch_rounds)
    taken = _ask_child(request, setup)
    # How many times as long the single calls take is how many times as many the batch answers.
    return judge("batch", [Turns(_micro(taken["batch"]), _micro(taken["single"]))])


def _ask_child(request: CallsRequest, setup: Setup) -> Any:
    command = [sys.executable, "-m", "benchmarks.runtime_cost.calls", to_json(request)]
    child = subprocess.run(
        command, env=setup.environment, capture_output=True, text=True, check=False
    )
    if child.returncode:
        said = child.stderr.strip().splitlines()
        raise RuntimeError(f"measuring {request.what} failed: {said[-1] if said else 'no reason'}")
    return json.loads(child.stdout.splitlines()[-1])


def _micro(times_ns: Sequence[float]) -> tuple[float, ...]:
    return tuple(time_ns / 1e3 for time_ns in times_ns)
