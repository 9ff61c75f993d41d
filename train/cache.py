"""Where the toolkit keeps what can be had again, but takes time."""

import os
from pathlib import Path


def cache_folder(name: str) -> Path:
    """Return one of our caches: under ``$XDG_CACHE_HOME``, or under ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if base.startswith("/") else Path.home() / ".cache"
    return root / "edge-toolkit" / name
