"""The seam between this package and the runtimes, with one file per runtime.

A runtime is a `Backend`: it names itself, says which files it loads, and opens a file as a
`Session`. Nothing outside a backend's own file imports its runtime. To add one, write a module
that holds a `Backend` called ``BACKEND`` and add a line to the table in
`edge_runtime.backends.registry`; the contract suite in the tests then runs over it.
"""

from edge_runtime.backends.protocol import Backend, Session, TensorInfo
from edge_runtime.backends.registry import (
    PREFERENCE,
    BackendStatus,
    available,
    choose_backend,
    load_backend,
    open_session,
)

__all__ = [
    "PREFERENCE",
    "Backend",
    "BackendStatus",
    "Session",
    "TensorInfo",
    "available",
    "choose_backend",
    "load_backend",
    "open_session",
]
