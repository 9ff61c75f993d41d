"""A Python package that holds a TFLite interpreter: importing it, and saying why that fails."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge_runtime.backends.interpreter import InterpreterSession, open_interpreter
from edge_runtime.errors import BackendUnavailableError
from edge_runtime.formats.model_file import Format, ModelFile


@dataclass(frozen=True, slots=True)
class InterpreterPackage:
    """A `edge_runtime.backends.protocol.Backend` of a package that holds the Interpreter class.

    Attributes:
        name: The backend's name.
        package: Distribution on the package index.
        module: Name of the package that is imported.
        extra: The extra of edge-runtime that installs it.
        remedy: What to do where it cannot be imported.
        load: Imports the native part; gives the Interpreter class and the package's version.
        check: Looks at a model's bytes before the runtime does; see the protocol.
        formats: Which files it loads.
    """

    name: str
    package: str
    module: str
    extra: str
    remedy: str
    load: Callable[[], tuple[Any, str]]
    check: Callable[[ModelFile], None]
    formats: tuple[Format, ...] = ("tflite",)

    def version(self) -> str:
        """The installed version; imports the native part too, which may be what is broken."""
        return self._import()[1]

    def check_import(self) -> str:
        """Import the runtime's native part and return its version."""
        return self.version()

    def open(
        self,
        model: ModelFile,
        threads: int,
        *,
        fast_int8: bool = False,  # noqa: ARG002 - XNNPACK's kernels are exact everywhere
    ) -> InterpreterSession:
        """Open a ``.tflite`` model."""
        interpreter, version = self._import()
        return open_interpreter(
            model,
            lambda: interpreter(model_content=model.data, num_threads=threads),
            f"{self.package} {version}",
        )

    def _import(self) -> tuple[Any, str]:
        try:
            return self.load()
        except BackendUnavailableError:
            raise
        except ImportError as error:
            if isinstance(error, ModuleNotFoundError) and error.name == self.module:
                reason = "it is not installed"
            else:
                # Present but not loading: most often a system library that is too old.
                reason = f"it is installed but cannot be imported ({error})"
            raise BackendUnavailableError(
                f"the runtime {self.name} cannot be used: {reason}. {self.remedy}"
            ) from error
