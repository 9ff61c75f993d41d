"""Running the project's playbooks against emulated boards, as a user would."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator.ssh import SshBoard

_CHECKOUT = Path(__file__).resolve().parents[2]
ROOT = "/opt/edge-runtime"


@dataclass(frozen=True, slots=True)
class Played:
    """What a playbook run came to.

    Attributes:
        code: ansible-playbook's exit status: 0 all is well, 2 a board failed, 4 one was lost.
        output: What it printed.
    """

    code: int
    output: str

    def count(self, board: str, what: str) -> int:
        """A number of the recap, such as ``changed`` of a board."""
        found = re.search(rf"^{board}\s.*\b{what}=(\d+)", self.output, re.MULTILINE)
        assert found, self.output[-3000:]
        return int(found.group(1))


def find_ansible() -> str | None:
    """ansible-playbook of this environment, else of the system."""
    name = "ansible-playbook"
    return shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)


def write_inventory(path: Path, boards: Mapping[str, SshBoard]) -> None:
    """An inventory for emulated boards; a real one needs a host name only."""
    hosts = {
        name: {
            "ansible_host": "127.0.0.1",
            "ansible_port": board.port,
            "ansible_user": "pi",
            "ansible_ssh_private_key_file": str(board.key),
            "ansible_ssh_extra_args": "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_become_exe": "/usr/local/bin/sudo",
        }
        for name, board in boards.items()
    }
    path.write_text(json.dumps({"all": {"hosts": hosts}}))


def start(
    playbook: str, inventory: Path, values: Mapping[str, object], flags: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """Start a playbook; what it prints goes to a pipe."""
    program = find_ansible()
    assert program is not None
    environment = {
        **os.environ,
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_HOST_KEY_CHECKING": "false",
        "ANSIBLE_SSH_ARGS": "-F none -o ControlMaster=auto -o ControlPersist=30s",
        "ANSIBLE_NOCOLOR": "1",
        "PYTHONWARNINGS": "ignore",
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
    }
    command = [program, "-i", str(inventory), str(_CHECKOUT / "deploy" / playbook), *flags]
    return subprocess.Popen(
        [*command, "-e", json.dumps(dict(values))],
        cwd=_CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def play(
    playbook: str, inventory: Path, values: Mapping[str, object], flags: Sequence[str] = ()
) -> Played:
    """Run a playbook to its end."""
    process = start(playbook, inventory, values, flags)
    output, _ = process.communicate(timeout=600)
    return Played(process.returncode, output)
