"""Fashion-MNIST out of the Debian package, downloaded and unpacked without root."""

import shutil
import subprocess
from pathlib import Path

from train.errors import DataError

PACKAGE = "dataset-fashion-mnist"
INSTALLED = Path("/usr/share/datasets/fashion-mnist")
_TIMEOUT_S = 600


def unpack_package(work: Path) -> Path:
    """Download the package into `work` and unpack it there; return the folder with the files.

    Where the machine has no package lists (as a fresh container), private ones are fetched into
    `work`; the system's own are never touched.

    Raises:
        DataError: The tools are missing, or the package cannot be had.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise DataError(f"{tool} is not on this machine")
    work.mkdir(parents=True, exist_ok=True)
    try:
        _run(["apt-get", *_options(), "download", PACKAGE], work)
    except DataError:
        private = _options(work / "apt")
        _run(["apt-get", *private, "update"], work)
        _run(["apt-get", *private, "download", PACKAGE], work)
    package = next(work.glob(f"{PACKAGE}_*.deb"), None)
    if package is None:
        raise DataError(f"apt-get downloaded no {PACKAGE}")
    unpacked = work / "unpacked"
    _run(["dpkg-deb", "-x", str(package), str(unpacked)], work)
    return unpacked / INSTALLED.relative_to("/")


def _options(private: Path | None = None) -> list[str]:
    options = ["-q", "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30"]
    # Root would otherwise drop to the user _apt, who may not write into our folder.
    options += ["-o", "APT::Sandbox::User="]
    if private is not None:
        for place in ("lists", "cache"):
            (private / place / "partial").mkdir(parents=True, exist_ok=True)
        (private / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        options += ["-o", f"Dir::State::Lists={private / 'lists'}"]
        options += ["-o", f"Dir::Cache={private / 'cache'}"]
    return options


def _run(command: list[str], work: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=work, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DataError(f"{command[0]} failed: {error}") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        reason = lines[-1].strip() if lines else f"exit status {done.returncode}"
        raise DataError(f"{command[0]} failed: {reason}")
