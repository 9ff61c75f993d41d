"""What to call the signal that ended a child process."""

import signal


def name_signal(number: int) -> str:
    """Return the name of a signal, such as ``SIGSEGV``; of a real-time one, its number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
