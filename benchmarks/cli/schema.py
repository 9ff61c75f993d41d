"""``python -m benchmarks schema``: print the JSON Schema of results.json."""

import argparse
import json

from benchmarks.schema import build_schema


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    parser.add_argument("--indent", type=int, default=1, help="of the JSON (default: 1)")


def run(arguments: argparse.Namespace) -> int:
    """Print the schema."""
    print(json.dumps(build_schema(), indent=arguments.indent, ensure_ascii=False))
    return 0
