"""Where a report may be written."""

import shutil
from pathlib import Path

from benchmarks.errors import OutputExistsError


def check_out(out: Path, force: bool, mark: str = "results.json") -> None:
    """Refuse a folder that must not be replaced; a report is known by the file `mark` in it."""
    if out.exists() and not out.is_dir():
        raise OutputExistsError(f"{out} is a file; name a folder with --out")
    if out.is_dir() and any(out.iterdir()):
        if not force:
            raise OutputExistsError(
                f"{out} holds something already; use --force to replace it, or another --out"
            )
        if not (out / mark).exists():
            raise OutputExistsError(f"{out} holds no report; refused to replace it")
    if out.exists() and shutil.disk_usage(out).free < 50 * 2**20:
        raise OSError(f"less than 50 MiB are free where {out} is")
