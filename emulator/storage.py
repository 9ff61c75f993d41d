"""The folder outside the repository where systems, emulators and wheels are kept between runs."""

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from .errors import SetupError


def cache_folder() -> Path:
    """Where everything is kept: ``$EMULATOR_CACHE``, else below ``$XDG_CACHE_HOME``."""
    chosen = os.environ.get("EMULATOR_CACHE")
    if chosen:
        return Path(chosen).absolute()
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "edge-runtime" / "emulator"


@contextlib.contextmanager
def building(folder: Path, recipe: str) -> Iterator[Path | None]:
    """Yield a fresh folder to fill, or None where `folder` was already made by this `recipe`.

    What was filled is moved into place when the block ends well, so an interrupted download never
    leaves half a system; two processes that want the same folder wait for each other.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    stamp = folder.with_name(folder.name + ".recipe")
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir() and stamp.is_file() and stamp.read_text() == recipe:
            yield None
            return
        beside = folder.with_name(folder.name + ".new")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        yield beside
        stamp.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
        stamp.write_text(recipe)


def run_tool(command: Sequence[str | Path], **options: object) -> str:
    """Run a host's tool quietly and return its standard output.

    Raises:
        SetupError: It ended with an error; the message ends with what it said.
    """
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise SetupError(f"{Path(command[0]).name} ended with {done.returncode}:\n{said}")
    return str(done.stdout)
