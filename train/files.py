"""Placing files and folders: written beside their place and moved in whole."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_runtime.folder_exchange import carry_over, swap_in


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
def replace_folder(target: Path, written: Collection[str] | None = None) -> Iterator[Path]:
    """Give a folder to fill; it becomes `target` when the block ends without an error.

    Args:
        target: A folder that stands there makes way; a link to one is followed.
        written: What whoever fills it may have written into the earlier one, as paths below it;
            whatever else lies there is a person's own and kept. None keeps nothing.
    """
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        yield beside
        beside.chmod(0o755)
        if written is not None and target.is_dir():
            carry_over(target, beside, written)
        swap_in(beside, target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
