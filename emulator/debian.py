"""Debian packages of any suite and architecture, downloaded and unpacked without installing them.

A private apt configuration with its own sources and an empty package status resolves what belongs
together; ``dpkg-deb`` and ``tar`` unpack it. No package script runs, so what such scripts would
have made (``/etc/passwd``, the choice of a BLAS) is made here.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .errors import EmulationUnavailableError
from .storage import run_tool
from .systems import System

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def find_mirror() -> str:
    """The Debian archive that this host itself uses, or ``$EMULATOR_MIRROR``.

    Raises:
        EmulationUnavailableError: The host is not a Debian system, and no archive was named.
    """
    chosen = os.environ.get("EMULATOR_MIRROR")
    if chosen:
        return chosen
    for tool in ("apt-get", "apt-cache", "dpkg-deb"):
        if not shutil.which(tool):
            raise EmulationUnavailableError(f"{tool} is missing: a Debian-like host is needed")
    found = re.search(r"https?://\S+/debian(?=[/ ]\S* )", run_tool(["apt-cache", "policy"]))
    if not found or not _KEYRING.is_file():
        raise EmulationUnavailableError(
            "apt here knows no Debian archive: set EMULATOR_MIRROR to one and install "
            "debian-archive-keyring"
        )
    return found.group()


def download_packages(
    suite: str, architecture: str, names: Sequence[str], folder: Path, *, alone: bool = False
) -> list[Path]:
    """Download packages, with all that they depend on unless `alone`, into `folder`."""
    private = folder / "apt"
    archives = private / "cache" / "archives"
    for path in (private / "lists" / "partial", archives / "partial"):
        path.mkdir(parents=True)
    (private / "status").touch()
    (private / "sources.list").write_text(
        f"deb [signed-by={_KEYRING}] {find_mirror()} {suite} main\n"
    )
    (private / "apt.conf").write_text(_configuration(private, architecture))
    environment = {**os.environ, "APT_CONFIG": str(private / "apt.conf")}
    run_tool(["apt-get", "-q", "update"], env=environment)
    if alone:
        run_tool(["apt-get", "-q", "download", *names], env=environment, cwd=archives)
    else:
        command = ["apt-get", "-q", "install", "-y", "--download-only", *names]
        run_tool(command, env=environment)
    return sorted(archives.glob("*.deb"))


def _configuration(private: Path, architecture: str) -> str:
    return f"""\
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Dir::Etc::sourcelist "{private}/sources.list";
Dir::Etc::sourceparts "/nonexistent";
Dir::Etc::preferences "/nonexistent";
Dir::Etc::preferencesparts "/nonexistent";
Dir::State "{private}";
Dir::State::lists "{private}/lists";
Dir::State::status "{private}/status";
Dir::Cache "{private}/cache";
Dir::Cache::archives "{private}/cache/archives";
Debug::NoLocking "true";
"""


def unpack_package(package: Path, root: Path, *members: str) -> None:
    """Unpack a package's files (or only `members`) below `root`."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as deb:
        run_tool(
            ["tar", "-x", "--keep-directory-symlink", "--no-same-owner", "-C", root, *members],
            stdin=deb.stdout,
        )


def build_root(system: System, root: Path) -> None:
    """Fill `root` with the file tree of `system`."""
    work = root / "work"
    packages = download_packages(system.suite, system.architecture, system.packages, work)
    for folder in ("bin", "sbin", "lib"):  # merged /usr, before anything is unpacked
        (root / "usr" / folder).mkdir(parents=True, exist_ok=True)
        (root / folder).symlink_to(f"usr/{folder}")
    for package in packages:
        unpack_package(package, root)
    shutil.rmtree(work)
    _do_what_scripts_would(system, root)


def _do_what_scripts_would(system: System, root: Path) -> None:
    etc = root / "etc"
    (etc / "passwd").write_text(
        "root:x:0:0:root:/root:/bin/bash\npi:x:1000:1000:,,,:/home/pi:/bin/bash\n"
    )
    (etc / "group").write_text("root:x:0:\npi:x:1000:\n")
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
    (etc / "hosts").write_text("127.0.0.1 localhost raspberrypi\n")
    (etc / "shells").write_text("/bin/sh\n/bin/bash\n")
    libraries = root / "usr" / "lib" / system.triplet
    for name in ("blas", "lapack"):
        library = libraries / name / f"lib{name}.so.3"
        if library.exists():
            (libraries / library.name).symlink_to(f"{name}/{library.name}")
    shell = root / "usr" / "bin" / "sh"
    if not shell.exists():
        shell.symlink_to("dash")
