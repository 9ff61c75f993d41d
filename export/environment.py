"""When and with what the files were made."""

import datetime
import os
import platform
from importlib.metadata import PackageNotFoundError, version

from export.errors import ExportError
from export.manifest import Versions


def find_created() -> str:
    """The time to record: SOURCE_DATE_EPOCH where set, so that a rebuild gives the same bytes.

    Returns:
        ISO 8601, UTC, whole seconds.

    Raises:
        ExportError: SOURCE_DATE_EPOCH is no number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        moment = (
            datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
            if epoch
            else datetime.datetime.now(datetime.UTC)
        )
    except (ValueError, OverflowError, OSError) as error:
        raise ExportError(
            f"SOURCE_DATE_EPOCH must be seconds since 1970, found {epoch!r}"
        ) from error
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")


def find_versions() -> Versions:
    """Versions of what converts; ``-`` where something is not installed."""
    return Versions(
        python=platform.python_version(),
        machine=platform.machine(),
        tensorflow=_version("tensorflow"),
        keras=_version("keras"),
        onnx=_version("onnx"),
        tf2onnx=_version("tf2onnx"),
        onnxruntime=_version("onnxruntime"),
    )


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "-"
