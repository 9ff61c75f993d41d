"""Single calls and large batches against bare loops, in one fresh process: JSON in, JSON out.

``python -m benchmarks.runtime_cost.calls '{"what": "litert", …}'``; the answer is the last line of
standard output, times in nanoseconds per picture.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.runtime_cost.bare.loops import Loop, Pixels, build_litert_loop, build_onnx_loop
from benchmarks.runtime_cost.pictures import load_pictures
from benchmarks.runtime_cost.turns import CLOCKS, Time, measure_in_turns
from edge_runtime import Classifier
from edge_runtime.document import from_json

# So many different pictures in a block: 0.7 ms of LiteRT, short against what disturbs a machine.
_BLOCK = 25


@dataclass(frozen=True, slots=True)
class CallsRequest:
    """What one process is to compare.

    Attributes:
        what: ``litert`` and ``onnx`` compare single calls, ``batch`` one batch on two cores with
            single calls on one.
        model: Path of the artifact.
        pictures: Path of an .npz file with ``images`` or ``test_images``.
        rounds: How often.
        time: By which clock.
        batch: Pictures in the large batch.
    """

    what: Literal["litert", "onnx", "batch"]
    model: str
    pictures: str
    rounds: int
    time: Time = "wall"
    batch: int = 10_000


def measure_calls(request: CallsRequest) -> dict[str, list[float]]:
    """Measure; gives nanoseconds per picture by contestant, round by round."""
    images = load_pictures(Path(request.pictures))
    if request.what == "batch":
        block, contestants = _build_batch(request, images)
    else:
        block, contestants = _build_singles(request, images)
    taken = measure_in_turns(contestants, request.rounds, CLOCKS[request.time])
    return {name: [time_ns / block for time_ns in times] for name, times in taken.items()}


def _build_singles(
    request: CallsRequest, images: Pixels
) -> tuple[int, Mapping[str, Callable[[], object]]]:
    model = Path(request.model)
    queries = [np.ascontiguousarray(images[i : i + 1]) for i in range(min(_BLOCK, len(images)))]
    build = build_litert_loop if request.what == "litert" else build_onnx_loop
    classifier = Classifier.load(model, backend=request.what, threads=1)
    return len(queries), {
        "bare": build(model, queries),
        "scores": _go_through(classifier.scores, queries),
        "classify": _go_through(classifier.classify, [query[0] for query in queries]),
    }


def _go_through(ask: Callable[[Pixels], object], queries: list[Pixels]) -> Loop:
    def loop() -> None:
        for query in queries:
            ask(query)

    return loop


def _build_batch(
    request: CallsRequest, images: Pixels
) -> tuple[int, Mapping[str, Callable[[], object]]]:
    cores = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, cores)
    batch = np.ascontiguousarray(np.resize(images, (request.batch, *images.shape[1:])))
    queries = [batch[i : i + 1] for i in range(len(batch))]
    single = Classifier.load(request.model, threads=1)
    several = Classifier.load(request.model, threads="auto")
    return len(batch), {
        "single": _go_through(single.scores, queries),
        "batch": lambda: several.scores(batch),
    }


if __name__ == "__main__":
    print(json.dumps(measure_calls(from_json(CallsRequest, sys.argv[1], "the request"))))
