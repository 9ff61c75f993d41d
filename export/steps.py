"""What an export is doing now, told to the process that watches over it (`export.crash_guard`).

One line per step in a file of the watcher's: whether the export can go on without it, and its
name. The watcher adds which of them crashed.
"""

import contextlib
import ctypes
import os
import signal
from pathlib import Path
from typing import Literal

ENVIRONMENT_VARIABLE = "EDGE_EXPORT_STEPS"

_PR_SET_PDEATHSIG = 1

Kind = Literal["needed", "optional", "crashed"]


class Steps:
    """The file of steps; without one, nothing is told and nothing has crashed.

    Args:
        path: The file; need not exist yet.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @classmethod
    def from_environment(cls) -> "Steps":
        """The file that the watcher named; none where nobody watches."""
        name = os.environ.get(ENVIRONMENT_VARIABLE)
        return cls(Path(name) if name else None)

    def begin(self, step: str, kind: Kind = "needed") -> None:
        """Note what is being done from now on."""
        self._add(kind, step)

    def find_current(self) -> tuple[Kind, str]:
        """What was begun last."""
        begun = [entry for entry in self._read() if entry[0] != "crashed"]
        return begun[-1] if begun else ("needed", "starting")

    def add_crash(self, step: str, reason: str) -> None:
        """Note that a step ended the process, and how."""
        self._add("crashed", f"{step}\t{reason}")

    def find_crash(self, step: str) -> str | None:
        """How a step ended an earlier process; None where it did not."""
        ended = (text.split("\t") for kind, text in self._read() if kind == "crashed")
        return next((reason for name, reason in ended if name == step), None)

    def _add(self, kind: Kind, text: str) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{kind}\t{text}\n")

    def _read(self) -> list[tuple[Kind, str]]:
        if self._path is None or not self._path.is_file():
            return []
        entries: list[tuple[Kind, str]] = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            kind, _, text = line.partition("\t")
            if kind in ("needed", "optional", "crashed"):
                entries.append((kind, text))  # type: ignore[arg-type]  # one of the three
        return entries


def follow_parent() -> None:
    """Ask Linux for a polite kill when the watching process is gone; elsewhere do nothing."""
    if ENVIRONMENT_VARIABLE in os.environ:
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
