"""Counted instructions as values, and their file."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edge_runtime.document import from_json, to_json

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class InstructionCount:
    """One artifact on one runtime on one processor.

    Attributes:
        artifact: File name.
        runtime: ``litert``, ``tflite`` or ``onnx``.
        processor: ``cortex-a53``, ``cortex-a72`` or ``cortex-a76``.
        instructions: Per inference at batch 1, one thread: the median over rounds.
        lowest: The cheapest round, per inference.
        highest: The dearest round, per inference.
        rounds: How many rounds were counted, in all runs together.
        version: Version of the runtime.
        refused: Why the runtime refuses the artifact; None where it runs it.
    """

    artifact: str
    runtime: str
    processor: str
    instructions: float
    lowest: float
    highest: float
    rounds: int
    version: str
    refused: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What is counted; one entry of a file each."""
        return self.artifact, self.runtime, self.processor

    @property
    def spread(self) -> float:
        """(highest - lowest) / median, a fraction."""
        return (self.highest - self.lowest) / self.instructions if self.instructions else 0.0


@dataclass(frozen=True, slots=True)
class CountSet:
    """A file of counts.

    Attributes:
        schema_version: Version of this file's form.
        system: What was emulated, in words.
        counts: One entry per artifact, runtime and processor.
    """

    schema_version: int
    system: str
    counts: tuple[InstructionCount, ...]


def to_count(
    artifact: str, runtime: str, processor: str, version: str, rounds: Sequence[float]
) -> InstructionCount:
    """Sum up rounds, each in instructions per inference."""
    return InstructionCount(
        artifact,
        runtime,
        processor,
        statistics.median(rounds),
        min(rounds),
        max(rounds),
        len(rounds),
        version,
    )


def load_counts(path: Path) -> CountSet:
    """Read a file of counts.

    Raises:
        MetadataError: It is malformed.
        OSError: It cannot be read.
    """
    return from_json(CountSet, path.read_bytes(), path.name)


def save_counts(counts: CountSet, path: Path) -> None:
    """Write a file of counts, beside its place and then moved in.

    What it holds of other artifacts, runtimes and processors stays.

    Raises:
        MetadataError: The file that is there is malformed.
    """
    if path.is_file():
        found = {count.key for count in counts.counts}
        kept = (count for count in load_counts(path).counts if count.key not in found)
        counts = replace(counts, counts=(*kept, *counts.counts))
    beside = path.with_name(path.name + ".new")
    beside.write_text(to_json(counts), encoding="utf-8")
    beside.replace(path)
