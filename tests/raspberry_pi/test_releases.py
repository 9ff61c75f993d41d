"""Releases on a board: what the role's module does to a folder, without a board."""

import argparse
import hashlib
import importlib
import importlib.util
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from edge_runtime.cli.main import COMMANDS

_SOURCE = "deploy/roles/edge_runtime/module_utils/edge_releases.py"


@pytest.fixture(scope="module")
def module() -> Any:
    path = Path(__file__).resolve().parents[2] / _SOURCE
    spec = importlib.util.spec_from_file_location("edge_releases", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def add_release(root: Path, name: str, wheels: str = "w") -> None:
    folder = root / "releases" / name
    folder.mkdir(parents=True)
    (folder / "release.json").write_text(json.dumps({"release": name, "wheels": wheels}))


def pack(folder: Path, files: dict[str, bytes], sums: bytes | None = None) -> tuple[Path, str]:
    folder.mkdir()
    listed = "".join(f"{hashlib.sha256(data).hexdigest()}  {n}\n" for n, data in files.items())
    sums = listed.encode() if sums is None else sums
    archive = folder / "wheels.tar"
    with tarfile.open(archive, "w") as tar:
        for name, data in {**files, "SHA256SUMS": sums}.items():
            (folder / "one").write_bytes(data)
            tar.add(folder / "one", arcname=name)
    return archive, hashlib.sha256(sums).hexdigest()


def test_switching_remembers_the_release_before(module: Any, tmp_path: Path) -> None:
    releases = module.Releases(tmp_path)
    for name in ("a", "b"):
        add_release(tmp_path, name)
        releases.activate(name)
    assert (releases.read_link("current"), releases.read_link("previous")) == ("b", "a")
    assert (tmp_path / "current").is_symlink()


def test_switching_twice_to_the_same_keeps_the_release_before(module: Any, tmp_path: Path) -> None:
    releases = module.Releases(tmp_path)
    for name in ("a", "b"):
        add_release(tmp_path, name)
    for name in ("a", "b", "b"):
        releases.activate(name)
    assert releases.read_link("previous") == "a"


def test_rolling_back_twice_comes_back(module: Any, tmp_path: Path) -> None:
    releases = module.Releases(tmp_path)
    for name in ("a", "b"):
        add_release(tmp_path, name)
        releases.activate(name)
    assert releases.roll_back() == "a"
    assert releases.roll_back() == "b"


def test_undoing_a_switch_forgets_the_release_that_failed(module: Any, tmp_path: Path) -> None:
    releases = module.Releases(tmp_path)
    for name in ("a", "b", "broken"):
        add_release(tmp_path, name)
        before = releases.read_links()
        releases.activate(name)
    assert releases.recover(before) == "b"
    assert releases.read_links() == {"current": "b", "previous": "a"}
    assert releases.roll_back() == "a"


def test_undoing_the_first_switch_leaves_nothing_current(module: Any, tmp_path: Path) -> None:
    releases = module.Releases(tmp_path)
    add_release(tmp_path, "broken")
    before = releases.read_links()
    releases.activate("broken")
    assert releases.recover(before) is None
    assert not (tmp_path / "current").is_symlink()


def test_a_broken_first_release_leaves_nothing_current(module: Any, tmp_path: Path) -> None:
    releases = module.Releases(tmp_path)
    add_release(tmp_path, "a")
    releases.activate("a")
    assert releases.roll_back() is None
    assert not (tmp_path / "current").exists()


def test_a_release_that_was_cut_short_does_not_count(module: Any, tmp_path: Path) -> None:
    (tmp_path / "releases" / "half" / "venv").mkdir(parents=True)
    releases = module.Releases(tmp_path)
    assert releases.list_built() == []
    with pytest.raises(module.ReleaseError, match="not on this board"):
        releases.activate("half")


def test_pruning_keeps_what_is_needed(module: Any, tmp_path: Path) -> None:
    releases = module.Releases(tmp_path)
    for name in "abcde":
        add_release(tmp_path, name, wheels=f"wheels-{name}")
        house = tmp_path / "wheels" / f"wheels-{name}"
        house.mkdir(parents=True)
        (house / "SHA256SUMS").touch()
    releases.activate("a")
    releases.activate("b")
    removed = releases.prune(2)
    assert {"a", "b"}.isdisjoint(removed)
    assert set(releases.list_built()) | set(removed) == set("abcde")
    assert releases.list_wheelhouses() == [f"wheels-{name}" for name in releases.list_built()]


def test_wheels_are_unpacked_and_checked(module: Any, tmp_path: Path) -> None:
    archive, digest = pack(tmp_path / "in", {"a.whl": b"a", "requirements.txt": b"./a.whl"})
    house = module.Releases(tmp_path).unpack_wheels(archive, digest)
    assert (house / "a.whl").read_bytes() == b"a"


def test_another_wheelhouse_than_the_named_one_is_refused(module: Any, tmp_path: Path) -> None:
    archive, _ = pack(tmp_path / "in", {"a.whl": b"a"})
    with pytest.raises(module.ReleaseError, match="is not the wheelhouse"):
        module.Releases(tmp_path).unpack_wheels(archive, "0" * 64)


def test_a_damaged_wheel_is_refused(module: Any, tmp_path: Path) -> None:
    sums = f"{hashlib.sha256(b'good').hexdigest()}  a.whl\n".encode()
    archive, digest = pack(tmp_path / "in", {"a.whl": b"bad"}, sums)
    releases = module.Releases(tmp_path)
    with pytest.raises(module.ReleaseError, match=r"a\.whl: SHA-256 is"):
        releases.unpack_wheels(archive, digest)
    assert releases.list_wheelhouses() == []


@pytest.mark.parametrize("content", [b"", b"no archive", b"x" * 600])
def test_a_truncated_archive_is_refused(module: Any, tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "wheels.tar"
    archive.write_bytes(content)
    with pytest.raises(module.ReleaseError, match="cannot be unpacked"):
        module.Releases(tmp_path).unpack_wheels(archive, "0" * 64)


def test_an_archive_that_climbs_out_is_refused(module: Any, tmp_path: Path) -> None:
    archive, digest = pack(tmp_path / "in", {"../evil.whl": b"a"})
    with pytest.raises(module.ReleaseError, match="no wheel"):
        module.Releases(tmp_path / "root").unpack_wheels(archive, digest)


def test_a_corrupt_artifact_is_refused_before_anything_is_built(
    module: Any, tmp_path: Path
) -> None:
    archive, digest = pack(tmp_path / "in", {"a.whl": b"a"})
    (tmp_path / "in" / "m.tflite").write_bytes(b"flipped")
    releases = module.Releases(tmp_path / "root")
    with pytest.raises(module.ReleaseError, match=r"m\.tflite: SHA-256 is .* expected 0000"):
        releases.build("r", digest, archive, tmp_path / "in", {"m.tflite": "0" * 64})
    assert not (tmp_path / "root" / "releases").exists()


def test_a_build_that_fails_leaves_nothing_on_the_card(module: Any, tmp_path: Path) -> None:
    archive, digest = pack(tmp_path / "in", {"pip-1.whl": b"no wheel", "requirements.txt": b""})
    (tmp_path / "in" / "m.tflite").write_bytes(b"model")
    files = {"m.tflite": hashlib.sha256(b"model").hexdigest()}
    releases = module.Releases(tmp_path / "root")
    with pytest.raises(module.ReleaseError, match="ended with"):
        releases.build("r", digest, archive, tmp_path / "in", files)
    assert not releases.path("r").exists()


@pytest.mark.parametrize(
    ("files", "named"),
    [({"m.tflite": ""}, "m.tflite"), ({"m.tflite": "", "profile.json": ""}, "profile.json")],
)
def test_the_launcher_names_the_artifact_or_its_profile(
    module: Any, tmp_path: Path, files: dict[str, str], named: str
) -> None:
    module.write_launcher(tmp_path, files)
    program = tmp_path / "venv" / "bin" / "edge-runtime"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        [tmp_path / "run", "watch", "a b"], capture_output=True, text=True, check=True
    )
    assert done.stdout.rstrip() == f"watch a b --model {tmp_path / 'model' / named}"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_launcher_names_the_artifact_where_one_is_taken(
    module: Any, tmp_path: Path, command: str
) -> None:
    module.write_launcher(tmp_path, {"m.tflite": ""})
    program = tmp_path / "venv" / "bin" / "edge-runtime"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    parser = argparse.ArgumentParser()
    importlib.import_module(f"edge_runtime.cli.{command}").add_arguments(parser)
    done = subprocess.run([tmp_path / "run", command], capture_output=True, text=True, check=True)
    assert ("--model" in done.stdout) is ("--model" in parser.format_help())
