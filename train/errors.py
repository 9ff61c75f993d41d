"""Every way in which training fails on purpose; `TrainError` is the root of them."""


class TrainError(Exception):
    """Root of the errors that this package raises on purpose."""


class DataError(TrainError, ValueError):
    """A data set is missing, damaged or cannot be trained on; the message names the remedy."""


class RunError(TrainError, RuntimeError):
    """A run cannot start, go on or be stored; the message names the remedy."""
