"""One process that times the model alone, as `edge_runtime`'s backends invoke it.

The same input each time, already in the form that the model stores: what LiteRT's own benchmark
tool does. Answers requests like `edge_runtime.measurement.trial` does.
"""

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.backends import Session, load_backend, open_session
from edge_runtime.measurement.trial import Answerer, serve


class InvokeOnly:
    """A model that is handed the same stored numbers whatever the picture."""

    def __init__(self, session: Session) -> None:
        shape = tuple(1 if side < 0 else side for side in session.input.shape)
        self._invoke = session.invoke
        self._stored: npt.NDArray[Any] = np.ones(shape, session.input.dtype)

    def scores(self, batch: npt.NDArray[np.uint8], /) -> npt.NDArray[Any]:  # noqa: ARG002
        """Invoke; the picture does not matter to how long that takes."""
        return self._invoke(self._stored)


class InvokeOpener:
    """Opens a model without `Classifier` around it."""

    def import_runtime(self, backend: str) -> str:
        """Import the runtime and return its version."""
        return str(load_backend(backend).version())

    def load(self, artifact: str, backend: str, threads: int) -> Answerer:
        """Open a session."""
        return InvokeOnly(open_session(artifact, backend=backend, threads=threads))


if __name__ == "__main__":
    sys.exit(serve(InvokeOpener()))
