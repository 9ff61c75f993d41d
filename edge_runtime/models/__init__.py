"""The default model that the package carries, so that it answers right after installation."""

from pathlib import Path

from edge_runtime.errors import BackendUnavailableError

FOLDER = Path(__file__).parent
DEFAULT_STEM = "default"


def find_default_model(backend: str) -> Path:
    """Return the default model's file for a backend; ``auto`` takes what is installed.

    Raises:
        BackendUnavailableError: No runtime is installed.
    """
    from edge_runtime.backends.registry import PREFERENCE, load_backend

    names = PREFERENCE if backend == "auto" else (backend,)
    refusals = []
    for name in names:
        candidate = load_backend(name)
        try:
            candidate.version()
        except BackendUnavailableError as error:
            refusals.append(str(error))
            continue
        return FOLDER / f"{DEFAULT_STEM}.{candidate.formats[0]}"
    raise BackendUnavailableError("no runtime is installed:\n  - " + "\n  - ".join(refusals))
