"""Every way in which the runtime can fail, each a class of its own.

`EdgeRuntimeError` is the root, so one ``except`` catches all of them; each class also inherits
the builtin that fits, so callers who know nothing of this package still catch what they expect.
A message names what failed, what was found against what was expected, and what to do next.

This module imports nothing.
"""


class EdgeRuntimeError(Exception):
    """Root of every error that this package raises on purpose."""


class ArtifactError(EdgeRuntimeError, ValueError):
    """A file is not a model that can be used: missing parts, truncated, corrupt or foreign."""


class MetadataError(ArtifactError):
    """An artifact's description of itself is missing, malformed or contradicts the model."""


class SchemaVersionError(MetadataError):
    """A description was written by a newer toolkit than this one."""


class ImageError(EdgeRuntimeError, ValueError):
    """A picture or array cannot be used as input; the classifier stays usable."""


class BackendUnavailableError(EdgeRuntimeError, ImportError):
    """A runtime was asked for (or is needed) and cannot be imported here."""


class IncompatibleArtifactError(EdgeRuntimeError, RuntimeError):
    """The installed runtime refuses this artifact, for example for a newer operator version."""


class ClosedError(EdgeRuntimeError, RuntimeError):
    """A classifier was used after `close`."""


class MissingExtraError(EdgeRuntimeError, ImportError):
    """Something optional is needed that is not installed, such as Pillow for picture files."""


class DataError(EdgeRuntimeError, ValueError):
    """Labelled pictures cannot be used: missing, malformed, or of classes the model lacks."""


class ProfileError(EdgeRuntimeError, ValueError):
    """A saved choice of artifact, runtime and threads is malformed or no longer holds."""


class OutputExistsError(EdgeRuntimeError, FileExistsError):
    """What is to be written is there already, and replacing it was not asked for."""


class SourceError(EdgeRuntimeError, OSError):
    """Pictures cannot be had: a folder that is missing, a camera that does not open or ends."""
