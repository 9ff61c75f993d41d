"""Releases of runtimes that are known to fail on some boards; a new one is a row of the table.

A release that stands here is excluded by the extras of pyproject.toml, too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edge_runtime.measurement.host import Host, simd_of


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """Releases of one package that fail on some machines.

    Attributes:
        package: Name of the distribution.
        versions: Its releases that fail.
        concerns: Whether a machine is one of those where they fail.
        where: These machines in words.
        what: What happens there, with the report.
        install: The requirement that mends it.
    """

    package: str
    versions: tuple[str, ...]
    concerns: Callable[[Host], bool]
    where: str
    what: str
    install: str


def _is_64_bit_arm_without_dot_product(host: Host) -> bool:
    return host.machine == "aarch64" and not simd_of(host).int8_dot_product


KNOWN_FAILURES = (
    KnownFailure(
        "onnxruntime",
        ("1.21.0",),
        _is_64_bit_arm_without_dot_product,
        "64-bit Arm processors without dot product instructions, such as a Raspberry Pi 4",
        "importing it ends the process with an illegal instruction (SIGILL; microsoft/onnxruntime, "
        "issue 23957)",
        "onnxruntime>=1.22",
    ),
)


def find_known_failures(host: Host) -> Iterator[KnownFailure]:
    """Rows of the table that the packages installed on a machine meet."""
    installed = {package.name: package.version for package in host.packages}
    for row in KNOWN_FAILURES:
        if installed.get(row.package) in row.versions and row.concerns(host):
            yield row
