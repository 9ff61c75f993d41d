"""Keeping the runtimes' own log lines off the screen.

LiteRT, XNNPACK and ONNX Runtime write to file descriptor 2 from native code, past Python's
``sys.stderr``; so the descriptor itself is pointed elsewhere while a command runs, and Python's
messages go to a copy of the old one.
"""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def runtime_noise_hidden(verbose: bool) -> Iterator[None]:
    """Send native writes to standard error nowhere; with `verbose` let them through."""
    if verbose:
        yield
        return
    try:
        shown = os.dup(2)
    except OSError:  # Standard error is closed: nothing to protect.
        yield
        return
    python_stderr = sys.stderr
    python_stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    copy = os.fdopen(os.dup(shown), "w", buffering=1, errors="backslashreplace")
    # Something that is no view of descriptor 2 (a test's capture) needs no replacement.
    replaced = _writes_to_descriptor_2(python_stderr)
    if replaced:
        sys.stderr = copy
    try:
        yield
    finally:
        sys.stderr = python_stderr
        copy.close()
        os.dup2(shown, 2)
        os.close(shown)


def _writes_to_descriptor_2(stream: object) -> bool:
    try:
        return stream.fileno() == 2  # type: ignore[attr-defined, no-any-return]
    except (AttributeError, OSError, ValueError):
        return False
