"""Outcomes in a file, line by line as they come: what was compared once is not compared again."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edge_runtime.formats.description import find_description
from edge_runtime.formats.model_file import load_model_file

from .errors import SetupError
from .matrix import Case, Outcome
from .systems import PINS, SYSTEMS
from .wheels import DISTRIBUTIONS

_Key = tuple[str, ...]


@dataclass(slots=True)
class Record:
    """A file of outcomes, one JSON object per line. Build it with `load`.

    An outcome counts for the same model, pictures and versions only; a model exported again is the
    same one. Our own code is not part of the key: remove the file after a change there that may
    change answers.

    Attributes:
        path: The file; made at the first outcome.
        pictures: SHA-256 of the pictures that are scored.
    """

    path: Path
    pictures: str
    _known: dict[_Key, dict[str, Any]] = field(default_factory=dict)
    _artifacts: dict[Path, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path, samples: Path, count: int) -> "Record":
        """Read the file, where it exists.

        Args:
            path: The file.
            samples: File with ``images``.
            count: How many of them are scored.

        Raises:
            SetupError: A line of it is damaged.
        """
        with np.load(samples) as held:
            record = cls(path, hashlib.sha256(held["images"][:count].tobytes()).hexdigest())
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        for number, line in enumerate(lines, 1):
            try:
                document = json.loads(line)
                record._known[tuple(document["key"])] = document["outcome"]
            except (ValueError, KeyError, TypeError) as error:
                raise SetupError(
                    f"{path}: line {number} is no outcome: remove that line"
                ) from error
        return record

    def find(self, case: Case) -> Outcome | None:
        """The outcome of a case that was compared before."""
        values = self._known.get(self._key(case))
        return None if values is None else Outcome(case, **values)

    def add(self, outcome: Outcome) -> None:
        """Write an outcome down."""
        key = self._key(outcome.case)
        values = asdict(outcome)
        del values["case"]
        self._known[key] = values
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "outcome": values}) + "\n")

    def _key(self, case: Case) -> _Key:
        if case.artifact not in self._artifacts:
            self._artifacts[case.artifact] = _hash_model(case.artifact)
        version = PINS[DISTRIBUTIONS[case.runtime]]
        numpy = SYSTEMS[case.system].numpy or "Debian's"
        placed = (case.system, case.board, case.runtime, version, f"numpy {numpy}")
        return (*placed, case.artifact.name, self._artifacts[case.artifact], self.pictures)


def _hash_model(artifact: Path) -> str:
    """SHA-256 of an artifact without its description, which says when it was exported."""
    model = load_model_file(artifact)
    found = find_description(model)
    digest = hashlib.sha256()
    for part in found.model if found else (model.data,):
        digest.update(part)
    return digest.hexdigest()
