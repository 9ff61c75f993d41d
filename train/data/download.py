"""Fashion-MNIST from the public mirrors that Keras and Zalando name."""

import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from train.data.fashion_mnist import FASHION_MNIST, KnownFile, KnownSet, load_checked
from train.errors import DataError
from train.progress import Progress

# Keras's own loader; the data set's README; the data set's repository.
MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)
_TIMEOUT_S = 20
_CHUNK_BYTES = 256 * 1024
# The largest of the four has 26 MB; whatever sends more sends something else.
_LIMIT_BYTES = 64 * 1024 * 1024


def download_files(
    work: Path,
    progress: Progress,
    mirrors: tuple[str, ...] = MIRRORS,
    whole: KnownSet = FASHION_MNIST,
) -> Path:
    """Download and verify the four files into `work`; return it.

    A mirror that fails once is not asked again.

    Raises:
        DataError: No mirror serves all that is needed; the message has each one's reason.
    """
    work.mkdir(parents=True, exist_ok=True)
    reasons = []
    for mirror in mirrors:
        try:
            for known in whole.files:
                target = work / f"{known.name}.gz"
                if not target.exists():
                    _download(f"{mirror}{target.name}", target, progress)
                    _check_download(target, known, whole)
        except DataError as error:
            reasons.append(str(error))
            continue
        return work
    raise DataError("; ".join(reasons))


def _check_download(target: Path, known: KnownFile, whole: KnownSet) -> None:
    try:
        load_checked(target, known, whole)
    except DataError:
        target.unlink()
        raise


def _download(url: str, target: Path, progress: Progress) -> None:
    partial = target.with_suffix(".partial")
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer, partial.open("wb") as file:
            length = int(answer.headers.get("Content-Length") or 0)
            pieces = max(1, -(-length // _CHUNK_BYTES))
            for chunk in progress.track(_chunks(answer), pieces, f"Downloading {target.name}"):
                file.write(chunk)
    except (OSError, ValueError, http.client.HTTPException) as error:
        partial.unlink(missing_ok=True)
        raise DataError(f"{url}: {_reason(error)}") from error
    shutil.move(partial, target)


def _chunks(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    total = 0
    while chunk := answer.read(_CHUNK_BYTES):
        total += len(chunk)
        if total > _LIMIT_BYTES:
            raise ValueError(f"sends more than {_LIMIT_BYTES // 2**20} MiB")
        yield chunk


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP status {error.code}"
    if isinstance(error, urllib.error.URLError):
        return str(error.reason)
    return str(error) or type(error).__name__
