"""Which runtimes could stand in the table here."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_runtime.backends import PREFERENCE, load_backend


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime by name, with the formats that it reads.

    Whether it is installed shows when it is asked to load something: what is missing then stands
    in the table with the reason.
    """

    name: str
    formats: tuple[str, ...]


def list_runtimes() -> Sequence[Runtime]:
    """List the runtimes of `edge_runtime`, in order of preference; imports none of them."""
    return [Runtime(name, tuple(load_backend(name).formats)) for name in PREFERENCE]
