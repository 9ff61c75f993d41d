"""Single pictures through the runtimes' own Python interfaces, one after the other."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Loop = Callable[[], None]


def build_litert_loop(model: Path, pictures: Sequence[Pixels]) -> Loop:
    """Feed what the input tensor stores, made beforehand, and leave the answer as it is stored.

    Args:
        model: A full-int8 ``.tflite`` file.
        pictures: uint8 (1, height, width, channels) each.
    """
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(model), num_threads=1)
    interpreter.allocate_tensors()
    taken = interpreter.get_input_details()[0]["index"]
    given = interpreter.get_output_details()[0]["index"]
    stored = [(picture.astype(np.int16) - 128).astype(np.int8) for picture in pictures]

    def loop() -> None:
        for picture in stored:
            interpreter.set_tensor(taken, picture)
            interpreter.invoke()
            interpreter.get_tensor(given)

    return loop


def build_onnx_loop(model: Path, pictures: Sequence[Pixels]) -> Loop:
    """Run a session set up as `edge_runtime` sets it up; see `build_litert_loop`."""
    import onnxruntime

    options: Any = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(str(model), options, providers=providers)
    taken, given = session.get_inputs()[0], [session.get_outputs()[0].name]
    # Written as float32 or kept as uint8, whichever the model takes.
    dtype = np.float32 if taken.type == "tensor(float)" else np.uint8
    name, stored = taken.name, [picture.astype(dtype) for picture in pictures]

    def loop() -> None:
        for picture in stored:
            session.run(given, {name: picture})

    return loop
