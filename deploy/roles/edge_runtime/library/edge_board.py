#!/usr/bin/python
"""Ansible module: what a board is, as far as a deployment needs to know, in one round trip."""

import os
import platform
import shutil
import struct
import subprocess
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.edge_releases import Releases

DOCUMENTATION = r"""
module: edge_board
short_description: Facts of a board and of the releases on it
description: Reads only.
options:
  root: {description: The folder that holds the releases., type: path, required: true}
author: [the authors of edge-runtime]
"""


def main():
    """Answer with the facts."""
    module = AnsibleModule(
        argument_spec={"root": {"type": "path", "required": True}}, supports_check_mode=True
    )
    root = Path(module.params["root"])
    releases = Releases(root)
    bits = struct.calcsize("P") * 8
    machine = platform.machine()
    module.exit_json(
        changed=False,
        model=_read("/sys/firmware/devicetree/base/model").rstrip("\0") or "unknown board",
        # A 64-bit kernel under a 32-bit system says aarch64; what counts is the Python there.
        machine="armv7l" if bits == 32 and machine.startswith(("arm", "aarch64")) else machine,
        python=".".join(platform.python_version_tuple()[:2]),
        glibc=platform.libc_ver()[1] or "unknown",
        free_bytes=shutil.disk_usage(_nearest(root)).free,
        epoch_s=int(time.time()),
        system_numpy=_has_system_numpy() if bits == 32 else False,
        systemd=_systemd_version(),
        # Raspberry Pi OS starts its kernel with cgroup_disable=memory.
        limits_memory="memory" in _read("/sys/fs/cgroup/cgroup.controllers").split(),
        built=releases.list_built(),
        current=releases.read_link("current"),
        previous=releases.read_link("previous"),
        wheelhouses=releases.list_wheelhouses(),
    )


def _read(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _nearest(path):
    while not path.exists():
        path = path.parent
    return path


def _has_system_numpy():
    return any(Path(folder, "numpy").is_dir() for folder in ("/usr/lib/python3/dist-packages",))


def _systemd_version():
    """Major version, or 0 where there is none."""
    systemctl = shutil.which("systemctl", path=os.environ.get("PATH", "") + ":/usr/bin:/bin")
    if not systemctl:
        return 0
    done = subprocess.run([systemctl, "--version"], capture_output=True, text=True, check=False)
    words = done.stdout.split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


if __name__ == "__main__":
    main()
