"""A saved choice of artifact, runtime and threads, with the figures it was made from.

`edge-runtime tune` writes it; `Classifier.load` and every ``--model`` option read it. The artifact
is named relative to the profile and known by its SHA-256, so that the two can be copied together.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from edge_runtime.backends.registry import load_backend
from edge_runtime.choice import MOST_THREADS, Choice, Threads
from edge_runtime.contract import check_text
from edge_runtime.document import from_document, parse_json, to_document
from edge_runtime.errors import BackendUnavailableError, MetadataError, ProfileError
from edge_runtime.measurement.host import Host, find_board, find_processor

SCHEMA_VERSION = 1

# What Python makes of the bytes of a file's name that are no UTF-8.
_UNDECODED = re.compile("[\udc80-\udcff]")

Standing = Literal["chosen", "possible", "too slow", "not accurate enough", "unknown", "refused"]


@dataclass(frozen=True, slots=True)
class Budget:
    """What a choice must keep to; None where it does not matter.

    Attributes:
        max_latency_us: Most that 90 % of single pictures may take, in microseconds.
        min_accuracy: Least top-1 accuracy, as a fraction.
    """

    max_latency_us: float | None = None
    min_accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Top-1 hits, and where they are from: measured here, or stated by the artifact."""

    correct: int
    total: int
    source: Literal["measured", "stated"]

    @property
    def share(self) -> float:
        """As a fraction."""
        return self.correct / self.total


@dataclass(frozen=True, slots=True)
class CandidateRecord:
    """One artifact on one runtime with a number of threads, and how it did.

    Attributes:
        artifact: Its path, relative to the profile.
        backend: Name of the runtime's backend.
        backend_version: Of the runtime; None where it gave no result.
        threads: Of one invocation.
        size_bytes: Of the file.
        standing: ``possible`` kept to the budget without being chosen; ``unknown`` lacks a figure
            that the budget asks for; ``refused`` gave no result.
        reason: Why it does not stand better, in words; None where there is nothing to say.
        p50_us: Median call, in microseconds.
        p90_us: Early-stopping estimate of the 90th percentile; None with too few samples.
        samples: Calls that the percentiles come from.
        processes: Fresh processes that count, of those that ran.
        peak_memory_bytes: Most memory that a process held.
        accuracy: None where it is not known.
    """

    artifact: str
    backend: str
    backend_version: str | None
    threads: int
    size_bytes: int
    standing: Standing
    reason: str | None = None
    p50_us: float | None = None
    p90_us: float | None = None
    samples: int = 0
    processes: int = 0
    peak_memory_bytes: int | None = None
    accuracy: Accuracy | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """The choice and its reasons.

    Attributes:
        schema_version: Version of this document's form.
        toolkit_version: Of the toolkit that measured.
        created: When, as an ISO 8601 UTC time.
        artifact: Path of the chosen file, relative to the profile.
        sha256: Of the chosen file.
        backend: Chosen runtime.
        backend_version: Its version when it was measured.
        threads: Chosen number of threads.
        why: The rule by which it was chosen, in words.
        budget: What it had to keep to.
        host: The machine that measured, with the versions of its packages.
        candidates: All that was tried, best first.
    """

    schema_version: int
    toolkit_version: str
    created: str
    artifact: str
    sha256: str
    backend: str
    backend_version: str
    threads: int
    why: str
    budget: Budget
    host: Host
    candidates: tuple[CandidateRecord, ...]


def load_profile(file: Path) -> Profile:
    """Read a profile.

    Raises:
        ProfileError: It is missing, malformed or of a newer toolkit.
    """
    try:
        document = parse_json(file.read_bytes(), file.name)
        # Before anything else: a newer form may differ in everything but this key.
        _check_version(document, file.name)
        profile = from_document(Profile, document, file.name)
        # Candidates are never shown from a file, and the reasons of some are longer texts.
        for text in _list_texts(to_document(replace(profile, candidates=()))):
            check_text(_UNDECODED.sub("", text))
    except OSError as error:
        raise ProfileError(f"{file}: cannot be read: {error.strerror or error}") from error
    except MetadataError as error:
        raise ProfileError(f"{error}. Is it a profile? Make one with: edge-runtime tune") from error
    if not 1 <= profile.threads <= MOST_THREADS:
        raise ProfileError(
            f"{file.name}: threads must be 1 to {MOST_THREADS}, found {profile.threads}"
        )
    return profile


def _check_version(document: Any, name: str) -> None:
    version = document.get("schema_version") if isinstance(document, dict) else None
    if type(version) is int and version > SCHEMA_VERSION:
        raise ProfileError(
            f"{name} has schema version {version}, this edge-runtime reads up to {SCHEMA_VERSION}. "
            "Upgrade it, or run edge-runtime tune again."
        )


def _list_texts(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for part in document.values() if isinstance(document, dict) else document:
            yield from _list_texts(part)


def apply_profile(file: Path, backend: str, threads: Threads) -> Choice:
    """Turn a profile into what is to be loaded; see `edge_runtime.choice.resolve_choice`."""
    profile = load_profile(file)
    artifact = find_artifact(profile, file)
    doubts = _find_doubts_of_machine(profile)
    if backend == "auto":
        backend = profile.backend
        doubts += _find_doubts_of_runtime(profile, file)
    if doubts:
        import logging

        logging.getLogger("edge_runtime").warning(
            "%s: %s; its figures may not hold here. Run edge-runtime tune again.",
            file.name,
            "; ".join(doubts),
        )
    return artifact, backend, profile.threads if threads == "auto" else threads


def find_artifact(profile: Profile, file: Path) -> Path:
    """Return the artifact's path: where the profile says, or else beside it.

    Raises:
        ProfileError: It is in neither place, or its bytes are not those that were measured.
    """
    stated = file.parent / profile.artifact
    places = (stated, file.parent / Path(profile.artifact).name)
    found = [place for place in places if place.is_file()]
    if not found:
        raise ProfileError(
            f"{file.name} chose {profile.artifact}, which is neither at {stated} nor beside the "
            "profile: copy it there, or run edge-runtime tune again"
        )
    for place in found:
        if (sha256 := hash_file(place)) == profile.sha256:
            return place
    raise ProfileError(
        f"{found[0]} is not the file that {file.name} was made for: SHA-256 {sha256[:12]}…, "
        f"expected {profile.sha256[:12]}…. Run edge-runtime tune again, or name an artifact."
    )


def hash_file(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, as hex digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _find_doubts_of_machine(profile: Profile) -> list[str]:
    there, here = profile.host, (find_board(), find_processor())
    if (_without_revision(there.board), there.processor) == (_without_revision(here[0]), here[1]):
        return []
    measured_on = there.board or there.processor or "another machine"
    return [f"made on {measured_on}, this is {here[0] or here[1] or 'another machine'}"]


def _without_revision(board: str | None) -> str | None:
    # "Raspberry Pi 4 Model B Rev 1.4" is as fast as its Rev 1.5.
    return re.sub(r" Rev [\d.]+$", "", board) if board else None


def _find_doubts_of_runtime(profile: Profile, file: Path) -> list[str]:
    try:
        version = load_backend(profile.backend).version()
    except BackendUnavailableError as error:
        raise BackendUnavailableError(
            f"{file.name} chose the runtime {profile.backend} {profile.backend_version}, which "
            f"does not work here: {error}. Or run edge-runtime tune again, or state another "
            "backend."
        ) from error
    if version == profile.backend_version:
        return []
    return [f"made with {profile.backend} {profile.backend_version}, this is {version}"]
