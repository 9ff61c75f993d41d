"""Staying live: answer the newest frame of a source that may be faster than the model.

A reader thread pulls frames and leaves the newest in a slot of one place; a frame that is replaced
there before it was answered is counted as dropped. So an answer is at most one inference and one
frame old, however slow the board is.
"""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

from edge_runtime.errors import ImageError
from edge_runtime.pictures.preprocessing import Image, check_several
from edge_runtime.results import Classification

# How long closing waits for a source that is in the middle of a frame. A camera's frame takes a
# thirtieth of that; a source that never comes back is left to its thread, which holds nothing up.
_CLOSING_S = 1.0


@dataclass(frozen=True, slots=True)
class StreamResult:
    """What became of one frame of a stream.

    Attributes:
        index: Which frame of the source it was, from 0; dropped ones count.
        frame: The frame itself, as the source gave it.
        answer: What it shows; None where it cannot be used as a picture.
        error: Why it cannot be used; None where it was answered.
        dropped: Frames dropped between the result before and this one.
        dropped_total: Frames dropped since the stream began.
    """

    index: int
    frame: Image
    answer: Classification | None
    error: ImageError | None
    dropped: int
    dropped_total: int


def stream_answers(
    classify: Callable[[Image], Classification], frames: Iterable[Image], *, drop_stale: bool
) -> Generator[StreamResult, None, None]:
    """Answer the frames of a source; see `Classifier.stream`.

    Raises:
        TypeError: `frames` is a single picture, or nothing that gives frames.
    """
    check_several(frames)
    source = iter(frames)
    return _answer_newest(classify, source) if drop_stale else _answer_each(classify, source)


def _answer_each(
    classify: Callable[[Image], Classification], source: Iterator[Image]
) -> Generator[StreamResult, None, None]:
    for index, frame in enumerate(source):
        yield _answer(classify, index, frame, 0, 0)


def _answer_newest(
    classify: Callable[[Image], Classification], source: Iterator[Image]
) -> Generator[StreamResult, None, None]:
    slot = _NewestFrame()
    reader = threading.Thread(
        target=_read, args=(source, slot), name="edge-runtime-frames", daemon=True
    )
    reader.start()
    answered, dropped_total = 0, 0
    try:
        while (taken := slot.take()) is not None:
            index, frame = taken
            # Every frame before this one was either answered or dropped.
            dropped = index - answered - dropped_total
            dropped_total += dropped
            result = _answer(classify, index, frame, dropped, dropped_total)
            answered += 1
            yield result
    finally:
        slot.close()
        # Whoever collects garbage ends an abandoned stream, and that may be the reader itself.
        if threading.current_thread() is not reader:
            reader.join(_CLOSING_S)


def _answer(
    classify: Callable[[Image], Classification],
    index: int,
    frame: Image,
    dropped: int,
    dropped_total: int,
) -> StreamResult:
    try:
        answer = classify(frame)
    except ImageError as error:
        return StreamResult(index, frame, None, error, dropped, dropped_total)
    return StreamResult(index, frame, answer, None, dropped, dropped_total)


class _NewestFrame:
    """A slot of one place between the reader and whoever answers."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken_out = True
        self._newest: tuple[int, Image] = (-1, None)
        self._ended = False
        self._failure: BaseException | None = None

    def put(self, index: int, frame: Image) -> bool:
        """Replace what lies there; False where nobody wants frames any more."""
        with self._changed:
            if self._ended:
                return False
            self._newest, self._taken_out = (index, frame), False
            self._changed.notify()
        return True

    def end(self, failure: BaseException | None) -> None:
        """No more frames; what still lies there is answered before the failure is raised."""
        with self._changed:
            self._ended, self._failure = True, failure
            self._changed.notify()

    def take(self) -> tuple[int, Image] | None:
        """Wait for a frame that was not taken yet; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or not self._taken_out)
            if self._taken_out:
                if self._failure is not None:
                    raise self._failure
                return None
            newest, self._newest, self._taken_out = self._newest, (-1, None), True
            return newest

    def close(self) -> None:
        """Whoever answered is gone."""
        with self._changed:
            self._ended = True


def _read(source: Iterator[Image], slot: _NewestFrame) -> None:
    try:
        for index, frame in enumerate(source):
            if not slot.put(index, frame):
                return
    except BaseException as error:
        # Raised again by whoever answers: a thread of its own has nobody to tell.
        slot.end(error)
    else:
        slot.end(None)
