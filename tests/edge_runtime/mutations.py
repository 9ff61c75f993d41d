"""Damaging model files on purpose, reproducibly."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np

from edge_runtime.formats.description import ONNX_KEY
from edge_runtime.formats.onnx_file import read_onnx_header

# What a number may be overwritten with: borders of types, and sizes that no file has.
EXTREMES = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One damage: ``cut`` keeps `place` bytes, ``flip`` changes a bit, ``word`` four bytes."""

    kind: Literal["cut", "flip", "word"]
    place: int
    value: int = 0

    def apply(self, data: bytes) -> bytes:
        if self.kind == "cut":
            return data[: self.place]
        damaged = bytearray(data)
        if self.kind == "flip":
            damaged[self.place] ^= 1 << self.value
        else:
            damaged[self.place : self.place + 4] = self.value.to_bytes(4, "little")
        return bytes(damaged[: len(data)])


def strip_description(path: Path) -> bytes:
    """The model without what would tell that it was changed."""
    data = path.read_bytes()
    if path.suffix == ".onnx":
        start, end = read_onnx_header(data, path.name).entry_spans[ONNX_KEY]
        return data[:start] + data[end:]
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return data[: min(entry.header_offset for entry in archive.infolist())]


def draw_mutations(size: int, count: int, seed: int) -> Iterator[Mutation]:
    """Truncations, flipped bits and overwritten numbers of a file of `size` bytes."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        place = int(random.integers(size))
        match random.integers(6):
            case 0:
                yield Mutation("cut", place)
            case 1 | 2 | 3:
                yield Mutation("flip", place, int(random.integers(8)))
            case _:
                yield Mutation("word", place // 4 * 4, int(random.choice(EXTREMES)))
