"""Writing a result beside its place and moving it in, so that an interrupted run leaves no half."""

import os
import tempfile
from pathlib import Path

from edge_runtime.errors import OutputExistsError


def check_output(file: Path, force: bool) -> None:
    """Refuse early, before the work, what `write_output` could not write afterwards.

    Raises:
        OutputExistsError: The file is there and `force` is not given, or it is a folder, a pipe or
            a device, which nothing replaces.
        FileNotFoundError: Its folder is missing.
        OSError: Nothing can be written to its folder.
    """
    target = _follow_links(file)
    if target.is_dir():
        raise OutputExistsError(f"{file} is a folder; name a file")
    if target.exists() and not target.is_file():
        raise OutputExistsError(f"{file} is a pipe or a device; name a file")
    if target.exists() and not force:
        raise OutputExistsError(f"{file} exists already; replace it with --force, or name another")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent} to write {file.name}")
    try:
        check_writable(target.parent)
    except OSError as error:
        raise OSError(f"{error}; name a file elsewhere") from error


def check_writable(folder: Path) -> None:
    """Check that files can be made in a folder.

    Raises:
        OSError: They cannot.
    """
    try:
        # Tried rather than asked for: root is told that it may write to /proc.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(f"{folder} cannot be written to: {error.strerror or error}") from error


def write_output(file: Path, text: str) -> None:
    r"""Write UTF-8 text, whole or not at all, also where the power fails meanwhile.

    A symbolic link stays, and what it points to is written. Names of files may hold bytes that are
    no UTF-8: they are written as ``\udce9``, as in JSON.
    """
    target = _follow_links(file)
    beside = target.with_name(target.name + ".partial")
    try:
        with beside.open("w", encoding="utf-8", errors="backslashreplace", newline="") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _follow_links(file: Path) -> Path:
    # Path.resolve raises where links point to each other, before Python 3.13.
    return Path(os.path.realpath(file))
