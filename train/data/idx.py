"""The IDX format of MNIST and its kin: a magic number, the sizes, then raw bytes."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from train.errors import DataError

# Third byte of the magic number: the element type. All files of this family hold unsigned bytes.
_UNSIGNED_BYTE = 0x08
_GZIP_START = b"\x1f\x8b"


def read_idx_bytes(path: Path, limit: int) -> bytes:
    """Read an IDX file's content, gzipped or not.

    Args:
        path: The file.
        limit: Bytes of content that are expected at most; a longer stream is refused without
            inflating it.

    Raises:
        DataError: The file cannot be read, is truncated or damaged, or inflates past the limit.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(len(_GZIP_START)) == _GZIP_START
            raw.seek(0)
            if packed:
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    content = unpacked.read(limit + 1)
            else:
                content = raw.read(limit + 1)
    except EOFError as error:
        raise DataError(f"{path} is truncated: its compressed stream ends too early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(content) > limit:
        raise DataError(f"{path} holds more than the {limit} bytes expected")
    return content


def parse_idx(content: bytes, name: str) -> npt.NDArray[np.uint8]:
    """Parse IDX content into an array of unsigned bytes, any number of dimensions.

    Raises:
        DataError: The header is wrong, or the sizes do not fit the content.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTE:
        raise DataError(
            f"{name} is no IDX file of bytes: it starts with {content[:4].hex() or 'nothing'}"
        )
    dimensions = content[3]
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise DataError(f"{name} is truncated: {len(content)} bytes, its header alone has {header}")
    sizes = [int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions)]
    expected = header + math.prod(sizes)
    if len(content) != expected:
        what = "is truncated" if len(content) < expected else "has bytes too many"
        raise DataError(f"{name} {what}: {len(content)} bytes, its header announces {expected}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(sizes)
