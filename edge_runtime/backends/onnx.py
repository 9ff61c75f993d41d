"""ONNX Runtime (``onnxruntime``), for ``.onnx`` files on the CPU."""

from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.backends.protocol import TensorInfo
from edge_runtime.backends.tensors import check_scales, run_in_parts
from edge_runtime.errors import ArtifactError, BackendUnavailableError, IncompatibleArtifactError
from edge_runtime.formats.model_file import Format, ModelFile
from edge_runtime.formats.onnx_file import check_external_files, read_onnx_header
from edge_runtime.formats.preflight import ONNX_REMEDY, check_onnx_versions

Array = npt.NDArray[Any]

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
}
# Errors and worse: warnings about unused initializers are no business of a device's owner.
_LOG_ERRORS = 3


class OnnxSession:
    """An ONNX model; see `edge_runtime.backends.protocol.Session`."""

    __slots__ = (
        "_fixed_batch",
        "_input_name",
        "_is_open",
        "_output_names",
        "_run",
        "input",
        "output",
    )

    def __init__(self, session: Any) -> None:
        source, target = session.get_inputs()[0], session.get_outputs()[0]
        self.input, self.output = _to_info(source), _to_info(target)
        self._input_name, self._output_names = source.name, [target.name]
        # Where the output alone states a batch, only that many pictures are sure to work.
        self._fixed_batch = max(self.input.shape[0], self.output.shape[0], 0)
        self._run = session.run
        self._is_open = True

    def invoke(self, batch: Array, /) -> Array:
        """Run on (N, height, width, channels); in parts where the model takes a fixed number."""
        try:
            if self._fixed_batch and len(batch) != self._fixed_batch:
                return run_in_parts(self._invoke_fixed, batch, self._fixed_batch)
            answer: Array = self._run(self._output_names, {self._input_name: batch})[0]
            return answer
        # Its exceptions share no class of their own below Exception.
        except Exception as error:
            if not self._is_open:
                raise
            raise ArtifactError(
                f"the runtime cannot run this model on {batch.dtype} {batch.shape}: "
                f"{_first_line(error)}. Export it again."
            ) from error

    def _invoke_fixed(self, batch: Array) -> Array:
        answer: Array = self._run(self._output_names, {self._input_name: batch})[0]
        return answer

    def close(self) -> None:
        """Let go of the session."""
        self._run = _closed
        self._is_open = False


class OnnxBackend:
    """See `edge_runtime.backends.protocol.Backend`."""

    name = "onnx"
    package = "onnxruntime"
    extra = "onnx"
    formats: tuple[Format, ...] = ("onnx",)

    def version(self) -> str:
        """The installed version of onnxruntime."""
        return str(_import_runtime().__version__)

    def check_import(self) -> str:
        """Import the runtime's native part and return its version."""
        _import_runtime()
        return self.version()

    def check(self, model: ModelFile) -> None:
        """Check the file's structure, its weights' files, and that this runtime knows its form."""
        header = read_onnx_header(model.data, model.name)
        check_external_files(header, model.path)
        check_onnx_versions(header, model.name, self.version())

    def open(self, model: ModelFile, threads: int) -> OnnxSession:
        """Open an ``.onnx`` model."""
        runtime = _import_runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _LOG_ERRORS
        # Spinning workers answer sooner by burning the cores that their neighbours need.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Without it int8 sums saturate on x86 processors that lack VNNI, and labels change.
        options.add_session_config_entry("session.x64quantprecision", "1")
        try:
            # From bytes a runtime cannot know where weights in other files are.
            has_external = bool(read_onnx_header(model.data, model.name).external_files)
            session = runtime.InferenceSession(
                str(model.path) if has_external else model.data,
                options,
                providers=["CPUExecutionProvider"],
            )
        # Its exceptions share no class of their own below Exception.
        except Exception as error:
            raise _refusal(model, f"onnxruntime {runtime.__version__}", error) from error
        try:
            _check_interface(model, session)
            opened = OnnxSession(session)
            check_scales(model.name, opened.input, opened.output)
            return opened
        except UnicodeDecodeError as error:
            raise ArtifactError(
                f"{model.name} is damaged: a name in it is no text ({error}). Copy it again."
            ) from error


def _closed(*_: object) -> Any:
    raise RuntimeError("this session is closed")


def _import_runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "onnxruntime":
            reason = "it is not installed"
        else:
            reason = f"it is installed but cannot be imported ({error})"
        raise BackendUnavailableError(
            f"the runtime onnx cannot be used: {reason}. Run: pip install 'edge-runtime[onnx]' "
            "(needs a 64-bit system)"
        ) from error
    return onnxruntime


def _refusal(model: ModelFile, runtime: str, error: Exception) -> Exception:
    reason = _first_line(error)
    newer = ("opset", "IR version", "NOT_IMPLEMENTED", "is not a registered function")
    if any(sign in reason for sign in newer):
        return IncompatibleArtifactError(f"{runtime} refuses {model.name}: {reason}. {ONNX_REMEDY}")
    return ArtifactError(f"{runtime} cannot read {model.name}: {reason}")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _check_interface(model: ModelFile, session: Any) -> None:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        raise ArtifactError(
            f"{model.name} is no image classifier: expected 1 input and 1 output, "
            f"found {len(inputs)} and {len(outputs)}"
        )
    for tensor, ranks in ((inputs[0], (4, 3)), (outputs[0], (2,))):
        if tensor.type not in _TYPES or len(tensor.shape) not in ranks:
            raise ArtifactError(
                f"{model.name} is no image classifier: expected numbers of rank "
                f"{' or '.join(map(str, ranks))} as {tensor.name!r}, found {tensor.type} "
                f"{tensor.shape}"
            )
    if tuple(inputs[0].shape[3:]) not in {(), (1,), (3,)}:
        raise ArtifactError(
            f"{model.name}: expected an input (batch, height, width, 1 or 3 channels), found "
            f"{inputs[0].shape}"
        )
    batches = [side for side in (inputs[0].shape[0], outputs[0].shape[0]) if isinstance(side, int)]
    classes = outputs[0].shape[1]
    if len(set(batches)) > 1 or (isinstance(classes, int) and classes < 2):
        raise ArtifactError(
            f"{model.name} is no image classifier: expected an output (batch, 2 or more classes), "
            f"found {outputs[0].shape} for an input {inputs[0].shape}"
        )


def _to_info(tensor: Any) -> TensorInfo:
    return TensorInfo(
        name=tensor.name,
        dtype=np.dtype(_TYPES[tensor.type]),
        shape=tuple(side if isinstance(side, int) else -1 for side in tensor.shape),
    )


BACKEND = OnnxBackend()
