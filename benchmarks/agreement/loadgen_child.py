"""One process of MLPerf LoadGen driving a bare LiteRT interpreter, SingleStream.

Reads a request as JSON from standard input, writes LoadGen's own summary as JSON to standard
output.
Nothing of `edge_runtime` is in the timed path: LoadGen calls set_tensor, invoke and get_tensor.
"""

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

_SUMMARY = "mlperf_log_summary.txt"
# What is read from LoadGen's summary, and the line that says it.
_LINES = {
    "p50_ns": r"^50\.00 percentile latency \(ns\)\s*:\s*(\d+)",
    "p90_ns": r"^90\.00 percentile latency \(ns\)\s*:\s*(\d+)",
    "p90_estimate_ns": r"Early stopping 90\.0th percentile estimate:\s*(\d+)",
    "samples": r"Processed at least \d+ queries \((\d+)\)",
}


def parse_summary(text: str) -> dict[str, int]:
    """Read the figures that LoadGen reports; keys are those of `_LINES`.

    Raises:
        ValueError: A line is missing, so LoadGen's summary has another form.
    """
    found = {}
    for name, pattern in _LINES.items():
        match = re.search(pattern, text, re.MULTILINE)
        if match is None:
            raise ValueError(f"LoadGen's summary tells no {name}:\n{text}")
        found[name] = int(match.group(1))
    return found


def run_loadgen(artifact: str, threads: int, images: str, min_duration_ms: int) -> dict[str, int]:
    """Drive a bare interpreter with LoadGen and return what its summary says."""
    import mlperf_loadgen as loadgen
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(artifact, num_threads=threads)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    queries = _to_stored(np.load(images), source["dtype"])
    read_from, write_to = target["index"], source["index"]

    def issue(samples: list[Any]) -> None:
        sample = samples[0]
        interpreter.set_tensor(write_to, queries[sample.index])
        interpreter.invoke()
        interpreter.get_tensor(read_from)
        loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(sample.id, 0, 0)])

    settings = loadgen.TestSettings()
    settings.scenario = loadgen.TestScenario.SingleStream
    settings.mode = loadgen.TestMode.PerformanceOnly
    settings.min_duration_ms = min_duration_ms
    settings.min_query_count = 700  # enough for its p99 estimate
    log = loadgen.LogSettings()
    with tempfile.TemporaryDirectory() as folder:
        log.log_output.outdir = folder
        system = loadgen.ConstructSUT(issue, lambda: None)
        library = loadgen.ConstructQSL(len(queries), len(queries), lambda _: None, lambda _: None)
        loadgen.StartTestWithLogSettings(system, library, settings, log)
        return parse_summary((Path(folder) / _SUMMARY).read_text(encoding="utf-8"))


def _to_stored(images: Any, dtype: Any) -> list[Any]:
    """Raw pixels (N, height, width, channels) uint8 as the model stores them, one array each."""
    shifted = images.astype(np.int16) - 128 if np.dtype(dtype) == np.int8 else images
    return [np.ascontiguousarray(shifted[i : i + 1].astype(dtype)) for i in range(len(shifted))]


def main() -> int:
    """Answer one request from standard input."""
    answers_to = os.dup(1)
    os.dup2(2, 1)
    request = json.loads(sys.stdin.read())
    answer = run_loadgen(**request)
    with os.fdopen(answers_to, "w", encoding="utf-8") as out:
        json.dump(answer, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
