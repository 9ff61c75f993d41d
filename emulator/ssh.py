"""A board that answers SSH on the loopback interface, as the user ``pi`` with a key."""

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import EmulationUnavailableError, SetupError
from .machine import EmulatedPi, forbid_core_files
from .storage import run_tool

_KEEPER = Path(__file__).with_name("keeper.py")
_STAND_INS = Path(__file__).with_name("stand_ins")
_START_S = 60


@dataclass(frozen=True, slots=True)
class SshBoard:
    """How to reach a running board.

    Attributes:
        pi: The board.
        port: Where it listens, on 127.0.0.1.
        key: The private key that it lets in.
    """

    pi: EmulatedPi
    port: int
    key: Path

    def run(self, command: str, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a shell command on the board over SSH."""
        options = ["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"]
        options += ["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
        return subprocess.run(
            ["ssh", *options, "-i", self.key, "-p", str(self.port), "pi@127.0.0.1", command],
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )


def install_stand_ins(pi: EmulatedPi) -> None:
    """Give the board a `sudo` and a `systemctl`: no user namespace has what the real ones need."""
    for name, folder in (("sudo", "bin"), ("systemctl", "sbin")):
        place = pi.disk / "local" / folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_STAND_INS / name, place)
        place.chmod(0o755)
    (pi.disk / "etc" / "systemd" / "system").mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def serving(pi: EmulatedPi, port: int | None = None) -> Iterator[SshBoard]:
    """Run an SSH server on the board until the block ends, then end all that runs there."""
    if not shutil.which("ssh"):
        raise EmulationUnavailableError("ssh is missing: apt install openssh-client")
    key = pi.disk.with_name(pi.disk.name + ".key")
    _prepare_keys(pi, key)
    _prepare_shell(pi)
    port = port or _find_free_port()
    server = ["dropbear", "-F", "-E", "-s", "-r", "/etc/dropbear/host_key"]
    server += ["-p", f"127.0.0.1:{port}", "-P", "/run/dropbear.pid"]
    log = pi.disk.with_name(pi.disk.name + ".log")
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", _KEEPER, *pi.command(server, uid=1000)],
            stdout=output,
            stderr=output,
            preexec_fn=forbid_core_files,
        )
    try:
        _wait_for_port(port, process, log)
        yield SshBoard(pi, port, key)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _prepare_keys(pi: EmulatedPi, key: Path) -> None:
    if not key.is_file():
        run_tool(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key])
    folder = pi.disk / "home" / "pi" / ".ssh"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (pi.disk / "home" / "pi").chmod(0o755)  # dropbear refuses a home that others may write to
    allowed = folder / "authorized_keys"
    allowed.write_text(key.with_name(key.name + ".pub").read_text())
    allowed.chmod(0o600)
    host_key = pi.disk / "etc" / "dropbear" / "host_key"
    if not host_key.is_file():
        host_key.parent.mkdir(exist_ok=True)
        made = pi.run(["dropbearkey", "-t", "ed25519", "-f", "/etc/dropbear/host_key"])
        if made.returncode:
            raise SetupError(f"dropbearkey failed:\n{made.stderr}")


def _prepare_shell(pi: EmulatedPi) -> None:
    """An SSH server starts sessions with an empty environment, which would lose the processor."""
    shell = pi.disk / "local" / "bin" / "board-shell"
    shell.parent.mkdir(parents=True, exist_ok=True)
    shell.write_text(f'#!/bin/sh\nexport QEMU_CPU={pi.processor}\nexec /bin/bash "$@"\n')
    shell.chmod(0o755)
    place = "/usr/local/bin/board-shell"
    users = pi.disk / "etc" / "passwd"
    users.write_text(users.read_text().replace("/home/pi:/bin/bash", f"/home/pi:{place}"))
    (pi.disk / "etc" / "shells").write_text(f"/bin/sh\n/bin/bash\n{place}\n")


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SetupError(f"the board's SSH server did not start:\n{log.read_text()[-1000:]}")
