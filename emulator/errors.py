"""What can keep a processor from being emulated."""


class EmulationUnavailableError(RuntimeError):
    """This machine cannot emulate; the message is the reason that a skipped test shows."""


class SetupError(RuntimeError):
    """A download or an unpacking step failed; the message holds the tool's last lines."""
