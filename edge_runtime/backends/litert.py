"""LiteRT (``ai-edge-litert``): the default, and by far the fastest for int8."""

from typing import Any

from edge_runtime.backends.interpreter_package import InterpreterPackage
from edge_runtime.formats.model_file import ModelFile
from edge_runtime.formats.tflite_file import read_tflite_header


def _check(model: ModelFile) -> None:
    # The structure only; which operators it has, LiteRT says best itself.
    read_tflite_header(model.data, model.name)


def _load() -> tuple[Any, str]:
    # The package alone imports also where its library does not load.
    from ai_edge_litert import __version__
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter, str(__version__)


BACKEND = InterpreterPackage(
    name="litert",
    package="ai-edge-litert",
    module="ai_edge_litert",
    extra="litert",
    remedy="Run: pip install 'edge-runtime[litert]' (needs a 64-bit system with glibc 2.34 or "
    "newer)",
    load=_load,
    check=_check,
)
