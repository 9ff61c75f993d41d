"""Placing files and folders: written beside their place and moved in whole."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def replace_file(target: Path) -> Iterator[Path]:
    """Give a path to write to; it becomes `target` when the block ends without an error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        beside.chmod(0o644)  # mkstemp makes files that only their owner can read.
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def replace_folder(target: Path) -> Iterator[Path]:
    """Give a folder to fill; it becomes `target` when the block ends without an error.

    A folder that stood there is gone afterwards.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        yield beside
        beside.chmod(0o755)
        if target.exists():
            # A folder cannot be replaced in one step: move the old one aside first.
            old = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-old."))
            target.replace(old / target.name)
            beside.replace(target)
            shutil.rmtree(old)
        else:
            beside.replace(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
