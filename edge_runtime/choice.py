"""What a model is named by: an artifact, or a profile that chose artifact, runtime and threads."""

import os
from pathlib import Path
from typing import Literal

# `edge-runtime tune` saves profiles as NAME.profile.json; any .json file is read as one.
PROFILE_SUFFIX = ".json"

# More than a board has cores. Over a number that they cannot count to, runtimes raise an error that
# holds the whole model.
MOST_THREADS = 1024

Threads = int | Literal["auto"]
Choice = tuple[str | os.PathLike[str], str, Threads]


def resolve_choice(path: str | os.PathLike[str], backend: str, threads: Threads) -> Choice:
    """Replace a profile by what it chose; anything else stays as it is.

    A backend or a number of threads that is stated overrides the profile's; ``auto`` takes it.

    Returns:
        Artifact, backend and threads.

    Raises:
        ProfileError: The profile is malformed, or its artifact is missing or has changed.
        BackendUnavailableError: The runtime that it chose is not installed here.
    """
    if not os.fspath(path).endswith(PROFILE_SUFFIX):
        return path, backend, threads
    # Imported here: who names an artifact needs none of it.
    from edge_runtime.profile import apply_profile

    return apply_profile(Path(path), backend, threads)
