"""LiteRT (``ai-edge-litert``): the default, and by far the fastest for int8."""

from typing import Any

from edge_runtime.backends.interpreter import InterpreterSession, open_interpreter
from edge_runtime.errors import BackendUnavailableError
from edge_runtime.model_file import Format, ModelFile
from edge_runtime.tflite_file import read_tflite_header


class LiteRTBackend:
    """See `edge_runtime.backends.protocol.Backend`."""

    name = "litert"
    package = "ai-edge-litert"
    extra = "litert"
    formats: tuple[Format, ...] = ("tflite",)

    def version(self) -> str:
        """The installed version of ai-edge-litert."""
        _import_interpreter()  # The package alone imports also where its library does not load.
        try:
            from ai_edge_litert import __version__
        except ImportError as error:
            raise _unavailable(error) from error
        return str(__version__)

    def check_import(self) -> str:
        """Import the runtime's native part and return its version."""
        _import_interpreter()
        return self.version()

    def check(self, model: ModelFile) -> None:
        """Check the file's structure; which operators it has, LiteRT says best itself."""
        read_tflite_header(model.data, model.name)

    def open(self, model: ModelFile, threads: int) -> InterpreterSession:
        """Open a ``.tflite`` model."""
        interpreter = _import_interpreter()
        return open_interpreter(
            model,
            lambda: interpreter(model_content=model.data, num_threads=threads),
            f"ai-edge-litert {self.version()}",
        )


def _import_interpreter() -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise _unavailable(error) from error
    return Interpreter


def _unavailable(error: ImportError) -> BackendUnavailableError:
    if isinstance(error, ModuleNotFoundError) and error.name == "ai_edge_litert":
        reason = "it is not installed"
    else:
        # A wheel that is present but does not load: most often a glibc older than 2.34.
        reason = f"it is installed but cannot be imported ({error})"
    return BackendUnavailableError(
        f"the runtime litert cannot be used: {reason}. Run: pip install 'edge-runtime[litert]' "
        "(needs a 64-bit system with glibc 2.34 or newer)"
    )


BACKEND = LiteRTBackend()
