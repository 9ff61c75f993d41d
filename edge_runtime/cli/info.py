"""Show what an artifact says of itself."""

import argparse
import dataclasses
from pathlib import Path

from edge_runtime.document import to_json
from edge_runtime.errors import MetadataError
from edge_runtime.metadata import read_metadata


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("artifact", type=Path, metavar="FILE", help=".tflite or .onnx artifact")
    parser.add_argument("--json", action="store_true", help="the description as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the description."""
    metadata = read_metadata(arguments.artifact)
    if metadata is None:
        raise MetadataError(f"{arguments.artifact.name} carries no description of itself")
    if arguments.json:
        print(to_json(dataclasses.replace(metadata, golden=())), end="")
        return 0
    model = metadata.model
    print(f"{model.name}  {metadata.quantization.precision}  {model.description}")
    print(f"input    {model.input.height} × {model.input.width} × {model.input.channels}")
    print(f"labels   {', '.join(model.labels)}")
    return 0
