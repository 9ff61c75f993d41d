"""What `watch` looks at: a folder or a camera, as pictures that come one by one."""

import sys
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeAlias

from edge_runtime.cameras.protocol import Camera
from edge_runtime.errors import ImageError, SourceError
from edge_runtime.pictures.picture_files import FolderWatcher
from edge_runtime.pictures.preprocessing import Image
from edge_runtime.results import Classification
from edge_runtime.streaming import stream_answers

Classify: TypeAlias = Callable[[Image], Classification]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A picture that came.

    Attributes:
        source: Which one, such as ``{"file": "inbox/a.jpg"}`` or ``{"frame": 17}``.
        answer: What it shows, or why it cannot be used.
        dropped: Frames dropped before it.
    """

    source: dict[str, str | int]
    answer: Classification | ImageError
    dropped: int = 0


# None is a round in which nothing came.
Watched: TypeAlias = Generator[Sighting | None, None, None]


def watch_folder(watcher: FolderWatcher, classify: Classify, wait: Callable[[], object]) -> Watched:
    """Answer what is new in a folder, look by look; `wait` passes the time between two."""
    is_gone = False
    while True:
        # First: the watcher's own first look has just been, and two looks too close together would
        # take a picture for whole while it is written.
        yield None
        wait()
        try:
            paths = watcher.poll()
            is_gone = False
        except SourceError as error:
            paths = []
            # A disk that was pulled out may come back: said once, and looked for again.
            if not is_gone:
                print(f"edge-runtime: {error}; waiting for it", file=sys.stderr, flush=True)
            is_gone = True
        for path in paths:
            try:
                yield Sighting({"file": str(path)}, classify(path))
            except ImageError as error:
                # One that was deleted before its turn is no fault.
                yield Sighting({"file": str(path)}, error) if path.exists() else None


def watch_camera(camera: Camera, classify: Classify) -> Watched:
    """Answer a camera's newest frames until it ends; closes it."""
    frames = camera.frames()
    with closing(camera), closing(stream_answers(classify, frames, drop_stale=True)) as results:
        for result in results:
            found = result.answer or result.error
            assert found is not None  # a result has the one or the other
            yield Sighting({"frame": result.index}, found, result.dropped)
