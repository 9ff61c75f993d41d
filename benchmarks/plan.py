"""What to run, as data: three plans that ship, or a small TOML file, or flags over either."""

import dataclasses
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from benchmarks.artifacts import ArtifactRecord
from benchmarks.errors import PlanError
from edge_runtime.choice import MOST_THREADS
from edge_runtime.document import from_document, to_document
from edge_runtime.errors import MetadataError
from edge_runtime.measurement.timing import Effort

_MS = 1_000_000
_S = 1_000_000_000
_MOST_ROUNDS = 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How thoroughly to measure.

    Attributes:
        name: Stands in the results; a plan called ``quick`` is announced as such.
        threads: Thread counts, each measured alone.
        rounds: Fresh processes per case. Round by round every case runs once, in an order drawn
            anew, so that drift falls on all alike.
        effort: Time and samples in each of those processes.
        evaluation_images: Pictures that accuracy is measured on; None means all of them.
        runtimes: Names of runtimes; empty means every one that is installed.
        artifacts: Patterns of file names, such as ``*_static_int8.*``; empty means every file.
        retries: Share of processes that may be run again because the machine was disturbed while
            they ran; 1.0 allows as many again.
        seed: Of the order of cases.
    """

    name: str
    threads: tuple[int, ...] = (1, 2)
    rounds: int = 5
    effort: Effort = field(default_factory=Effort)
    evaluation_images: int | None = None
    runtimes: tuple[str, ...] = ()
    retries: float = 1.0
    seed: int = 1
    artifacts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.threads or not 1 <= min(self.threads) <= max(self.threads) <= MOST_THREADS:
            raise PlanError(
                f"threads must be whole numbers from 1 to {MOST_THREADS}, found "
                f"{list(self.threads)}"
            )
        if len(set(self.threads)) != len(self.threads):
            raise PlanError(f"threads name a number twice: {list(self.threads)}")
        if not 1 <= self.rounds <= _MOST_ROUNDS:
            raise PlanError(
                f"rounds must be at least 1 and at most {_MOST_ROUNDS:,}, found {self.rounds}"
            )
        if not 0.0 <= self.retries <= 10.0:
            raise PlanError(f"retries must lie between 0 and 10, found {self.retries}")
        if self.evaluation_images is not None and self.evaluation_images < 1:
            raise PlanError(f"evaluation_images must be at least 1, found {self.evaluation_images}")

    def wants(self, file: str) -> bool:
        """Tell whether an artifact of this name is to be measured."""
        return not self.artifacts or any(fnmatchcase(file, one) for one in self.artifacts)


PLANS = {
    plan.name: plan
    for plan in (
        Plan(
            name="quick",
            threads=(1,),
            rounds=3,
            effort=Effort(
                warmup_ns=30 * _MS, steady_ns=120 * _MS, offline_ns=80 * _MS, stage_calls=50
            ),
            evaluation_images=2000,
            retries=0.5,
        ),
        Plan(name="standard"),
        Plan(
            name="thorough",
            threads=(1, 2, 4),
            rounds=15,
            effort=Effort(warmup_ns=300 * _MS, steady_ns=2 * _S, offline_ns=1 * _S),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table: an artifact on a runtime with a number of threads."""

    artifact: ArtifactRecord
    runtime: str
    threads: int


def load_plan(path: Path) -> Plan:
    """Read a plan from a TOML file; keys that are not given come from ``based_on`` or standard.

    Raises:
        PlanError: The file cannot be read, is no TOML, or has an unknown key or a wrong value.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PlanError(
            f"there is no plan {path}; name one of {', '.join(PLANS)}, or a TOML file"
        ) from None
    # tomllib lets through what nested too deep and numbers of thousands of digits raise.
    except (OSError, ValueError, RecursionError) as error:
        raise PlanError(f"cannot read the plan {path}: {error}") from error
    return build_plan({"name": path.stem, **document}, str(path))


def build_plan(document: dict[str, Any], where: str) -> Plan:
    """Build a plan from parsed TOML; see `load_plan`."""
    settings = dict(document)
    base_name = settings.pop("based_on", "standard")
    if not isinstance(base_name, str) or base_name not in PLANS:
        # A number of thousands of digits cannot be shown.
        found = repr(base_name) if isinstance(base_name, str) else type(base_name).__name__
        raise PlanError(f"{where}: based_on must be one of {', '.join(PLANS)}; found {found}")
    base = PLANS[base_name]
    effort = settings.pop("effort", {})
    if not isinstance(effort, dict):
        raise PlanError(f"{where}: effort must be a table, [effort]")
    _check_keys(Plan, settings, where)
    _check_keys(Effort, effort, f"{where}: effort")
    merged = to_document(base) | settings
    merged["effort"] = to_document(base.effort) | effort
    try:
        return from_document(Plan, merged, where)
    except MetadataError as error:
        raise PlanError(str(error)) from error  # It names the place already.
    except ValueError as error:
        raise PlanError(f"{where}: {error}") from error


def build_cases(
    artifacts: Iterable[ArtifactRecord], plan: Plan, runtimes: Iterable[tuple[str, Iterable[str]]]
) -> list[Case]:
    """Cross artifacts with the runtimes that read their format, and with the thread counts.

    Args:
        artifacts: What to measure.
        plan: Which runtimes and thread counts of all that are there.
        runtimes: Each runtime's name with the formats that it reads.

    Raises:
        PlanError: The plan names what is not there, or nothing that goes together.
    """
    chosen = [(name, set(formats)) for name, formats in runtimes]
    unknown = set(plan.runtimes) - {name for name, _ in chosen}
    if unknown:
        raise PlanError(
            f"unknown runtimes: {', '.join(sorted(unknown))}; "
            f"choose from: {', '.join(name for name, _ in chosen)}"
        )
    files = list(artifacts)
    check_patterns(plan, files)
    wanted = [artifact for artifact in files if plan.wants(artifact.file)]
    cases = [
        Case(artifact, name, threads)
        for artifact in wanted
        for name, formats in chosen
        if artifact.format in formats and (not plan.runtimes or name in plan.runtimes)
        for threads in plan.threads
    ]
    if wanted and not cases:
        readers = ", ".join(f"{name} ({', '.join(sorted(formats))})" for name, formats in chosen)
        raise PlanError(
            f"none of the runtimes {', '.join(plan.runtimes)} reads "
            f"{', '.join(artifact.file for artifact in wanted)}; there are: {readers}"
        )
    return cases


def check_patterns(plan: Plan, artifacts: Iterable[ArtifactRecord]) -> None:
    """Check that each of a plan's patterns names something: a misspelt one would hide a file.

    Raises:
        PlanError: One does not.
    """
    files = [artifact.file for artifact in artifacts]
    for pattern in plan.artifacts:
        if not any(fnmatchcase(file, pattern) for file in files):
            raise PlanError(f"no artifact is named like {pattern}; there are: {', '.join(files)}")


def _check_keys(cls: type[Any], settings: dict[str, Any], where: str) -> None:
    known = {entry.name for entry in dataclasses.fields(cls)}
    for key in settings:
        if key not in known:
            raise PlanError(f"{where}: unknown key {key!r}; known are: {', '.join(sorted(known))}")
