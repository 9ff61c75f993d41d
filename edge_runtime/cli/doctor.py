"""Say which runtimes work on this device, and the remedy where one does not."""

import argparse
import json
import platform
from dataclasses import asdict

import numpy as np

from edge_runtime import __version__
from edge_runtime.backends.probe import probe_backends
from edge_runtime.errors import MissingExtraError
from edge_runtime.loading import count_usable_cores
from edge_runtime.photo import import_pillow


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--json", action="store_true", help="one JSON document")


def run(arguments: argparse.Namespace) -> int:
    """Print the report; 0 where a runtime works, 1 where none does."""
    runtimes = probe_backends()
    facts = _describe_host()
    usable = any(status.version for status in runtimes)
    if arguments.json:
        print(json.dumps({**facts, "runtimes": [asdict(s) for s in runtimes], "usable": usable}))
        return 0 if usable else 1
    for name, value in facts.items():
        print(f"{name:14}{value}")
    for status in runtimes:
        print(f"{status.name:14}{status.version or 'no: ' + (status.reason or '')}")
    return 0 if usable else 1


def _describe_host() -> dict[str, str]:
    try:
        pillow = str(import_pillow().__version__)
    except MissingExtraError as error:
        pillow = f"no: {error}"
    return {
        "edge-runtime": __version__,
        "system": f"{platform.system()} {platform.release()}",
        "machine": f"{platform.machine()}, {count_usable_cores()} usable cores",
        "libc": " ".join(platform.libc_ver()) or "unknown",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pillow": pillow,
    }
