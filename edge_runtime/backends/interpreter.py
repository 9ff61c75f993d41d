"""What the two TFLite runtimes share: both are the same Interpreter class in two packages."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.backends.protocol import InPlace, TensorInfo
from edge_runtime.backends.tensors import check_scales, run_in_parts
from edge_runtime.errors import ArtifactError, IncompatibleArtifactError
from edge_runtime.formats.model_file import ModelFile
from edge_runtime.formats.preflight import TFLITE_REMEDY

Array = npt.NDArray[Any]

# What pixels and scores can be stored as.
_STORED = tuple(map(np.dtype, ("float32", "float16", "uint8", "int8", "int16")))


class InterpreterSession:
    """A TFLite model in an interpreter; see `edge_runtime.backends.protocol.InPlaceSession`."""

    __slots__ = (
        "_allocated",
        "_fixed_batch",
        "_get",
        "_input_index",
        "_interpreter",
        "_output_index",
        "_run",
        "_set",
        "_unproven",
        "in_place",
        "input",
        "output",
    )

    def __init__(self, interpreter: Any) -> None:
        source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        self.input, self.output = _to_info(source), _to_info(target)
        self._interpreter = interpreter
        self._input_index, self._output_index = source["index"], target["index"]
        # Bound once: looking these up costs a tenth of a microsecond each, on every call.
        self._set, self._run, self._get = (
            interpreter.set_tensor,
            _find_run(interpreter),
            interpreter.get_tensor,
        )
        self._allocated = int(source["shape"][0])
        self._fixed_batch = self._allocated if self.input.shape[0] > 0 else 0
        self.in_place: InPlace | None = None
        self._unproven = _locate_tensors(interpreter)

    def invoke(self, batch: Array, /) -> Array:
        """Run on (N, …); resizes where the model allows it, else runs it in parts."""
        try:
            if len(batch) != self._allocated:
                if self._fixed_batch:
                    return run_in_parts(self._invoke_allocated, batch, self._fixed_batch)
                self._resize(batch.shape)
            self._set(self._input_index, batch)
            self._run()
            answer: Array = self._get(self._output_index)
            if self._unproven is not None:
                self._share_tensors()
            return answer
        except (ValueError, RuntimeError) as error:
            if self._interpreter is None:
                raise
            raise ArtifactError(
                f"the runtime cannot run this model on {batch.dtype} {batch.shape}: "
                f"{_first_line(error)}. Export it again."
            ) from error

    def _invoke_allocated(self, batch: Array) -> Array:
        self._set(self._input_index, batch)
        self._run()
        answer: Array = self._get(self._output_index)
        return answer

    def _resize(self, shape: tuple[int, ...]) -> None:
        # Should this fail or be interrupted, the next call resizes again.
        self._allocated, self.in_place, self._unproven = 0, None, None
        self._run = _closed  # See `_find_run`.
        self._interpreter.resize_tensor_input(self._input_index, shape)
        self._interpreter.allocate_tensors()
        self._run = _find_run(self._interpreter)
        self._allocated = shape[0]
        self._unproven = _locate_tensors(self._interpreter)

    def _share_tensors(self) -> None:
        """Let callers into the tensors' memory, once a run has left it where it was.

        An interpreter allocates all tensors at once and moves them only when it allocates again,
        which this session alone makes it do. The exception are models whose shapes depend on
        values: there, running allocates too. Their output has no memory before the first run, or
        moves during it, so they keep copying.
        """
        expected, self._unproven = self._unproven, None
        if expected is not None and expected == _locate_tensors(self._interpreter):
            source, target = expected
            self.in_place = source.view(np.uint8), target.view(self.output.dtype), self._run

    def close(self) -> None:
        """Let go of the interpreter."""
        self.in_place = self._unproven = None
        self._interpreter = None
        self._set = self._run = self._get = _closed


@dataclass(frozen=True, slots=True)
class TensorMemory:
    """Where a tensor of the interpreter lies; valid until the interpreter allocates again."""

    address: int
    shape: tuple[int, ...]
    size_bytes: int

    def view(self, dtype: npt.DTypeLike) -> Array:
        """See it as an array, which does not keep the interpreter alive."""
        memory = (ctypes.c_ubyte * self.size_bytes).from_address(self.address)
        array: Array = np.frombuffer(memoryview(memory), dtype).reshape(self.shape)
        return array


def _locate_tensors(interpreter: Any) -> tuple[TensorMemory, TensorMemory] | None:
    """Find a batch of one of 8-bit pixels, and its 8-bit scores; None for all other models."""
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    for tensor in (source, target):
        shape = tensor["shape"]
        if np.dtype(tensor["dtype"]).itemsize != 1 or shape[0] != 1 or min(shape) < 1:
            return None
    try:
        return _locate(interpreter, source), _locate(interpreter, target)
    except (ValueError, RuntimeError):
        return None  # It has no memory yet.


def _find_run(interpreter: Any) -> Callable[[], object]:
    """Give what `interpreter.invoke` calls once it has counted the references to tensors' memory.

    Counting costs 0.2 µs. While this is held there is one more, so `invoke` and all that allocates
    refuse to work; and the memory stays valid that long.
    """
    wrapped = getattr(interpreter, "_interpreter", None)
    run: Callable[[], object] = getattr(wrapped, "Invoke", interpreter.invoke)
    return run


def _locate(interpreter: Any, tensor: dict[str, Any]) -> TensorMemory:
    # The interpreter refuses to run while such an array is held, so only the address is kept.
    array = interpreter.tensor(tensor["index"])()
    return TensorMemory(array.ctypes.data, array.shape, array.nbytes)


def _closed(*_: object) -> Any:
    raise RuntimeError("this session is closed")


def open_interpreter(
    model: ModelFile, build: Callable[[], Any], runtime: str
) -> InterpreterSession:
    """Build an interpreter for `model` and put the runtime's refusals into our errors.

    Args:
        model: The file, already checked to be a TFLite flatbuffer.
        build: Makes the interpreter.
        runtime: Name and version, for messages.

    Raises:
        IncompatibleArtifactError: The runtime lacks an operator or operator version.
        ArtifactError: The file is damaged or no image classifier.
    """
    try:
        interpreter = build()
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        reason = _first_line(error)
        if "op" in reason.lower() or "version" in reason.lower():
            raise IncompatibleArtifactError(
                f"{runtime} refuses {model.name}: {reason}. {TFLITE_REMEDY}"
            ) from error
        raise ArtifactError(f"{runtime} cannot read {model.name}: {reason}") from error
    check_interface(model, interpreter.get_input_details(), interpreter.get_output_details())
    session = InterpreterSession(interpreter)
    check_scales(model.name, session.input, session.output)
    return session


def check_interface(model: ModelFile, inputs: list[Any], outputs: list[Any]) -> None:
    """Check that a model takes one picture tensor and answers one row of scores.

    Raises:
        ArtifactError: It is a model of another task.
    """
    if len(inputs) != 1 or len(outputs) != 1:
        raise ArtifactError(
            f"{model.name} is no image classifier: expected 1 input and 1 output, "
            f"found {len(inputs)} and {len(outputs)}"
        )
    taken, given = tuple(inputs[0]["shape"]), tuple(outputs[0]["shape"])
    if len(taken) != 3 and (len(taken) != 4 or taken[3] not in (1, 3)):
        raise ArtifactError(
            f"{model.name} is no image classifier: expected an input (batch, height, width, 1 or 3 "
            f"channels), or without channels, found {taken}"
        )
    if len(given) != 2 or given[1] < 2 or given[0] != taken[0]:
        raise ArtifactError(
            f"{model.name} is no image classifier: expected an output (batch, classes), "
            f"found {given} for an input {taken}"
        )
    for tensor in (*inputs, *outputs):
        if np.dtype(tensor["dtype"]) not in _STORED:
            raise ArtifactError(
                f"{model.name} is no image classifier: expected pixels and scores as "
                f"{', '.join(map(str, _STORED))}, found {np.dtype(tensor['dtype'])}"
            )


def _to_info(details: dict[str, Any]) -> TensorInfo:
    shape = details.get("shape_signature")
    if shape is None or len(shape) != len(details["shape"]):
        shape = details["shape"]
    parameters = details["quantization_parameters"]
    quantized = len(parameters["scales"]) == 1
    return TensorInfo(
        name=str(details["name"]),
        dtype=np.dtype(details["dtype"]),
        shape=tuple(int(side) for side in shape),
        scale=float(parameters["scales"][0]) if quantized else 0.0,
        zero_point=int(parameters["zero_points"][0]) if quantized else 0,
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
