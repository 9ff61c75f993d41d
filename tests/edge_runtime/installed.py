"""Which runtimes work here: tests of others are skipped."""

import pytest

from edge_runtime.backends import available

INSTALLED = frozenset(status.name for status in available() if status.version is not None)


def needs(backend: str) -> pytest.MarkDecorator:
    """Skip a test where a runtime is missing, such as those that a 32-bit board lacks."""
    return pytest.mark.skipif(backend not in INSTALLED, reason=f"{backend} is not installed")
