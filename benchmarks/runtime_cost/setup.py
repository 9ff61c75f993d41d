"""What a run of the comparison measures with, and how long."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.runtime_cost.turns import Time


@dataclass(frozen=True, slots=True)
class Setup:
    """What is measured with, and how long.

    Attributes:
        tflite: The seed's CNN in full int8, for all but the bounds of `nano`.
        onnx: The same model for ONNX Runtime.
        nano_tflite: The released `nano`, the smallest and fastest model: against it every fixed
            cost weighs most.
        nano_onnx: The same model for ONNX Runtime.
        pictures: An .npz file with ``images`` or ``test_images``.
        scratch: Folder for what is thrown away.
        environment: Of all children.
        time: ``processor`` leaves out what other programs take on a busy machine; it says nothing
            about the batch, whose gain is in the wall's time alone.
        processes: Fresh processes for single calls.
        call_rounds: Rounds in each of them.
        batch_rounds: Rounds of the large batch, in one process.
        process_rounds: Rounds of whole processes.
    """

    tflite: Path
    onnx: Path
    nano_tflite: Path
    nano_onnx: Path
    pictures: Path
    scratch: Path
    environment: Mapping[str, str]
    time: Time
    processes: int
    call_rounds: int
    batch_rounds: int
    process_rounds: int
