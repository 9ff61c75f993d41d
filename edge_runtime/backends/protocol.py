"""What a runtime must offer, and nothing more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from edge_runtime.formats.model_file import Format, ModelFile


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A model's input or output as the runtime sees it.

    Attributes:
        name: The tensor's name.
        dtype: What is stored: float32, int8, uint8 or int16.
        shape: With the batch first; -1 where a size is free.
        scale: Real size of one stored step; 0.0 where the tensor is not quantized.
        zero_point: Stored integer that stands for 0.0.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    scale: float = 0.0
    zero_point: int = 0


class Session(Protocol):
    """One opened model. It belongs to one thread at a time."""

    @property
    def input(self) -> TensorInfo:
        """The model's only input."""

    @property
    def output(self) -> TensorInfo:
        """The model's only output."""

    def invoke(self, batch: npt.NDArray[Any], /) -> npt.NDArray[Any]:
        """Run the model on what its input tensor stores.

        Args:
            batch: (N, …) of the input's dtype, N at least 1, C-contiguous. Any N: a session
                resizes or repeats as its runtime needs.

        Returns:
            (N, classes) of the output's dtype: a new array, the caller's own.

        Raises:
            ArtifactError: The runtime fails on this model.
        """

    def close(self) -> None:
        """Let go of the model; a second call does nothing."""


InPlace = tuple[npt.NDArray[np.uint8], npt.NDArray[Any], Callable[[], object]]


@runtime_checkable
class InPlaceSession(Session, Protocol):
    """A session whose tensors can be written and read where they lie, without copies.

    Attributes:
        in_place: For a batch of one: the memory of the input tensor, seen as uint8 whatever it
            stores, that of the output tensor, and what runs the model between writing the one and
            reading the other; it raises ValueError or RuntimeError where the runtime fails. None
            while `invoke` alone is possible: before the first call, after one on another batch,
            and after `close`. Read it anew for every call and keep none of the three.
    """

    in_place: InPlace | None


class Backend(Protocol):
    """One runtime."""

    @property
    def name(self) -> str:
        """Short name, as users write it."""

    @property
    def package(self) -> str:
        """Distribution on the package index that holds the runtime."""

    @property
    def extra(self) -> str:
        """The extra of edge-runtime that installs it."""

    @property
    def formats(self) -> tuple[Format, ...]:
        """Which files it loads."""

    def version(self) -> str:
        """The installed version.

        Raises:
            BackendUnavailableError: The runtime cannot be imported here; says why and the remedy.
        """

    def check_import(self) -> str:
        """Import the runtime's native part, as `open` would, and return its version.

        Raises:
            BackendUnavailableError: As `version`.
        """

    def check(self, model: ModelFile) -> None:
        """Look at a model's bytes before the runtime does: runtimes end the process over some.

        Raises:
            BackendUnavailableError: The runtime cannot be imported here.
            IncompatibleArtifactError: The installed version cannot load the model.
            ArtifactError: The file is damaged or incomplete.
        """

    def open(self, model: ModelFile, threads: int, *, fast_int8: bool = False) -> Session:
        """Open a model that has passed `check`, to run on `threads` threads.

        Args:
            model: The file.
            threads: Threads of one invocation.
            fast_int8: Allow int8 kernels that are faster and may saturate, where the runtime has
                such kernels for this processor. By default every processor gives the same scores.

        Raises:
            BackendUnavailableError: The runtime cannot be imported here.
            IncompatibleArtifactError: The runtime refuses the model.
            ArtifactError: The file is damaged or no image classifier.
        """
