"""Telling systemd that a long-running command is ready and alive.

A unit with ``Type=notify`` and ``WatchdogSec=`` restarts a program that says nothing for too long.
The protocol is one datagram to the socket that ``$NOTIFY_SOCKET`` names (sd_notify(3)), so no
library is needed. Without that variable, as on a terminal, nothing happens.
"""

import os
import socket

READY = "READY=1"
ALIVE = "WATCHDOG=1"
STOPPING = "STOPPING=1"


def notify_supervisor(message: str) -> bool:
    """Send a message to the service manager; a manager that cannot be reached is no failure.

    Args:
        message: `READY` once the model is loaded, `ALIVE` after each round of the main loop (at
            least every half of the unit's ``WatchdogSec``), `STOPPING` at the end.

    Returns:
        Whether there is a manager and it took the message.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    # A leading @ stands for the zero byte of Linux's abstract names.
    target = "\0" + address[1:] if address[0] == "@" else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.sendto(message.encode(), target)
    except OSError:
        return False
    return True
