"""``tflite-runtime`` 2.14.0, its last release: Python up to 3.11, and 32-bit Arm too."""

from typing import Any

import numpy as np

from edge_runtime.backends.interpreter import InterpreterSession, open_interpreter
from edge_runtime.errors import BackendUnavailableError
from edge_runtime.model_file import Format, ModelFile
from edge_runtime.preflight import check_tflite_operators
from edge_runtime.tflite_file import read_tflite_header


class TFLiteBackend:
    """See `edge_runtime.backends.protocol.Backend`."""

    name = "tflite"
    package = "tflite-runtime"
    extra = "tflite"
    formats: tuple[Format, ...] = ("tflite",)

    def version(self) -> str:
        """The installed version of tflite-runtime."""
        _import_interpreter()  # The package alone imports also where its library does not load.
        try:
            from tflite_runtime import __version__
        except ImportError as error:
            raise _unavailable(error) from error
        return str(__version__)

    def check_import(self) -> str:
        """Import the runtime's native part and return its version."""
        _import_interpreter()
        return self.version()

    def check(self, model: ModelFile) -> None:
        """Check the file's structure and that this runtime has its operators."""
        header = read_tflite_header(model.data, model.name)
        check_tflite_operators(header, model.name, self.version())

    def open(self, model: ModelFile, threads: int) -> InterpreterSession:
        """Open a ``.tflite`` model."""
        interpreter = _import_interpreter()
        return open_interpreter(
            model,
            lambda: interpreter(model_content=model.data, num_threads=threads),
            f"tflite-runtime {self.version()}",
        )


def _import_interpreter() -> Any:
    # Its extension was built against numpy 1: under numpy 2 the import prints a page about
    # _ARRAY_API and may end the process, so it is not even tried.
    if int(np.__version__.split(".")[0]) >= 2:
        raise BackendUnavailableError(
            f"the runtime tflite needs numpy older than 2, found numpy {np.__version__}. "
            "Run: pip install 'numpy<2', or use: pip install 'edge-runtime[litert]'"
        )
    try:
        from tflite_runtime.interpreter import Interpreter
    except ImportError as error:
        raise _unavailable(error) from error
    return Interpreter


def _unavailable(error: ImportError) -> BackendUnavailableError:
    if isinstance(error, ModuleNotFoundError) and error.name == "tflite_runtime":
        reason = "it is not installed"
    else:
        reason = f"it is installed but cannot be imported ({error})"
    return BackendUnavailableError(
        f"the runtime tflite cannot be used: {reason}. On Python 3.11 or older run: "
        "pip install 'edge-runtime[tflite]'; on newer ones: pip install 'edge-runtime[litert]'"
    )


BACKEND = TFLiteBackend()
