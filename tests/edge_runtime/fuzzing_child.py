"""Loads damaged files one after the other and says how each ended; may die of one.

    python -m tests.edge_runtime.fuzzing_child BACKEND FOLDER

Reads file names from standard input, a line each; writes ``NAME OUTCOME`` lines.
"""

import resource
import sys
from pathlib import Path

import numpy as np

from edge_runtime.classifier import Classifier
from edge_runtime.errors import EdgeRuntimeError

_MEMORY_LIMIT = 12 * 2**30
_LABELS = [f"class {number}" for number in range(10)]


def main() -> int:
    backend, folder = sys.argv[1], Path(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_LIMIT, _MEMORY_LIMIT))
    for line in sys.stdin:
        name = line.strip()
        print(name, _try(folder / name, backend), flush=True)
    return 0


def _try(path: Path, backend: str) -> str:
    try:
        with Classifier.load(path, backend=backend, labels=_LABELS, threads=1) as classifier:
            shape = (1, *classifier.input.shape)
            scores = classifier.scores(np.full(shape, 100, np.uint8))
            classifier.scores(np.zeros(shape, np.uint8))
            if scores.shape != (1, len(_LABELS)) or scores.dtype != np.float32:
                return f"wrong-answer {scores.shape} {scores.dtype}"
        return "works"
    except EdgeRuntimeError as error:
        return f"refused {type(error).__name__} {' '.join(str(error).split())[:200]}"
    except BaseException as error:
        return f"escaped {type(error).__name__} {' '.join(str(error).split())[:300]}"


if __name__ == "__main__":
    sys.exit(main())
