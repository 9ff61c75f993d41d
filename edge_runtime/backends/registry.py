"""Backends by name, or by preference with the reason for each one passed over."""

import importlib
import os
from dataclasses import dataclass
from typing import cast

from edge_runtime.backends.protocol import Backend, Session
from edge_runtime.backends.tensors import with_channels
from edge_runtime.errors import BackendUnavailableError, IncompatibleArtifactError
from edge_runtime.formats.model_file import Format, ModelFile, load_model_file

# Name → module that holds a `Backend` called BACKEND.
_MODULES = {
    "litert": "edge_runtime.backends.litert",
    "tflite": "edge_runtime.backends.tflite",
    "onnx": "edge_runtime.backends.onnx",
    "fake": "edge_runtime.backends.fake",
}
# What "auto" tries, best first. The fake is never chosen unasked.
PREFERENCE = ("litert", "tflite", "onnx")
BACKEND_NAMES = tuple(_MODULES)


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """Whether one runtime can be used here.

    Attributes:
        name: The backend's name.
        package: The distribution that holds its runtime.
        formats: Which files it loads.
        version: Of the installed runtime; None where it cannot be used.
        reason: Why it cannot be used and the remedy; None where it can.
    """

    name: str
    package: str
    formats: tuple[Format, ...]
    version: str | None
    reason: str | None


def load_backend(name: str) -> Backend:
    """Return the backend called `name`; does not import its runtime.

    Raises:
        BackendUnavailableError: There is no backend of that name.
    """
    if name not in _MODULES:
        raise BackendUnavailableError(
            f"there is no backend {name!r}; choose one of: auto, {', '.join(BACKEND_NAMES)}"
        )
    return cast(Backend, importlib.import_module(_MODULES[name]).BACKEND)


def available() -> tuple[BackendStatus, ...]:
    """Import each runtime in this process and say which can be used.

    A runtime built for a newer processor may end the process with an illegal instruction;
    `edge_runtime.backends.probe.probe_backends` asks in child processes instead.
    """
    statuses = []
    for name in PREFERENCE:
        backend, version, reason = load_backend(name), None, None
        try:
            version = backend.version()
        except BackendUnavailableError as error:
            reason = str(error)
        statuses.append(BackendStatus(name, backend.package, backend.formats, version, reason))
    return tuple(statuses)


def open_session(
    path: str | os.PathLike[str],
    *,
    backend: str = "auto",
    threads: int = 1,
    fast_int8: bool = False,
) -> Session:
    """Open a model file as it is: stored numbers in, stored numbers out.

    Args:
        path: A ``.tflite`` or ``.onnx`` file.
        backend: A name, or ``auto`` for the first of `PREFERENCE` that loads the format.
        threads: Threads for one invocation, 1 or more.
        fast_int8: See `edge_runtime.backends.protocol.Backend.open`.

    Raises:
        BackendUnavailableError: The runtime asked for (or every fitting one) cannot be imported.
        IncompatibleArtifactError: The runtime refuses the model.
        ArtifactError: The file is missing, damaged or no image classifier.
    """
    model = load_model_file(path)
    return choose_backend(model, backend, threads, fast_int8=fast_int8)[1]


def choose_backend(
    model: ModelFile, name: str, threads: int, *, fast_int8: bool = False
) -> tuple[Backend, Session]:
    """Find the backend for a model and open it; see `open_session` for what may be raised."""
    if threads < 1:
        raise ValueError(f"threads must be 1 or more, found {threads}")
    if name != "auto":
        backend = load_backend(name)
        _check_format(backend, model)
        backend.check(model)
        return backend, open_another(backend, model, threads, fast_int8=fast_int8)
    refusals: list[BackendUnavailableError | IncompatibleArtifactError] = []
    for candidate in PREFERENCE:
        backend = load_backend(candidate)
        if model.format not in backend.formats:
            continue
        try:
            backend.check(model)
            return backend, open_another(backend, model, threads, fast_int8=fast_int8)
        except (BackendUnavailableError, IncompatibleArtifactError) as error:
            _log_fallback(candidate, error)
            refusals.append(error)
    # Where a runtime is there and too old, that is the news; else that there is none.
    tried = any(isinstance(refusal, IncompatibleArtifactError) for refusal in refusals)
    kind = IncompatibleArtifactError if tried else BackendUnavailableError
    raise kind(
        f"no runtime here can load {model.name}:\n"
        + "\n".join(f"  - {refusal}" for refusal in refusals)
    )


def open_another(
    backend: Backend, model: ModelFile, threads: int, *, fast_int8: bool = False
) -> Session:
    """Open a session of a model that has passed the backend's check, one of several perhaps."""
    return with_channels(backend.open(model, threads, fast_int8=fast_int8))


def _check_format(backend: Backend, model: ModelFile) -> None:
    if model.format not in backend.formats:
        fitting = [n for n in PREFERENCE if model.format in load_backend(n).formats]
        raise IncompatibleArtifactError(
            f"the runtime {backend.name} does not load .{model.format} files such as {model.name}; "
            f"use: {' or '.join(fitting)}"
        )


def _log_fallback(name: str, reason: Exception) -> None:
    # Imported here: most loads never fall back, and the module costs 2 ms on a fast machine.
    import logging

    logging.getLogger("edge_runtime").info("backend %s passed over: %s", name, reason)
