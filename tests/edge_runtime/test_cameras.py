"""Cameras behind their seam; the two libraries are stood in for by their own calls."""

import itertools
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from edge_runtime import Classifier, MissingExtraError, SourceError
from edge_runtime.cameras.registry import open_camera

SIZE = (4, 2)


class VideoCapture:
    """OpenCV's, for a board with one camera that gives three frames, pure blue."""

    def __init__(self, index: int) -> None:
        self.index, self.left, self.settings = index, 3, dict[int, int]()
        self.released = False

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.index == 0

    def set(self, what: int, value: int) -> None:
        self.settings[what] = value

    def read(self) -> tuple[bool, Any]:
        self.left -= 1
        if self.left < 0:
            return False, None
        frame = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
        frame[..., 0] = 255
        return True, frame

    def release(self) -> None:
        self.released = True


class Picamera2:
    """picamera2's, for a board with one camera."""

    opened: ClassVar[list["Picamera2"]] = []
    busy = False

    def __init__(self, index: int) -> None:
        if self.busy:
            raise RuntimeError("Failed to acquire camera")
        self.calls: list[Any] = [index]
        self.opened.append(self)

    @staticmethod
    def global_camera_info() -> list[dict[str, int]]:
        return [{"Num": 0}]

    def create_video_configuration(self, main: dict[str, Any]) -> dict[str, Any]:
        return main

    def configure(self, configuration: dict[str, Any]) -> None:
        self.calls.append(configuration)

    def start(self) -> None:
        self.calls.append("start")

    def capture_array(self, name: str) -> Any:
        assert name == "main"
        if "closed" in self.calls:
            raise RuntimeError("Camera is not running")
        return np.zeros((SIZE[1], SIZE[0], 3), np.uint8)

    def close(self) -> None:
        self.calls.append("closed")


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(*, picamera2: Any = None, cv2: Any = None) -> None:
        # None in sys.modules makes an import fail.
        monkeypatch.setitem(sys.modules, "picamera2", picamera2)
        monkeypatch.setitem(sys.modules, "cv2", cv2)

    return install


def make_cv2() -> Any:
    return SimpleNamespace(
        VideoCapture=VideoCapture,
        CAP_PROP_FRAME_WIDTH=3,
        CAP_PROP_FRAME_HEIGHT=4,
        CAP_PROP_BUFFERSIZE=38,
    )


def make_picamera2() -> Any:
    return SimpleNamespace(Picamera2=type("Fresh", (Picamera2,), {"opened": []}))


def test_without_a_library_both_remedies_are_named(libraries: Any) -> None:
    libraries()
    with pytest.raises(MissingExtraError) as raised:
        open_camera()
    message = str(raised.value)
    assert "sudo apt install python3-picamera2" in message
    assert "--system-site-packages" in message
    assert "pip install 'edge-runtime[camera]'" in message
    with pytest.raises(MissingExtraError, match="OpenCV"):
        open_camera(backend="opencv")


def test_picamera2_beside_another_numpy_names_the_remedy(
    libraries: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "picamera2.py").write_text("raise ValueError('numpy.dtype size changed')")
    libraries()
    monkeypatch.delitem(sys.modules, "picamera2")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match=r"size changed\).*pip install 'numpy<2'"):
        open_camera(backend="picamera2")


def test_opencv_gives_red_first_keeps_no_old_frames_and_ends_with_a_reason(
    libraries: Any,
) -> None:
    libraries(cv2=make_cv2())
    camera: Any = open_camera(size=SIZE)
    frames = camera.frames()
    first = next(frames)
    assert (first.shape, first.dtype) == ((2, 4, 3), np.uint8)
    assert first[0, 0].tolist() == [0, 0, 255]
    assert camera._device.settings == {3: 4, 4: 2, 38: 1}
    assert len(list(itertools.islice(frames, 2))) == 2
    with pytest.raises(SourceError, match="still connected"):
        next(frames)
    camera.close()
    assert camera._device.released


def test_picamera2_comes_first_and_is_asked_for_red_first(libraries: Any) -> None:
    module = make_picamera2()
    libraries(picamera2=module, cv2=make_cv2())
    camera = open_camera(size=SIZE)
    (device,) = module.Picamera2.opened
    assert device.calls == [0, {"size": SIZE, "format": "BGR888"}, "start"]
    frames = camera.frames()
    assert next(frames).shape == (2, 4, 3)
    camera.close()
    with pytest.raises(SourceError, match="stopped"):
        next(frames)


def test_a_usb_camera_is_found_where_picamera2_sees_none(
    libraries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = make_picamera2()
    monkeypatch.setattr(module.Picamera2, "global_camera_info", staticmethod(list))
    libraries(picamera2=module, cv2=make_cv2())
    assert next(open_camera().frames())[0, 0].tolist() == [0, 0, 255]
    libraries(picamera2=module)
    with pytest.raises(SourceError, match=r"(?s)finds 0 cameras.*OpenCV cannot be imported"):
        open_camera()


def test_a_camera_that_is_missing_or_busy_says_so(libraries: Any) -> None:
    module = make_picamera2()
    libraries(picamera2=module, cv2=make_cv2())
    with pytest.raises(SourceError, match=r"(?s)no camera 5.*no camera 5"):
        open_camera(5)
    module.Picamera2.busy = True
    with pytest.raises(SourceError, match="another program"):
        open_camera(backend="picamera2")
    with pytest.raises(ValueError, match="choose one of: auto, picamera2, opencv, fake"):
        open_camera(backend="webcam")


def test_a_configuration_that_fails_lets_go_of_the_camera(
    libraries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = make_picamera2()

    def refuse(self: object, configuration: object) -> None:
        raise ValueError("no such format")

    monkeypatch.setattr(module.Picamera2, "configure", refuse)
    libraries(picamera2=module)
    with pytest.raises(ValueError, match="no such format"):
        open_camera(backend="picamera2")
    assert module.Picamera2.opened[0].calls[-1] == "closed"


def test_the_fake_camera_is_a_source_for_a_stream(write_artifact: Any) -> None:
    with pytest.raises(SourceError, match="only camera 0"):
        open_camera(1, backend="fake")
    camera = open_camera(size=(28, 28), backend="fake")
    with Classifier.load(write_artifact(), backend="fake") as classifier:
        stream = classifier.stream(itertools.islice(camera.frames(), 4), 1, drop_stale=False)
        tops = [result.answer.top.label for result in stream if result.answer]
    assert tops == ["black", "dark", "bright", "white"]
    camera.close()
    with pytest.raises(SourceError, match="closed"):
        list(camera.frames())
