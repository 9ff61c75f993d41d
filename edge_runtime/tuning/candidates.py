"""What there is to try on a machine: artifacts × runtimes that read them × numbers of threads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.backends.registry import load_backend
from edge_runtime.cores import count_usable_cores
from edge_runtime.errors import ArtifactError
from edge_runtime.formats.model_file import check_format, list_model_files
from edge_runtime.models import DEFAULT_STEM, FOLDER

Pair = tuple[Path, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One artifact, on one runtime, with a number of threads for one invocation."""

    artifact: Path
    backend: str
    threads: int

    @property
    def pair(self) -> Pair:
        """Artifact and runtime: what decides the answers."""
        return self.artifact, self.backend


def find_artifacts(places: Iterable[Path]) -> list[Path]:
    """List model files as absolute paths; a folder stands for those in it, ``default`` for ours.

    Raises:
        ArtifactError: A place is missing, holds no model file or is one of another kind.
    """
    found: dict[Path, None] = {}
    for place in places:
        folder = FOLDER if place == Path(DEFAULT_STEM) and not place.exists() else place
        if folder.is_dir():
            files = list_model_files(folder)
            if not files:
                raise ArtifactError(f"{folder} holds no .tflite or .onnx file")
            found.update(dict.fromkeys(file.absolute() for file in files))
        elif not place.exists():
            raise ArtifactError(f"{place}: there is no such file or folder")
        else:
            check_format(place)
            found[place.absolute()] = None
    return list(found)


def list_candidates(
    artifacts: Iterable[Path], backends: Iterable[str], threads: Iterable[int]
) -> list[Candidate]:
    """Cross artifacts with the runtimes that read their format and with the thread counts."""
    formats = {name: load_backend(name).formats for name in backends}
    counts = list(threads)
    return [
        Candidate(artifact, name, count)
        for artifact in artifacts
        for name, read in formats.items()
        if artifact.suffix.lower().lstrip(".") in read
        for count in counts
    ]


def default_thread_counts() -> Sequence[int]:
    """1, 2, 4, … up to the cores that this process may use."""
    cores = count_usable_cores()
    return [1 << power for power in range(cores.bit_length()) if 1 << power <= cores]
