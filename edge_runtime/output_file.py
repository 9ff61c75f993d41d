"""Writing a result beside its place and moving it in, so that an interrupted run leaves no half."""

import os
from pathlib import Path

from edge_runtime.errors import OutputExistsError


def check_output(file: Path, force: bool) -> None:
    """Refuse early, before the work, what `write_output` could not write afterwards.

    Raises:
        OutputExistsError: The file is there and `force` is not given, or it is a folder.
        FileNotFoundError: Its folder is missing.
    """
    if file.is_dir():
        raise OutputExistsError(f"{file} is a folder; name a file")
    if file.exists() and not force:
        raise OutputExistsError(f"{file} exists already; replace it with --force, or name another")
    if not file.absolute().parent.is_dir():
        raise FileNotFoundError(f"there is no folder {file.absolute().parent} to write {file.name}")


def write_output(file: Path, text: str) -> None:
    r"""Write UTF-8 text, whole or not at all, also where the power fails meanwhile.

    Names of files may hold bytes that are no UTF-8: they are written as ``\udce9``, as in JSON.
    """
    beside = file.with_name(file.name + ".partial")
    try:
        with beside.open("w", encoding="utf-8", errors="backslashreplace", newline="") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
