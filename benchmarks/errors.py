"""Every way in which a benchmark can fail; one failing case is a line in the table instead."""

from edge_runtime.errors import EdgeRuntimeError


class BenchmarkError(EdgeRuntimeError):
    """Root of the errors of this package."""


class PlanError(BenchmarkError, ValueError):
    """What to run makes no sense: a wrong key, value or combination."""


class InputError(BenchmarkError, ValueError):
    """The artifacts or the evaluation set cannot be used."""


class ResultsError(BenchmarkError, ValueError):
    """A results file is malformed, or two of them must not be mixed."""


class OutputExistsError(BenchmarkError, FileExistsError):
    """The report's folder holds something already."""


class HostError(BenchmarkError, OSError):
    """Another machine cannot be reached, or lacks what a benchmark needs there."""
