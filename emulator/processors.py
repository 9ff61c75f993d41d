"""The processors: boards, with what the kernel of each says of itself, and levels of x86-64.

Part numbers and variants are those of Arm's technical reference manuals (MIDR_EL1); revision codes
are those of Raspberry Pi's documentation ("Raspberry Pi revision codes"). The levels of x86-64 are
those of its System V ABI.
"""

from dataclasses import dataclass

_ARMV8_0 = "fp asimd evtstrm crc32 cpuid"
_ARMV8_2 = (
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop "
    "asimddp"
)


@dataclass(frozen=True, slots=True)
class Board:
    """One model of Raspberry Pi.

    Attributes:
        name: Short name for commands.
        model: What ``/proc/device-tree/model`` says.
        cpu: QEMU's name of the processor.
        part: The processor's part number in MIDR_EL1.
        variant: Its major revision.
        revision: Its minor revision.
        features: Instruction set features as the kernel names them.
        code: The board's revision code.
    """

    name: str
    model: str
    cpu: str
    part: str
    variant: str
    revision: int
    features: str
    code: str


BOARDS = {
    board.name: board
    for board in (
        Board(
            "pi3",
            "Raspberry Pi 3 Model B Plus Rev 1.3",
            "cortex-a53",
            "0xd03",
            "0x0",
            4,
            _ARMV8_0,
            "a020d3",
        ),
        Board(
            "pi4",
            "Raspberry Pi 4 Model B Rev 1.5",
            "cortex-a72",
            "0xd08",
            "0x0",
            3,
            _ARMV8_0,
            "c03115",
        ),
        Board(
            "pi5",
            "Raspberry Pi 5 Model B Rev 1.0",
            "cortex-a76",
            "0xd0b",
            "0x4",
            1,
            _ARMV8_2,
            "d04170",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class X86Level:
    """A level of x86-64, on which the programs of this machine run.

    Attributes:
        name: Name for commands.
        cpu: QEMU's name of a processor that has this level and no more; None for the host's own.
        example: What such processors are like.
    """

    name: str
    cpu: str | None
    example: str


X86_LEVELS = {
    level.name: level
    for level in (
        X86Level("x86-64-v2", "Nehalem", "SSE4.2, without AVX, as Intel's of 2008 to 2010"),
        # Its TSX was switched off by microcode; QEMU has none and would warn at each start.
        X86Level("x86-64-v3", "Haswell-noTSX", "AVX2, without VNNI, as Intel's of 2013"),
        X86Level("host", None, "the processor of this machine, not emulated"),
    )
}

Processor = Board | X86Level
PROCESSORS: dict[str, Processor] = {**BOARDS, **X86_LEVELS}


def format_cpuinfo(board: Board, processors: int) -> str:
    """Write the ``/proc/cpuinfo`` that the board's 64-bit kernel shows.

    QEMU 10 makes one of its own, with the same part number; QEMU 7.2 shows the host's, at which
    the runtimes crash.

    Args:
        board: Whose processor.
        processors: How many; must be those of the host, because runtimes pin threads to them.
    """
    one = (
        "processor\t: {index}\nBogoMIPS\t: 108.00\n"
        f"Features\t: {board.features}\n"
        "CPU implementer\t: 0x41\n"
        "CPU architecture: 8\n"
        f"CPU variant\t: {board.variant}\nCPU part\t: {board.part}\n"
        f"CPU revision\t: {board.revision}\n\n"
    )
    return "".join(one.format(index=index) for index in range(processors)) + (
        f"Revision\t: {board.code}\nSerial\t\t: 10000000deadbeef\nModel\t\t: {board.model}\n"
    )
