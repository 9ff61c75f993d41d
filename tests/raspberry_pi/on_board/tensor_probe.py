"""What runs on the emulated board: score pictures and keep the last tensors too.

    tensor_probe.py MODEL EVALUATION.npz COUNT OUTPUT.npz

The model has int8 input and ends with a softmax. OUTPUT gets ``logits`` and ``scores``, int8
(COUNT, classes), and ``scales``: of the logits and of the scores, float32 (2,). Needs LiteRT only.
"""

import sys
import warnings

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def main() -> None:
    """Score the first COUNT pictures one by one."""
    model, samples, count, output = sys.argv[1:]
    with np.load(samples) as held:
        images = held["images"][: int(count)]
    warnings.simplefilter("ignore")  # what follows is for debugging, LiteRT says, and so it is
    interpreter = Interpreter(model, num_threads=1, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()
    (softmax,) = (op for op in interpreter._get_ops_details() if op["op_name"] == "SOFTMAX")
    (before,) = softmax["inputs"]
    details = {detail["index"]: detail for detail in interpreter.get_tensor_details()}
    logits, scores = [], []
    for image in images:
        pixels = (image.astype(np.int16) - 128).astype(np.int8)
        interpreter.set_tensor(source["index"], pixels.reshape(source["shape"]))
        interpreter.invoke()
        logits.append(interpreter.get_tensor(before)[0].copy())
        scores.append(interpreter.get_tensor(sink["index"])[0].copy())
    scales = [details[before]["quantization"][0], sink["quantization"][0]]
    np.savez(output, logits=logits, scores=scores, scales=np.array(scales, np.float32))


if __name__ == "__main__":
    main()
