"""Start a program under emulation, with all its child processes.

Run as a program of its own, with a JSON document as its only argument. In a private user and mount
namespace it registers QEMU for the guest's programs and starts one of them. For Arm it also mounts
what the document names and makes the guest's folder the root; x86-64 programs stay where they are.
Nothing outside the namespace changes, and no privilege is needed, but the kernel must be 6.7 or
newer: older ones share one binfmt_misc among all namespaces.

Standard library only, and no import of its neighbours: it is started by path.
"""

import ctypes
import json
import os
import sys
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_MNT_DETACH = 2
_PIVOT_ROOT = 155  # of x86-64, the only host that this emulator is fetched for

_ELF = {
    "aarch64": rb"\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00",
    "arm": rb"\x7f\x45\x4c\x46\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x28\x00",
    # Our copy of QEMU, an x86-64 program itself, has no 0 in byte 15, and so is not emulated.
    "x86_64": rb"\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00",
}
# The last byte but three: ET_EXEC (2) and ET_DYN (3) both.
_MASK = rb"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, f"{name}{arguments}: {os.strerror(code)}")


def _unshare_user(flags: int, uid: int) -> None:
    """Enter a new user namespace in which this process has the id `uid`."""
    outer_uid, outer_gid = os.getuid(), os.getgid()
    _call("unshare", _CLONE_NEWUSER | flags)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"{uid} {outer_gid} 1")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")


def _mount(source: Path | str, target: Path, kind: str = "", flags: int = 0) -> None:
    _call("mount", os.fsencode(source), os.fsencode(target), kind.encode() or None, flags, None)


def _register_emulator(program: str, machine: str) -> None:
    folder = Path("/proc/sys/fs/binfmt_misc")
    _mount("binfmt_misc", folder, "binfmt_misc")
    # F opens the emulator now, so that it need not lie in the new root; P keeps argv[0].
    line = b":guest:M::%s:%s:%s:PF" % (_ELF[machine], _MASK, program.encode())
    (folder / "register").write_bytes(line)


def _bind(source: Path, target: Path) -> None:
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount(source, target, flags=_MS_BIND | _MS_REC)


def _change_root(root: Path) -> None:
    """pivot_root rather than chroot: a process in a chroot may not make a user namespace."""
    os.chdir(root)
    if _libc.syscall(_PIVOT_ROOT, b".", b"."):
        code = ctypes.get_errno()
        raise OSError(code, f"pivot_root: {os.strerror(code)}")
    _call("umount2", b".", _MNT_DETACH)
    os.chdir("/")


def main() -> None:
    """Read the document, build the namespace, become the guest's program."""
    plan = json.loads(sys.argv[1])
    root = Path(plan["root"]) if plan["root"] else None
    _unshare_user(_CLONE_NEWNS, os.getuid() if root is None else 0)
    _mount("none", Path("/"), flags=_MS_REC | _MS_PRIVATE)
    _register_emulator(plan["emulator"], plan["machine"])
    if not plan["command"]:
        return
    if root is not None:
        _mount(root, root, flags=_MS_BIND | _MS_REC)
        for source, target in plan["mounts"]:
            _bind(Path(source), root / target.lstrip("/"))
        _change_root(root)
        if plan["uid"]:
            _unshare_user(0, plan["uid"])
    os.chdir(plan["folder"])
    os.execvpe(plan["command"][0], plan["command"], plan["environment"])


if __name__ == "__main__":
    main()
