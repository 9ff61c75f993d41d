"""Say which runtimes work on this machine, and for each problem what to type.

Each runtime runs a model in a child process, so one that crashes is a line in the report.
"""

import argparse
import json
from collections.abc import Sequence
from typing import Any

from edge_runtime import __version__
from edge_runtime.cli.units import MISSING, format_bytes
from edge_runtime.diagnosis.facts import Facts, gather_facts
from edge_runtime.diagnosis.problems import Problem, find_problems
from edge_runtime.document import to_document
from edge_runtime.measurement.host import simd_of
from edge_runtime.measurement.simd import format_simd
from edge_runtime.measurement.steadiness import name_throttling


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--json", action="store_true", help="one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Print the report; 0 where a runtime works, 1 where none does."""
    facts = gather_facts()
    problems = find_problems(facts)
    if arguments.json:
        print(json.dumps(_to_document(facts, problems), allow_nan=False))
    else:
        print(format_diagnosis(facts, problems))
    return 0 if facts.is_usable else 1


def format_diagnosis(facts: Facts, problems: Sequence[Problem]) -> str:
    """Build the report, without a line break at its end."""
    lines = [f"{name:14}{value}" for name, value in _list_facts(facts)]
    lines += ["", "runtimes"]
    for status in facts.runtimes:
        formats = " and ".join(f".{name}" for name in status.formats)
        works = f"{status.version}, loads {formats}"
        lines.append(f"  {status.name:12}{works if status.version else f'no: {status.reason}'}")
    lines.append("")
    for problem in problems:
        lines += [f"{problem.severity}: {problem.message}", f"  do: {problem.remedy}"]
    verdict = "models run here" if facts.is_usable else "NOT USABLE: no runtime works here"
    lines.append(verdict if problems else f"{verdict}; no problems found")
    return "\n".join(lines)


def _list_facts(facts: Facts) -> list[tuple[str, str]]:
    host, sensors = facts.host, facts.sensors
    environment = (
        "in a virtual environment"
        if facts.is_environment
        else "the system's own"
        if facts.is_externally_managed
        else "not in a virtual environment"
    )
    heat = sensors.temperature_c
    return [
        ("edge-runtime", __version__),
        ("board", host.board or MISSING),
        (
            "processor",
            f"{host.processor or host.machine}, {host.cores} usable "
            f"core{'' if host.cores == 1 else 's'}",
        ),
        ("SIMD", _describe_simd(facts)),
        ("clock", MISSING if host.clock_mhz is None else f"{host.clock_mhz:,.0f} MHz"),
        ("system", f"{host.system}, {facts.pointer_bits}-bit"),
        ("kernel", f"{host.kernel}, {facts.kernel_machine}"),
        (
            "memory",
            f"{format_bytes(host.memory_bytes)}, {format_bytes(facts.available_memory_bytes)} "
            "available",
        ),
        ("free space", f"{format_bytes(facts.free_bytes)} in {facts.packages_folder}"),
        ("temperature", MISSING if heat is None else f"{heat:.0f} °C"),
        ("power", _describe_power(sensors.throttled)),
        ("libc", host.libc if facts.libc != "musl" else "musl"),
        ("python", f"{host.python}, {environment}: {facts.executable}"),
        ("numpy", facts.numpy_version or MISSING),
        ("pillow", facts.pillow_version or "not installed"),
    ]


def _describe_simd(facts: Facts) -> str:
    simd = simd_of(facts.host)
    if simd.int8_dot_product is None:
        return MISSING
    return format_simd(simd) or "none"


def _describe_power(throttled: int | None) -> str:
    if throttled is None:
        return f"{MISSING} (only a Raspberry Pi tells)"
    now, past = name_throttling(throttled)
    if now:
        return f"{', '.join(now)} now"
    return f"{', '.join(past)} since boot" if past else "good since boot"


def _to_document(facts: Facts, problems: Sequence[Problem]) -> dict[str, Any]:
    return {
        "edge_runtime": __version__,
        "usable": facts.is_usable,
        **to_document(facts),
        "problems": [to_document(problem) for problem in problems],
    }
