"""Putting a finished folder in the place of an earlier one, for the tools that write folders."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from edge_runtime.output_file import check_writable


def check_can_be_made(folder: Path) -> None:
    """Check, before the work, that a folder could be written where it shall stand.

    Raises:
        OSError: Nothing can be written there.
    """
    parent = folder.absolute().parent
    while not parent.exists():
        parent = parent.parent
    check_writable(parent)


def carry_over(folder: Path, fresh: Path, written: Collection[str]) -> None:
    """Put into a fresh folder what lies beside an earlier one's own files: profiles, notes.

    Where both have a file of one name, the fresh one counts.

    Args:
        folder: The earlier one; it stays as it is.
        fresh: The one that takes its place, on the same file system.
        written: What the earlier one's tool wrote there, as paths below it, with ``/``; these are
            left behind.

    Raises:
        OSError: Something cannot be carried over.
    """

    def find_replaced(directory: str, names: list[str]) -> list[str]:
        inner = Path(directory).relative_to(folder)
        paths = {name: inner / name for name in names}
        return [
            name
            for name, path in paths.items()
            if path.as_posix() in written or _is_in_the_way(folder / path, fresh / path)
        ]

    shutil.copytree(
        folder,
        fresh,
        symlinks=True,
        ignore=find_replaced,
        copy_function=_link_or_copy,
        dirs_exist_ok=True,
    )


def swap_in(fresh: Path, folder: Path) -> None:
    """Move a folder to its place; whatever happens, either it or what was there stands there.

    Raises:
        OSError: It cannot be moved there.
    """
    old = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    if folder.exists():
        folder.rename(old)
    try:
        fresh.rename(folder)
    except BaseException:  # an interruption, too, must not take away what was there
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _is_in_the_way(old: Path, fresh: Path) -> bool:
    """Whether both are there, and are not two folders, which are put together."""
    both_folders = old.is_dir() and fresh.is_dir() and not old.is_symlink()
    return os.path.lexists(fresh) and not both_folders


def _link_or_copy(source: str, target: str) -> None:
    try:
        # Needs neither room nor the right to read, so it does not fail after all the work.
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
