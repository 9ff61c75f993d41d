"""The command ``edge-runtime`` (also ``python -m edge_runtime``)."""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; see `edge_runtime.cli.main`."""
    from edge_runtime.cli.main import run_command_line

    return run_command_line(sys.argv[1:] if argv is None else argv)


if __name__ == "__main__":
    sys.exit(main())
