"""Finding Fashion-MNIST, on a miniature of it."""

import functools
import gzip
import io
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.miniature import Miniature
from train.cache import cache_folder
from train.data.debian_package import PACKAGE, unpack_package
from train.data.download import download_files
from train.data.fashion_mnist import FASHION_MNIST, load_checked, load_folder
from train.data.sources import (
    Source,
    keras_folder,
    load_fashion_mnist,
    standard_sources,
)
from train.errors import DataError
from train.progress import Progress
from train.samples import ImageDataset


def _cache() -> Path:
    return cache_folder("fashion-mnist")


@pytest.fixture
def told() -> io.StringIO:
    return io.StringIO()


def test_a_named_folder_serves_and_is_said(
    miniature: Miniature, dataset: ImageDataset, told: io.StringIO
) -> None:
    found = load_fashion_mnist(miniature.folder, Progress(told), whole=miniature.known)
    assert np.array_equal(found.dataset.train.images, dataset.train.images)
    assert np.array_equal(found.dataset.test.labels, dataset.test.labels)
    assert "the folder you named" in told.getvalue()


def test_unpacked_files_serve_as_well(miniature: Miniature, dataset: ImageDataset) -> None:
    for path in miniature.folder.glob("*.gz"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    found = load_folder(miniature.folder, miniature.known)
    assert found.fingerprint() != dataset.fingerprint() or found.class_names == dataset.class_names
    assert np.array_equal(found.test.images, dataset.test.images)


def test_a_truncated_file_gives_its_name_and_the_remedy(miniature: Miniature) -> None:
    path = miniature.folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"train-images.* is truncated.*Get the file again"):
        load_fashion_mnist(miniature.folder, Progress(quiet=True), whole=miniature.known)


def test_a_short_but_whole_stream_is_truncated_too(miniature: Miniature) -> None:
    path = miniature.folder / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-7]))
    with pytest.raises(DataError, match="is truncated: 401 bytes decompressed, 408 expected"):
        load_folder(miniature.folder, miniature.known)


def test_swapped_files_are_told_apart(miniature: Miniature) -> None:
    train = miniature.folder / "train-images-idx3-ubyte.gz"
    shutil.copy(miniature.folder / "t10k-images-idx3-ubyte.gz", train)
    with pytest.raises(DataError, match=r"holds the content of t10k-images.*swapped"):
        load_folder(miniature.folder, miniature.known)


def test_one_wrong_bit_is_found(miniature: Miniature) -> None:
    path = miniature.folder / "t10k-images-idx3-ubyte.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[5000] ^= 1
    path.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(DataError, match=r"damaged or of another data set: the SHA-256"):
        load_folder(miniature.folder, miniature.known)


def test_the_real_sums_refuse_a_miniature(miniature: Miniature) -> None:
    path = miniature.folder / "t10k-labels-idx1-ubyte.gz"
    with pytest.raises(DataError, match="10008 expected"):
        load_checked(path, FASHION_MNIST.test_labels)


def test_a_missing_file_is_named(miniature: Miniature) -> None:
    (miniature.folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz is not in"):
        load_folder(miniature.folder, miniature.known)


def test_the_places_stand_in_the_promised_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = standard_sources(Progress(quiet=True))
    assert [source.folder for source in sources] == [
        tmp_path / "cache" / "edge-toolkit" / "fashion-mnist",
        Path("/usr/share/datasets/fashion-mnist"),
        tmp_path / "keras" / "datasets" / "fashion-mnist",
        None,
        None,
    ]
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert _cache().is_relative_to(Path.home() / ".cache")
    assert keras_folder().is_relative_to(Path.home() / ".keras")


def test_a_damaged_place_is_passed_over_aloud(
    miniature: Miniature, tmp_path: Path, told: io.StringIO
) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(miniature.folder, damaged)
    (damaged / "train-labels-idx1-ubyte.gz").write_bytes(b"\x1f\x8bnothing")
    sources = (Source("first", damaged), Source("second", miniature.folder))
    found = load_fashion_mnist(progress=Progress(told), sources=sources, whole=miniature.known)
    assert found.source == "second"
    assert "Passed over first" in told.getvalue()
    assert "train-labels-idx1-ubyte.gz" in told.getvalue()


def test_fetched_files_are_placed_whole_in_the_cache(miniature: Miniature) -> None:
    def fetch(work: Path) -> Path:
        return Path(shutil.copytree(miniature.folder, work / "here"))

    fetched = Source("a mirror", fetch=fetch)
    quiet = Progress(quiet=True)
    found = load_fashion_mnist(progress=quiet, sources=(fetched,), whole=miniature.known)
    assert found.folder == _cache()
    assert sorted(path.name for path in _cache().parent.rglob("*") if path.is_file()) == [
        f"{known.name}.gz" for known in sorted(miniature.known.files, key=lambda known: known.name)
    ]
    again = load_fashion_mnist(
        progress=quiet,
        sources=(Source("our cache", _cache()),),
        whole=miniature.known,
    )
    assert again.dataset.fingerprint() == found.dataset.fingerprint()


def test_a_damaged_fetch_never_reaches_the_cache(miniature: Miniature) -> None:
    def fetch(work: Path) -> Path:
        here = Path(shutil.copytree(miniature.folder, work / "here"))
        (here / "train-labels-idx1-ubyte.gz").write_bytes(b"\x1f\x8bnothing")
        return here

    with pytest.raises(DataError, match="train-labels"):
        load_fashion_mnist(
            progress=Progress(quiet=True),
            sources=(Source("a mirror", fetch=fetch),),
            whole=miniature.known,
        )
    assert not _cache().exists()


def test_where_nothing_serves_each_place_says_why(tmp_path: Path) -> None:
    def fetch(work: Path) -> Path:
        raise DataError("no network")

    sources = (Source("our cache", tmp_path / "none"), Source("the mirrors", fetch=fetch))
    with pytest.raises(DataError) as caught:
        load_fashion_mnist(progress=Progress(quiet=True), sources=sources)
    for part in ("our cache: there is no", "the mirrors: no network", "--data FOLDER", PACKAGE):
        assert part in str(caught.value)


@pytest.fixture
def server(miniature: Miniature) -> Iterator[str]:
    """The miniature, served over HTTP on this machine."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(miniature.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        thread = threading.Thread(target=served.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}/"
        served.shutdown()
        thread.join()


def test_download_takes_the_first_mirror_that_serves(
    server: str, miniature: Miniature, tmp_path: Path
) -> None:
    mirrors = (f"{server}missing/", server)
    work = download_files(tmp_path / "work", Progress(quiet=True), mirrors, miniature.known)
    assert len(load_folder(work, miniature.known).train) == 400
    assert not list(work.glob("*.partial"))


def test_download_refuses_wrong_content_and_names_each_mirror(
    server: str, miniature: Miniature, tmp_path: Path
) -> None:
    (miniature.folder / "train-images-idx3-ubyte.gz").write_bytes(b"<html>Sign in</html>")
    mirrors = (f"{server}missing/", server)
    with pytest.raises(DataError, match=r"HTTP status 404; .*train-images.* is truncated"):
        download_files(tmp_path / "work", Progress(quiet=True), mirrors, miniature.known)
    assert not list((tmp_path / "work").iterdir())


def _put_command(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_without_package_lists_private_ones_are_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    # Like apt-get on a machine without lists: download works only after an update.
    _put_command(
        tools,
        "apt-get",
        f'echo "$*" >> {tmp_path}/calls\n'
        f'case "$*" in *update*) touch {tmp_path}/updated;;\n'
        f"*download*) [ -e {tmp_path}/updated ] || "
        '{ echo "E: Unable to locate package" >&2; exit 100; }\n'
        f"touch {PACKAGE}_1_all.deb;; esac",
    )
    _put_command(tools, "dpkg-deb", 'mkdir -p "$3/usr/share/datasets/fashion-mnist"')
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    folder = unpack_package(tmp_path / "work")
    assert folder.is_dir()
    assert folder.is_relative_to(tmp_path / "work")
    first, update, second = (tmp_path / "calls").read_text().splitlines()
    assert "Dir::State::Lists" not in first
    assert f"Dir::State::Lists={tmp_path / 'work'}" in update
    assert f"Dir::State::Lists={tmp_path / 'work'}" in second


def test_apt_failing_for_good_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "tools"
    _put_command(tools, "apt-get", 'echo "E: no such host" >&2; exit 100')
    _put_command(tools, "dpkg-deb", "exit 0")
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    with pytest.raises(DataError, match="apt-get failed: E: no such host"):
        unpack_package(tmp_path / "work")


def test_machines_without_apt_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match="apt-get is not on this machine"):
        unpack_package(tmp_path / "work")
