"""Keeping the converters' chatter off the terminal.

TensorFlow writes to file descriptors 1 and 2 from C++, past Python's ``sys.stderr``.
"""

import contextlib
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def silence(*, enabled: bool = True) -> Iterator[None]:
    """Swallow what C++ and Python write and warn while the block runs.

    If the block raises, what was swallowed hangs on the exception as a note, for ``--debug``.
    """
    if not enabled:
        yield
        return
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with tempfile.TemporaryFile() as sink:
        try:
            os.dup2(sink.fileno(), 1)
            os.dup2(sink.fileno(), 2)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        except Exception as error:
            error.add_note(_read_tail(sink.fileno()))
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, saved in zip((1, 2), kept, strict=True):
                os.dup2(saved, descriptor)
                os.close(saved)


def _read_tail(descriptor: int, limit_bytes: int = 4000) -> str:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    os.lseek(descriptor, max(0, size - limit_bytes), os.SEEK_SET)
    return os.read(descriptor, limit_bytes).decode("utf-8", "replace")
