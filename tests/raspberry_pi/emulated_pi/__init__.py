"""An emulated Raspberry Pi for tests and instruction counts.

A small Arm system is put together from Debian's own packages (no debootstrap, no package script, no
root, nothing booted), and programs run in it under QEMU's user-mode emulation inside a private
user and mount namespace. Everything but speed is real: the Arm Python, the Arm wheels, and a
processor that refuses instructions which the board lacks.

    python -m tests.raspberry_pi.emulated_pi setup --system bookworm
    python -m tests.raspberry_pi.emulated_pi run --board pi4 -- python3 -c 'print("hello")'
"""
