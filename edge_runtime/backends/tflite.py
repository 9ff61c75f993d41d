"""``tflite-runtime`` 2.14.0, its last release: Python up to 3.11, and 32-bit Arm too."""

from importlib.util import find_spec
from typing import Any

import numpy as np

from edge_runtime.backends.interpreter_package import InterpreterPackage
from edge_runtime.errors import BackendUnavailableError
from edge_runtime.formats.model_file import ModelFile
from edge_runtime.formats.preflight import check_tflite_operators
from edge_runtime.formats.tflite_file import read_tflite_header


def _check(model: ModelFile) -> None:
    header = read_tflite_header(model.data, model.name)
    check_tflite_operators(header, model.name, BACKEND.version())


def _load() -> tuple[Any, str]:
    # Its extension was built against numpy 1: under numpy 2 the import prints a page about
    # _ARRAY_API and may end the process, so it is not even tried.
    if int(np.__version__.split(".")[0]) >= 2 and find_spec("tflite_runtime") is not None:
        raise BackendUnavailableError(
            f"the runtime tflite needs numpy older than 2, found numpy {np.__version__}. "
            "Run: pip install 'numpy<2', or use: pip install 'edge-runtime[litert]'"
        )
    from tflite_runtime import __version__
    from tflite_runtime.interpreter import Interpreter

    return Interpreter, str(__version__)


BACKEND = InterpreterPackage(
    name="tflite",
    package="tflite-runtime",
    module="tflite_runtime",
    extra="tflite",
    remedy="On Python 3.11 or older run: pip install 'edge-runtime[tflite]'; on newer ones: "
    "pip install 'edge-runtime[litert]'",
    load=_load,
    check=_check,
)
