"""Releases in a folder on the board: build, switch, roll back, prune. Standard library only.

    <root>/wheels/<digest>/        unpacked wheelhouses, shared by releases
    <root>/releases/<id>/          venv/  model/<artifact>  run  release.json (written last)
    <root>/current, <root>/previous     symbolic links into releases/

A release is there when its ``release.json`` is; a folder without one was cut short and is built
anew. A switch renames a symbolic link over another, which is atomic: whoever starts a program
through ``current`` gets the old release or the new one, never a mixture. ``run`` starts
edge-runtime with the release's artifact, so that what uses ``current/run`` need not know its name.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import tarfile
from pathlib import Path

_MARK = "release.json"
_LINKS = ("current", "previous")
# The commands of edge-runtime that take --model.
_WITH_MODEL = ("classify", "watch", "evaluate", "bench")


class ReleaseError(Exception):
    """A release cannot be built or switched to; the message says why."""


class Releases:
    """The releases below one folder."""

    def __init__(self, root):
        self.root = Path(root)

    @contextlib.contextmanager
    def locked(self):
        """Wait for a build that a lost connection left running; two would undo each other."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def path(self, release):
        """Folder of a release."""
        return self.root / "releases" / release

    def list_built(self):
        """Ids of complete releases, oldest first."""
        marks = sorted(self.root.glob("releases/*/" + _MARK), key=lambda mark: mark.stat().st_mtime)
        return [mark.parent.name for mark in marks]

    def list_wheelhouses(self):
        """Digests of complete wheelhouses."""
        found = (path.parent.name for path in self.root.glob("wheels/*/SHA256SUMS"))
        return sorted(name for name in found if not name.endswith(".new"))

    def read_link(self, name):
        """Id that ``current`` or ``previous`` names; None where it names no complete release."""
        try:
            release = (self.root / name).readlink().name
        except OSError:
            return None
        return release if (self.path(release) / _MARK).is_file() else None

    def read_links(self):
        """Ids that ``current`` and ``previous`` name; see `read_link`."""
        return {name: self.read_link(name) for name in _LINKS}

    def unpack_wheels(self, archive, digest):
        """Unpack a wheelhouse beside its place, check every sum, then move it in."""
        house = self.root / "wheels" / digest
        if (house / "SHA256SUMS").is_file():
            return house
        beside = house.with_name(house.name + ".new")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        try:
            with tarfile.open(archive) as tar:
                for member in tar:
                    if not member.isfile() or "/" in member.name:
                        raise ReleaseError(f"{archive} holds {member.name!r}, which is no wheel")
                    with tar.extractfile(member) as source:
                        (beside / member.name).write_bytes(source.read())
        except (OSError, tarfile.TarError) as error:
            raise ReleaseError(f"{archive} cannot be unpacked: {error}") from error
        sums = (beside / "SHA256SUMS").read_bytes()
        if hashlib.sha256(sums).hexdigest() != digest:
            raise ReleaseError(f"{archive} is not the wheelhouse {digest}: copy it again")
        expected = [line.split() for line in sums.decode().splitlines()]
        check_sums(beside, {name: digest for digest, name in expected})
        shutil.rmtree(house, ignore_errors=True)
        beside.rename(house)
        return house

    def build(
        self, release, digest, archive, incoming, files, system_packages=False, compiled=True
    ):
        """Build a release that is not there yet; its mark is written last."""
        house = self.unpack_wheels(archive, digest)
        check_sums(Path(incoming), files)
        folder = self.path(release)
        shutil.rmtree(folder, ignore_errors=True)  # what a cut connection left
        try:
            (folder / "model").mkdir(parents=True)
            for name in files:
                shutil.copyfile(Path(incoming) / name, folder / "model" / name)
            build_environment(folder / "venv", house, system_packages, compiled)
            write_launcher(folder, files)
        except (ReleaseError, OSError):
            shutil.rmtree(folder, ignore_errors=True)  # a full card must not stay full
            raise
        document = {"release": release, "wheels": digest, "files": files}
        beside = folder / (_MARK + ".new")
        beside.write_text(json.dumps(document, indent=1) + "\n")
        _sync(folder)
        beside.rename(folder / _MARK)

    def activate(self, release):
        """Make a release current, remembering the one before."""
        if not (self.path(release) / _MARK).is_file():
            raise ReleaseError(f"release {release} is not on this board")
        before = self.read_link("current")
        if before and before != release:
            self._point("previous", before)
        self._point("current", release)

    def roll_back(self):
        """Swap ``current`` and ``previous``; returns the id that is current now, or None.

        Where there is no previous release, ``current`` is removed: nothing is better than what
        was found to be broken.
        """
        broken, before = self.read_link("current"), self.read_link("previous")
        if before and before != broken:
            self._point("current", before)
            if broken:
                self._point("previous", broken)
            return before
        (self.root / "current").unlink(missing_ok=True)
        return None

    def recover(self, before):
        """Undo a switch: what `read_links` said before it holds again; returns what is current.

        Unlike `roll_back`, it leaves no link to the release that was found to be broken.
        """
        for name in _LINKS:
            release = before.get(name)
            if release and (self.path(release) / _MARK).is_file():
                self._point(name, release)
            else:
                (self.root / name).unlink(missing_ok=True)
        return self.read_link("current")

    def prune(self, keep):
        """Remove all but the newest `keep` releases, never the current or the previous one."""
        needed = {self.read_link("current"), self.read_link("previous")}
        built = self.list_built()
        old = [release for release in built[: max(0, len(built) - keep)] if release not in needed]
        for release in old:
            (self.path(release) / _MARK).unlink()
            shutil.rmtree(self.path(release))
        used = set()
        for release in self.list_built():
            used.add(json.loads((self.path(release) / _MARK).read_text())["wheels"])
        for house in self.root.glob("wheels/*"):
            if house.name not in used:
                shutil.rmtree(house)
        return old

    def _point(self, name, release):
        beside = self.root / (name + ".new")
        beside.unlink(missing_ok=True)
        beside.symlink_to(Path("releases") / release)
        beside.replace(self.root / name)


def check_sums(folder, files):
    """Compare SHA-256 sums (name to hex digits) with the files of a folder."""
    for name, expected in files.items():
        path = folder / name
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
        if found != expected:
            raise ReleaseError(f"{name}: SHA-256 is {found}, expected {expected}: copy it again")


def build_environment(venv, house, system_packages, compiled):
    """Make a virtual environment from a wheelhouse, without internet and without pip's presence.

    Debian splits ensurepip off into a package of its own; pip runs from its own wheel instead.
    """
    options = ["--system-site-packages"] if system_packages else []
    _run(["python3", "-m", "venv", "--without-pip", *options, str(venv)], house)
    (pip,) = house.glob("pip-*.whl")
    command = [str(venv / "bin" / "python"), str(pip / "pip"), "install", "--quiet", "--no-deps"]
    command += ["--no-index", "--no-cache-dir", "--disable-pip-version-check", "--require-hashes"]
    # The workstation has chosen for this Python; see wheelhouse.py.
    command += ["--ignore-requires-python"]
    command += [] if compiled else ["--no-compile"]
    _run([*command, "--requirement", "requirements.txt"], house)


def write_launcher(folder, files):
    """Write ``run``, which starts edge-runtime, with the release's own artifact where one is taken.

    A profile stands for the artifact that it chose, with runtime and threads. Commands without
    ``--model`` are started as they are.
    """
    name = next(iter(files)) if "profile.json" not in files else "profile.json"
    option = f"--model {shlex.quote(str(folder / 'model' / name))}"
    launcher = folder / "run"
    program = shlex.quote(str(folder / "venv" / "bin" / "edge-runtime"))
    launcher.write_text(
        "#!/bin/sh\n"
        'case "$1" in\n'
        f'{"|".join(_WITH_MODEL)}) exec {program} "$@" {option} ;;\n'
        f'*) exec {program} "$@" ;;\n'
        "esac\n"
    )
    launcher.chmod(0o755)


def _run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-12:])
        raise ReleaseError(f"{' '.join(command[:4])} ended with {done.returncode}:\n{said}")


def _sync(folder):
    """Bring a release to the card before it is called complete: boards lose power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.sync()
    finally:
        os.close(descriptor)
