"""What runs on the emulated board: score pictures with one artifact and one runtime.

    score_probe.py ARTIFACT BACKEND EVALUATION.npz COUNT OUTPUT.npz

Started by path under the board's own Python; needs `edge_runtime` and its runtime only.
"""

import sys

import numpy as np

from edge_runtime.classifier import Classifier


def main() -> None:
    """Score the first COUNT pictures one by one; write float32 (COUNT, classes) and their step."""
    artifact, backend, samples, count, output = sys.argv[1:]
    with np.load(samples) as held:
        images = held["images"][: int(count)]
    with Classifier.load(artifact, backend=backend, threads=1) as classifier:
        scores = np.concatenate([classifier.scores(image[None]) for image in images])
        np.savez(output, scores=scores, step=np.array(classifier.output_scale))


if __name__ == "__main__":
    main()
