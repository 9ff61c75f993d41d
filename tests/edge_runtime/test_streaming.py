"""Streams: newest wins, every frame is accounted for, and nothing is left running.

The source waits for the test and the test for the source, so every order here is certain.
"""

import gc
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from edge_runtime import Classifier, ClosedError, ImageError

Frame = npt.NDArray[np.uint8]
# Only a broken stream ever waits this long.
WAIT_S = 30


@pytest.fixture
def shades(write_artifact: Callable[..., Path]) -> Classifier:
    return Classifier.load(write_artifact(), backend="fake")


@pytest.fixture(autouse=True)
def no_reader_is_left() -> Iterator[None]:
    yield
    assert find_readers() == []


def find_readers() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "edge-runtime-frames"]


def grey(level: int) -> Frame:
    return np.full((28, 28), level, np.uint8)


class PacedSource:
    """Gives frames only as far as it was allowed to; exceptions among them are raised."""

    def __init__(self, frames: Sequence[object], allowed: int) -> None:
        self._frames = frames
        self._allowed, self._asked = allowed, 0
        self._changed = threading.Condition()

    def __iter__(self) -> Iterator[object]:
        return self

    def __next__(self) -> object:
        with self._changed:
            place = self._asked
            self._asked += 1
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._allowed > place, WAIT_S)
        if place >= len(self._frames):
            raise StopIteration
        frame = self._frames[place]
        if isinstance(frame, BaseException):
            raise frame
        return frame

    def allow(self, count: int) -> None:
        """Let `count` more frames out."""
        with self._changed:
            self._allowed += count
            self._changed.notify_all()

    def give(self, count: int) -> None:
        """Let `count` more frames out and wait until the reader has put all of them away."""
        self.allow(count)
        with self._changed:
            assert self._changed.wait_for(lambda: self._asked > self._allowed, WAIT_S)


def test_the_newest_frame_wins_and_the_others_are_counted(shades: Classifier) -> None:
    source = PacedSource([grey(level) for level in (0, 10, 20, 255, 90, 100, 80)], allowed=1)
    stream = shades.stream(source, top_k=1)
    first = next(stream)
    source.give(3)
    second = next(stream)
    source.give(2)
    third = next(stream)
    source.allow(2)
    last = next(stream)
    found = [(r.index, r.dropped, r.dropped_total) for r in (first, second, third, last)]
    assert found == [(0, 0, 0), (3, 2, 2), (5, 1, 3), (6, 0, 3)]
    tops = [r.answer.top.label for r in (first, second, third, last) if r.answer]
    assert tops == ["black", "white", "dark", "dark"]
    assert second.frame is source._frames[3]
    assert next(stream, None) is None


def test_a_slow_inference_drops_what_comes_meanwhile(
    shades: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = PacedSource([grey(0)] * 9, allowed=1)
    classify = shades.classify

    def classify_slowly(*arguments: object, **options: object) -> object:
        if source._allowed < 9:
            source.give(4)
        return classify(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(shades, "classify", classify_slowly)
    stream = shades.stream(source)
    found = [next(stream) for _ in range(3)]
    source.allow(1)
    assert list(stream) == []
    assert [(r.index, r.dropped) for r in found] == [(0, 0), (4, 3), (8, 3)]


def test_the_last_frame_is_answered_before_the_end(shades: Classifier) -> None:
    results = list(shades.stream(grey(level) for level in range(100)))
    assert results[-1].index == 99
    assert len(results) + results[-1].dropped_total == 100


def test_an_error_of_the_source_comes_after_its_last_frame(shades: Classifier) -> None:
    stream = shades.stream(PacedSource([grey(0), OSError("unplugged")], allowed=2))
    assert next(stream).index == 0
    with pytest.raises(OSError, match="unplugged"):
        next(stream)
    with pytest.raises(StopIteration):
        next(stream)


@pytest.mark.parametrize("drop_stale", [True, False])
def test_a_bad_frame_is_a_result_and_the_stream_goes_on(
    shades: Classifier, drop_stale: bool
) -> None:
    source = PacedSource([grey(0), np.zeros((2, 2, 7), np.uint8), grey(255)], allowed=1)
    stream = shades.stream(source, drop_stale=drop_stale)
    good = next(stream)
    source.allow(1)
    bad = next(stream)
    source.allow(2)
    (after,) = stream
    assert good.error is None
    assert bad.answer is None
    assert isinstance(bad.error, ImageError)
    assert after.answer is not None
    assert (after.answer.top.label, after.index) == ("white", 2)


def test_closing_ends_the_reader(shades: Classifier) -> None:
    source = PacedSource([grey(0)] * 3, allowed=1)
    stream = shades.stream(source)
    next(stream)
    (reader,) = find_readers()
    source.allow(2)
    stream.close()
    reader.join(WAIT_S)
    assert not reader.is_alive()
    assert list(stream) == []


def test_dropping_the_generator_ends_the_reader(shades: Classifier) -> None:
    for _ in shades.stream(grey(0) for _ in itertools.count()):
        break
    gc.collect()
    assert find_readers() == []


def test_a_source_that_never_answers_again_does_not_hold_up_closing(
    shades: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_runtime.streaming._CLOSING_S", 0.0)
    source = PacedSource([grey(0)] * 2, allowed=1)
    stream = shades.stream(source)
    next(stream)
    (reader,) = find_readers()
    stream.close()  # the source hangs, and this returns
    assert reader.daemon
    source.allow(1)
    reader.join(WAIT_S)


def test_without_dropping_each_frame_is_answered_in_the_callers_thread(
    shades: Classifier, tmp_path: Path
) -> None:
    path = tmp_path / "white.png"
    Image.new("L", (28, 28), 255).save(path)
    frames = [grey(0), path, Image.new("L", (28, 28), 0), path.read_bytes()]
    found = []
    for result in shades.stream(frames, 1, drop_stale=False, polarity="light-on-dark"):
        assert find_readers() == []
        assert result.answer is not None
        found.append((result.index, result.answer.top.label, result.dropped_total))
    assert found == [(0, "black", 0), (1, "white", 0), (2, "black", 0), (3, "white", 0)]


def test_nothing_starts_before_the_first_result_is_asked_for(shades: Classifier) -> None:
    stream = shades.stream([grey(0)])
    assert find_readers() == []
    stream.close()


@pytest.mark.parametrize(
    "frames",
    [
        "photo.jpg",
        b"bytes",
        Path("photo.jpg"),
        np.zeros((28, 28)),
        np.zeros((240, 320, 3), np.uint8),
    ],
    ids=lambda frames: type(frames).__name__,
)
def test_one_picture_is_no_source(shades: Classifier, frames: Any) -> None:
    with pytest.raises(TypeError, match="one picture"):
        shades.stream(frames)
    with pytest.raises(TypeError, match="one picture"):
        shades.classify_batch(frames)


def test_an_array_of_pictures_is_a_source(shades: Classifier) -> None:
    pictures = np.zeros((3, 28, 28), np.uint8)
    assert len(shades.classify_batch(pictures)) == 3
    assert len(list(shades.stream(pictures[..., np.newaxis], drop_stale=False))) == 3


def test_floats_are_streamed_with_their_range(shades: Classifier) -> None:
    (result,) = shades.stream([np.ones((28, 28), np.float32)], value_range=(0.0, 1.0))
    assert result.answer is not None
    assert result.answer.top.label == "white"


def test_a_closed_classifier_is_no_bad_frame(shades: Classifier) -> None:
    shades.close()
    with pytest.raises(ClosedError):
        next(shades.stream([grey(0)]))
