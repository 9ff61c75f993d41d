"""Paths as command lines take them."""

import argparse
from pathlib import Path


def parse_path(text: str) -> Path:
    """A path; a variable that is not set must not pass for the folder that one is in."""
    if not text:
        raise argparse.ArgumentTypeError("expected a path, found an empty text")
    return Path(text)
