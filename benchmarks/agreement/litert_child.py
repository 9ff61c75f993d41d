"""One process of LiteRT's own benchmark tool, as its wheel ships it, with its figures unrounded.

The tool rounds its milliseconds to two decimals, steps of 10 µs, which a model of 30 µs cannot be
compared by. Its `round` is replaced; everything that it measures stays its own.
"""

import importlib
import sys

TOOL = "ai_edge_litert.tools.benchmark_litert_model"


def main() -> int:
    """Run the tool with this process's arguments."""
    tool = importlib.import_module(TOOL)
    vars(tool)["round"] = lambda value, _digits: value
    tool.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
