"""The child process that runs one artifact on one runtime, so that a crash ends only itself.

``python -m export.replay FILE --backend NAME --images IN.npy --scores OUT.npy`` feeds pictures one
by one, as a device does, and answers with one line of JSON. It imports `edge_runtime` alone, so it
starts in a fraction of a second.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.backends import load_backend
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.formats.model_file import load_model_file
from edge_runtime.scoring import Score, build_scorer

# The kind of failure that says nothing about the artifact: there was no room for its scores.
NOT_WRITTEN = "NotWritten"
# Enough to see whether a resized batch gives what single pictures give.
_BATCH = 8
# Kernels that saturate change some score of nearly every image.
_FAST_PROBE = 100


def main(argv: list[str] | None = None) -> int:
    """Run one artifact; 0 where it ran, 1 where the runtime refused it (the JSON says why)."""
    parser = argparse.ArgumentParser(prog="python -m export.replay", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--backend", required=True)
    parser.add_argument("--images", type=Path, required=True, help="uint8 (N, H, W, C) .npy")
    parser.add_argument("--scores", type=Path, required=True, help="float32 (N, classes) .npy")
    parser.add_argument(
        "--fast-scores",
        type=Path,
        help="the same with fast_int8, written only where this processor's fast int8 kernels give "
        "other scores",
    )
    arguments = parser.parse_args(argv)
    # The runtimes write to both streams as they load; the answer must stand alone.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        document = _replay(arguments)
    except EdgeRuntimeError as error:
        document = {"error": str(error), "kind": type(error).__name__}
    except Exception as error:  # any failure inside a runtime is a finding about the file
        document = {"error": f"{type(error).__name__}: {error}", "kind": "RuntimeError"}
    answer.write(json.dumps(document) + "\n")
    answer.close()
    return 1 if "error" in document else 0


def _replay(arguments: argparse.Namespace) -> dict[str, Any]:
    backend = load_backend(arguments.backend)
    session = backend.open(load_model_file(arguments.file), 1)
    images = np.load(arguments.images, mmap_mode="r", allow_pickle=False)
    score = build_scorer(session)
    scores = _score_each(score, images, session.output.shape[-1])
    fast = _score_fast(arguments, images, scores) if arguments.fast_scores else None
    try:
        np.save(arguments.scores, scores)
        if fast is not None:
            np.save(arguments.fast_scores, fast)
    except OSError as error:
        return {"error": error.strerror or str(error), "kind": NOT_WRITTEN}
    return {
        "runtime": f"{backend.package} {backend.version()}",
        "output_step": session.output.scale,
        "batch_error": _measure_batch_error(score, images, scores),
        "fast_differs": fast is not None,
    }


def _score_fast(
    arguments: argparse.Namespace,
    images: npt.NDArray[np.uint8],
    exact: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32] | None:
    """Scores of the int8 kernels that may saturate; None where these are the exact ones."""
    backend = load_backend(arguments.backend)
    session = backend.open(load_model_file(arguments.file), 1, fast_int8=True)
    score = build_scorer(session)
    probe = images[:_FAST_PROBE]
    if np.array_equal(_score_each(score, probe, exact.shape[1]), exact[: len(probe)]):
        return None
    return _score_each(score, images, exact.shape[1])


def _score_each(
    score: Score, images: npt.NDArray[np.uint8], classes: int
) -> npt.NDArray[np.float32]:
    scores = np.empty((len(images), classes), np.float32)
    for index in range(len(images)):
        scores[index] = score(images[index : index + 1])[0]
    return scores


def _measure_batch_error(
    score: Score, images: npt.NDArray[np.uint8], single: npt.NDArray[np.float32]
) -> float:
    batch = np.ascontiguousarray(images[:_BATCH])
    return float(np.abs(score(batch) - single[: len(batch)]).max())


if __name__ == "__main__":
    sys.exit(main())
