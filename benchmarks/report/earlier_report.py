"""The kinds of report: what each writes, and how a folder is known to hold one of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.document import from_json
from edge_runtime.errors import MetadataError

MERGED_TITLE = "# Benchmarks side by side"


@dataclass(frozen=True, slots=True)
class ReportKind:
    """One kind of report.

    Attributes:
        mark: The file that it is known by.
        written: Every file that it writes, as paths below its folder, with ``/``.
        is_mark: Whether the content of a file is that of a mark, of any version.
    """

    mark: str
    written: tuple[str, ...]
    is_mark: Callable[[bytes], bool]

    def is_in(self, folder: Path) -> bool:
        """Tell whether a folder holds such a report."""
        try:
            return self.is_mark((folder / self.mark).read_bytes())
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class _Object:
    """An object of a document; what it holds differs from version to version."""


@dataclass(frozen=True, slots=True)
class _RunMark:
    """What every ``results.json`` holds, and together no document of another program."""

    schema_version: int
    toolkit_version: str
    plan: _Object
    host: _Object
    cases: tuple[_Object, ...]


@dataclass(frozen=True, slots=True)
class _SoakMark:
    """The same of every ``soak.json``."""

    schema_version: int
    host: _Object
    artifact: str
    points: tuple[_Object, ...]


def _build_check(cls: type[object]) -> Callable[[bytes], bool]:
    def holds(content: bytes) -> bool:
        try:
            from_json(cls, content, "a mark")
        except MetadataError:
            return False
        return True

    return holds


RUN = ReportKind(
    "results.json",
    (
        "results.json",
        "results.csv",
        "report.md",
        "report.html",
        "figures/accuracy_latency.png",
        "figures/sizes.png",
        "figures/latency_spread.png",
    ),
    _build_check(_RunMark),
)
MERGED = ReportKind(
    "report.md",
    ("report.md", "report.html"),
    lambda content: content.splitlines()[:1] == [MERGED_TITLE.encode()],
)
SOAK = ReportKind("soak.json", ("soak.json", "soak.png"), _build_check(_SoakMark))
