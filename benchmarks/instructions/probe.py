"""What runs on the emulated board: one artifact, one runtime, marks between inferences.

Started by path under the board's own Python; needs `edge_runtime` and its runtime only.
"""

import json
import os
import sys

import numpy as np

from edge_runtime.classifier import Classifier

# Understood by the counting emulator: the call fails, and the count at that moment is written.
MARK = 2147480311
WARM_UP = 10
ROUNDS = 9
PER_ROUND = 10


def mark() -> None:
    """Have the executed instructions written down."""
    try:
        os.getsid(MARK)
    except OSError:
        return


def main() -> None:
    """Load, warm up, infer in rounds with a mark before each and after the last."""
    path, backend = sys.argv[1:]
    with Classifier.load(path, backend=backend, threads=1) as classifier:
        shape = (1, *classifier.input.shape)
        golden = classifier.metadata.golden if classifier.metadata else ()
        pictures = [sample.to_image(classifier.input).reshape(shape) for sample in golden]
        pictures = pictures or [np.full(shape, 96, np.uint8)]
        # Every round sees the same pictures in the same order.
        order = [pictures[index % len(pictures)] for index in range(PER_ROUND)]
        for _ in range(WARM_UP):
            for picture in order[:1]:
                classifier.scores(picture)
        for _ in range(ROUNDS):
            mark()
            for picture in order:
                classifier.scores(picture)
        mark()
        version = classifier.backend_version
    print(
        json.dumps({"per_round": PER_ROUND, "version": version, "python": sys.version.split()[0]})
    )


if __name__ == "__main__":
    main()
