"""Teachers' answers are kept, and asked for again where they cannot be trusted."""

from pathlib import Path

import numpy as np
import pytest

from train.answers import Answers, recall_answers
from train.samples import Images

IMAGES: Images = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4, 1)


class Network:
    """Answers, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> Answers:
        self.asked += 1
        return np.full((2, 3), 1 / 3, np.float32)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "edge-toolkit" / "answers"


def test_a_network_is_asked_once_for_the_same_pictures(cache: Path) -> None:
    network = Network()
    first = recall_answers("one", IMAGES, 3, network)
    assert np.array_equal(recall_answers("one", IMAGES, 3, network), first)
    assert network.asked == 1
    recall_answers("another", IMAGES, 3, network)
    recall_answers("one", IMAGES[:, :, ::-1], 3, network)
    assert network.asked == 3
    assert len(list(cache.iterdir())) == 3


@pytest.mark.parametrize(
    "content", [b"", b"no array", np.zeros((2, 2), np.float32), np.zeros((2, 3), np.float64)]
)
def test_what_cannot_be_an_answer_is_asked_again(cache: Path, content: bytes | Answers) -> None:
    network = Network()
    recall_answers("one", IMAGES, 3, network)
    (path,) = cache.iterdir()
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with path.open("wb") as file:
            np.save(file, content)
    assert recall_answers("one", IMAGES, 3, network).shape == (2, 3)
    assert network.asked == 2
    assert np.load(path).dtype == np.float32
