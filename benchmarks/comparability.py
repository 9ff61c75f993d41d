"""Whether two runs may be compared at all: same machine, same pictures, same effort.

Versions may differ, since that is what somebody compares; they are named instead.
"""

import re

from benchmarks.errors import ResultsError
from benchmarks.results import CaseRecord, Results
from edge_runtime.measurement.host import Host

# A kernel keeps a few percent of the memory for itself, each version another share; boards that
# are sold with more or less memory differ by a factor of two.
MAX_MEMORY_DIFFERENCE = 0.10
# Flags of instructions that runtimes choose their kernels by. Clouds call many processors by one
# name, and these tell them apart; other flags come and go with the version of the kernel.
_INSTRUCTIONS = re.compile(
    r"(sse|avx|amx|fma|f16c|vfp|neon|asimd|fphp|sve|sme($|[0-9_])|i8mm|bf16)"
)


def check_comparable(old: Results, new: Results) -> None:
    """Refuse to mix machines, pictures or ways of measuring.

    Raises:
        ResultsError: Names every key that differs, or says that nothing stands in both.
    """
    differing = [f"{name}: {a!r} against {b!r}" for name, a, b in _list_keys(old, new) if a != b]
    if differing:
        elsewhere = any(line.startswith("host.") for line in differing)
        raise ResultsError(
            "these results must not be compared, they differ in:\n  "
            + "\n  ".join(differing)
            + "\n"
            + (
                "To see different machines side by side: python -m benchmarks merge"
                if elsewhere
                else "Measure again with the same pictures and the same plan"
            )
        )
    if not {_key(case) for case in old.cases} & {_key(case) for case in new.cases}:
        raise ResultsError(
            "no artifact with the same runtime and threads stands in both results, so there is "
            "nothing to compare; measure the same artifacts again"
        )


def _list_keys(old: Results, new: Results) -> list[tuple[str, object, object]]:
    """What must be equal, with the value on each side."""
    keys: list[tuple[str, object, object]] = [
        (f"host.{name}", getattr(old.host, name), getattr(new.host, name))
        for name in ("board", "machine", "processor", "cores")
    ]
    before, after = old.host.memory_bytes, new.host.memory_bytes
    if not _is_near(before, after):
        keys.append(("host.memory_bytes", before, after))
    ours, theirs = list_instructions(old.host), list_instructions(new.host)
    keys.append(("host.flags", sorted({*ours} - {*theirs}), sorted({*theirs} - {*ours})))
    keys.append(("evaluation.images", old.evaluation.images, new.evaluation.images))
    keys.append(("evaluation.sha256", old.evaluation.sha256, new.evaluation.sha256))
    keys.append(("plan.effort", old.plan.effort, new.plan.effort))
    return keys


def list_instructions(host: Host) -> list[str]:
    """The sets of vector instructions that a machine's processor says it has, sorted."""
    return [flag for flag in host.flags if _INSTRUCTIONS.match(flag)]


def list_software_changes(old: Results, new: Results) -> list[str]:
    """Name what changed on the machine that may explain differences; nothing here forbids them."""
    changes = [
        f"{name}: {getattr(old.host, name)} → {getattr(new.host, name)}"
        for name in ("system", "kernel", "libc", "python")
        if getattr(old.host, name) != getattr(new.host, name)
    ]
    before = {package.name: package.version for package in old.host.packages}
    after = {package.name: package.version for package in new.host.packages}
    changes += [
        f"{name}: {before.get(name, 'none')} → {after.get(name, 'none')}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    return changes


def _is_near(before: int | None, after: int | None) -> bool:
    if before is None or after is None:
        return before == after
    return abs(after - before) <= MAX_MEMORY_DIFFERENCE * before


def _key(case: CaseRecord) -> tuple[str, str, int]:
    return case.artifact, case.runtime, case.threads
