"""Another run's folder, as something to start from."""

import re
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.contract import ModelSpec
from edge_runtime.errors import MetadataError
from train.errors import RunError
from train.files import sha256_of
from train.run_folder import MODEL, RECORD, load_record, load_spec


@dataclass(frozen=True, slots=True)
class InitialRun:
    """Another run's folder, as something to start from."""

    folder: Path
    spec: ModelSpec

    def digest(self) -> str:
        """Identify its weights: the start of the SHA-256 of its model file."""
        return sha256_of(self.folder / MODEL)[:16]

    def architecture(self) -> str:
        """Return what its network is called; the last part of the model's name where unsaid.

        Raises:
            RunError: What the folder says is no name.
        """
        name = self.spec.name.rpartition("-")[2]
        if (self.folder / RECORD).is_file():
            record = load_record(self.folder)
            name = name if record is None else record.identity.settings.architecture
        # It becomes part of the new run's folder.
        if re.fullmatch(r"\w{1,60}", name) is None:
            raise RunError(f"{self.folder} calls its network {name!r}, which is no name")
        return name


def open_initial_run(folder: Path) -> InitialRun:
    """Check that a folder is a run to start from.

    Raises:
        RunError: It is not.
    """
    if not (folder / MODEL).is_file():
        raise RunError(f"{folder} is no run folder: it holds no {MODEL}")
    try:
        return InitialRun(folder, load_spec(folder))
    except (MetadataError, OSError) as error:
        raise RunError(f"{folder} is no run folder: {error}") from error
