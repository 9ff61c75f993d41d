"""Processors that are not at hand: emulated Raspberry Pis, and older x86-64 processors.

A Raspberry Pi: a small Arm system is put together from Debian's own packages (no debootstrap, no
package script, no root, nothing booted), and programs run in it under QEMU's user-mode emulation
inside a private user and mount namespace. Everything but speed is real: the Arm Python, the Arm
wheels, and a processor that refuses instructions which the board lacks.

An x86-64 processor: programs of this machine, its Python environment among them, run under QEMU
with the instructions of that level only.

    python -m emulator setup --system bookworm
    python -m emulator run --processor pi4 -- python3 -c 'print("hello")'
    python -m emulator run --processor x86-64-v2 -- edge-runtime verify default
    python -m emulator verify --write docs/compatibility.md
"""
