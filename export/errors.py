"""What can go wrong while exporting; every class is also an `EdgeRuntimeError`."""

from edge_runtime.errors import EdgeRuntimeError


class ExportError(EdgeRuntimeError, ValueError):
    """Root of the errors of this package: an export cannot be done as asked."""


class ModelFileError(ExportError):
    """A file is not a Keras 3 model that can be loaded safely."""


class NotAClassifierError(ExportError):
    """A model loads, but is no image classifier with one score per label."""


class SampleError(ExportError):
    """Calibration or evaluation pictures cannot be used."""


class ConversionError(ExportError):
    """A converter refuses the model."""


class OutputFolderError(ExportError):
    """The folder to write to is in use or cannot be written.

    Attributes:
        is_wrong_use: The user named a folder that must not be touched; nothing failed.
    """

    is_wrong_use = False


class OutputFolderInUseError(OutputFolderError):
    """The folder to write to holds something that must not be replaced."""

    is_wrong_use = True
