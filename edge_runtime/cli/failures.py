"""Failures of the system in one line, as the command lines tell them."""

import errno
import os
import sys

# What only writing meets; whatever else has a file's name was met on opening or listing it.
_WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


def describe_failure(error: Exception) -> str:
    """What an exception says; an error of the system without its number, with what it met."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    if error.filename is None:
        told = "the output cannot be written: " if error.errno in _WRITING else ""
        return f"{told}{error.strerror}"
    verb = "written" if error.errno in _WRITING else "read"
    return f"{os.fsdecode(error.filename)} cannot be {verb}: {error.strerror}"


def end_of_pipe() -> int:
    """Whoever read our output has enough (such as ``| head``): no failure, nothing more to say."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
