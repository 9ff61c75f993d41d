import contextlib
import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tests.train.miniature import to_idx
from train.data.idx import parse_idx, read_idx_bytes
from train.errors import DataError


@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=4, max_side=5)))
def test_what_was_written_is_read_back(array: npt.NDArray[np.uint8]) -> None:
    assert np.array_equal(parse_idx(to_idx(array), "x"), array)


@given(st.binary(max_size=40))
def test_arbitrary_bytes_give_an_array_or_a_clear_error(content: bytes) -> None:
    with contextlib.suppress(DataError):
        parse_idx(content, "some file")


def test_a_header_that_announces_more_is_truncation() -> None:
    with pytest.raises(DataError, match="truncated"):
        parse_idx(to_idx(np.zeros((3, 4)))[:-1], "x")


def test_a_compressed_stream_that_ends_early_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(range(256)) * 9)[:-20])
    with pytest.raises(DataError, match=r"a\.gz is truncated"):
        read_idx_bytes(path, 10_000)


def test_a_damaged_stream_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    packed = bytearray(gzip.compress(bytes(range(256)) * 9))
    packed[20] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(DataError, match=r"a\.gz is (damaged|truncated)"):
        read_idx_bytes(path, 10_000)


def test_a_bomb_is_not_inflated(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(1_000_000)))
    with pytest.raises(DataError, match="more than the 1000 bytes"):
        read_idx_bytes(path, 1000)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_idx_bytes(tmp_path, 10)
