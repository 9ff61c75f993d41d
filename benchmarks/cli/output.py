"""Where a report may be written; said before anything is measured that would then be lost."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.errors import OutputExistsError
from benchmarks.report.earlier_report import RUN, ReportKind


def check_out(out: Path, force: bool, kind: ReportKind = RUN, replaced_whole: bool = True) -> None:
    """Refuse a folder that must not or cannot be written.

    Args:
        out: Where the report goes.
        force: A report that is there may be replaced.
        kind: Of the report that goes there, and of the only one that may be replaced.
        replaced_whole: The folder itself is exchanged, and not only files in it.

    Raises:
        OutputExistsError: Something is there that must stay.
        OSError: There is no room, or no right to write there.
    """
    if out.exists() and not out.is_dir():
        raise OutputExistsError(f"{out} is a file; name a folder with --out")
    if out.is_dir() and any(out.iterdir()):
        if not kind.is_in(out):
            raise OutputExistsError(
                f"{out} holds files, but holds no report to replace (no {kind.mark} of one); "
                "name another --out"
            )
        if not force:
            raise OutputExistsError(
                f"{out} holds a report already; use --force to replace it, or another --out"
            )
    if replaced_whole and (out.is_mount() or Path.cwd().is_relative_to(out.resolve())):
        raise OutputExistsError(
            f"{out} is the folder that you are in, or where a disk is mounted, and cannot be "
            f"exchanged; name a folder in it, such as --out {out / 'report'}"
        )
    # What is exchanged whole is built beside its place, so the folder around it counts.
    around = out.resolve().parents
    _check_place(out, around if replaced_whole else (out.resolve(), *around))


def _check_place(out: Path, around: Sequence[Path]) -> None:
    place = next(folder for folder in around if folder.exists())
    if not place.is_dir():
        raise OutputExistsError(f"{place} is a file, so {out} cannot be made; use another --out")
    if not os.access(place, os.W_OK | os.X_OK):
        raise PermissionError(f"no right to write in {place}, where {out.name} would be; use --out")
    if shutil.disk_usage(place).free < 50 * 2**20:
        raise OSError(f"less than 50 MiB are free where {out} is")
