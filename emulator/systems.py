"""The systems: which Debian, which architecture, which Python, and the wheels that fit them.

Raspberry Pi OS is Debian with another kernel and some packages more; its user space is Debian's.
"""

from dataclasses import dataclass

# Of packages from the index, exact versions; of Debian's, whatever the stable suite holds today.
PINS = {
    "ai-edge-litert": "2.3.0",
    "onnxruntime": "1.31.1",
    "tflite-runtime": "2.14.0",
    "pillow": "12.0.0",
}


@dataclass(frozen=True, slots=True)
class System:
    """One operating system image.

    Attributes:
        name: Short name for commands.
        suite: Debian's code name.
        architecture: Debian's name of the architecture.
        triplet: The folder of shared libraries below ``/usr/lib``.
        bits: 64 or 32.
        python: Version of its Python, as in ``3.11``.
        glibc: Its C library, or the newest older one that uv knows wheels for, as in ``2.36``.
        numpy: The numpy that is installed from the index; None where Debian's own is used.
        runtimes: Names of the runtimes that exist for it.
        packages: Debian packages, besides those that come with them.
    """

    name: str
    suite: str
    architecture: str
    triplet: str
    bits: int
    python: str
    glibc: str
    numpy: str | None
    runtimes: tuple[str, ...]
    packages: tuple[str, ...]

    @property
    def platform(self) -> str:
        """The platform that wheels must fit, as uv names it."""
        return f"aarch64-manylinux_{self.glibc.replace('.', '_')}"


# Python, the libraries that wheels expect from the system, a shell, and an SSH server with SFTP.
_BASE = (
    "python3-minimal",
    "libstdc++6",
    "libgomp1",
    "libatomic1",
    "bash",
    "dash",
    "coreutils",
    "findutils",
    "grep",
    "sed",
    "gzip",
    "tar",
    "base-files",
    "hostname",
    "tzdata",
    "dropbear-bin",
    "openssh-sftp-server",
)

SYSTEMS = {
    system.name: system
    for system in (
        System(
            name="bookworm",
            suite="bookworm",
            architecture="arm64",
            triplet="aarch64-linux-gnu",
            bits=64,
            python="3.11",
            glibc="2.36",
            numpy="1.26.4",
            runtimes=("litert", "tflite", "onnx"),
            packages=(*_BASE, "python3.11", "python3.11-venv"),
        ),
        System(
            name="trixie",
            suite="trixie",
            architecture="arm64",
            triplet="aarch64-linux-gnu",
            bits=64,
            python="3.13",
            glibc="2.40",
            numpy="2.3.5",
            runtimes=("litert", "onnx"),
            packages=(*_BASE, "python3.13", "python3.13-venv"),
        ),
        # No index holds numpy or Pillow for armv7l (Raspberry Pi's own does): Debian's are used.
        System(
            name="bookworm32",
            suite="bookworm",
            architecture="armhf",
            triplet="arm-linux-gnueabihf",
            bits=32,
            python="3.11",
            glibc="2.36",
            numpy=None,
            runtimes=("tflite",),
            packages=(
                *_BASE,
                "python3.11",
                "python3.11-venv",
                "python3-numpy",
                "python3-pil",
                "libblas3",
                "liblapack3",
            ),
        ),
    )
}
