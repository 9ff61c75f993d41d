"""Which boards and systems the wheel is tried on: every system with one board, each board once."""

from emulator.systems import SYSTEMS

PAIRS = (("bookworm", "pi4"), ("trixie", "pi5"), ("bookworm32", "pi3"))
# The same, once for each runtime that exists there.
RUNTIMES = tuple(
    (system, board, name) for system, board in PAIRS for name in SYSTEMS[system].runtimes
)
