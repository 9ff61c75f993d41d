"""One training at a time in one place: two would take each other's checkpoints for their own."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from train.errors import RunError


@contextmanager
def claim_folder(folder: Path) -> Iterator[None]:
    """Keep other processes from a folder, which is made, while the block runs.

    The system lets go of it with the process, so that no kill leaves it claimed.

    Raises:
        RunError: Another process has claimed it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(
                f"another training is at work in {folder}; wait for it, or name another --run"
            ) from error
        except OSError:
            pass  # a file system that knows no locks, as some networks' do
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                folder.rmdir()  # where nothing was left in it
    finally:
        os.close(handle)


def clear_folder(folder: Path) -> None:
    """Remove what is in a folder, and leave the folder itself, which may be claimed."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
