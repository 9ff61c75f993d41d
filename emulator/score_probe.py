"""What runs on the emulated processor: score images with one artifact and one runtime.

    score_probe.py ARTIFACT BACKEND SAMPLES.npz COUNT OUTPUT.npz

Started by path under the machine's own Python; needs `edge_runtime` and its runtime only. OUTPUT
gets ``scores``, float32 (COUNT, classes), their output scale ``step``, the runtime's ``version``,
and ``failed``: the golden samples that differ, in words, one a line.
"""

import sys

import numpy as np

from edge_runtime.classifier import Classifier
from edge_runtime.verification import verify_classifier


def main() -> None:
    """Replay the golden samples, then score the first COUNT images one by one."""
    artifact, backend, samples, count, output = sys.argv[1:]
    with np.load(samples) as held:
        images = held["images"][: int(count)]
    with Classifier.load(artifact, backend=backend, threads=1) as classifier:
        golden = classifier.metadata.golden if classifier.metadata else ()
        checks = verify_classifier(classifier) if golden else ()
        failed = [
            f"golden sample {check.sample} differs by {check.difference:.3g}, "
            f"tolerance {check.tolerance:.3g}"
            for check in checks
            if check.verdict == "different"
        ]
        scores = np.concatenate([classifier.scores(image[None]) for image in images])
        np.savez(
            output,
            scores=scores,
            step=np.array(classifier.output_scale),
            version=np.array(classifier.backend_version),
            golden=np.array(len(checks)),
            failed=np.array("\n".join(failed)),
        )


if __name__ == "__main__":
    main()
