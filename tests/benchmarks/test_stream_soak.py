"""A live stream's memory over time: the trend, what is watched, and the command."""

import json
import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import linregress, t

from benchmarks.stream_soak import __main__ as command
from benchmarks.stream_soak.showing import draw_stream_soak, format_stream_soak
from benchmarks.stream_soak.trend import fit_trend
from benchmarks.stream_soak.watching import (
    MemoryPoint,
    is_flat,
    read_resident_bytes,
    repeat_frames,
    watch_stream,
)
from edge_runtime import Classifier


def answers(count: int) -> Iterator[Any]:
    return (SimpleNamespace(dropped_total=2 * place) for place in range(count))


def build_points(bytes_per_s: float, count: int = 60) -> list[MemoryPoint]:
    noise = np.random.default_rng(0).normal(0, 20_000, count)
    return [
        MemoryPoint(float(s), round(6e7 + bytes_per_s * s + noise[s]), 1000 * s, 10 * s)
        for s in range(count)
    ]


def test_a_trend_is_least_squares_with_students_interval() -> None:
    xs = [float(x) for x in range(20)]
    ys = [3.0 * x + (-1.0) ** x for x in range(20)]
    found, expected = fit_trend(xs, ys), linregress(xs, ys)
    half = t.ppf(0.975, 18) * expected.stderr
    assert found.slope == pytest.approx(expected.slope)
    assert found.low == pytest.approx(expected.slope - half)
    assert found.high == pytest.approx(expected.slope + half)
    # Many samples count as the means of twenty stretches.
    assert fit_trend(np.repeat(xs, 5).tolist(), np.repeat(ys, 5).tolist()).low == pytest.approx(
        found.low
    )
    for bad in ([1.0, 2.0], [4.0, 4.0, 4.0]):
        with pytest.raises(ValueError, match="samples"):
            fit_trend(bad, bad)


def test_a_slow_leak_is_found_and_noise_is_none() -> None:
    assert is_flat(build_points(0.0))
    leaking = build_points(40_000.0)
    assert not is_flat(leaking)
    assert "NOT flat" in format_stream_soak(leaking)
    assert "+2,4" not in format_stream_soak(build_points(0.0))


def test_points_come_as_often_as_asked() -> None:
    seconds = iter(range(100))
    points = list(
        watch_stream(answers(9), 3.0, lambda: next(seconds) * 1_000_000_000, lambda: 5_000)
    )
    assert [(p.at_s, p.answered, p.dropped) for p in points] == [(1, 1, 0), (4, 4, 6), (7, 7, 12)]
    assert {p.resident_bytes for p in points} == {5_000}


def test_frames_go_round_as_copies_until_time_is_over() -> None:
    now = iter(range(100))
    kept = [np.full((2, 2), level, np.uint8) for level in (1, 2)]
    given = list(repeat_frames(kept, 6e-9, lambda: next(now)))
    assert [int(frame[0, 0]) for frame in given] == [1, 2, 1, 2, 1]
    assert not any(np.shares_memory(frame, original) for frame in given for original in kept)


def test_memory_that_is_taken_is_seen() -> None:
    before = read_resident_bytes()
    # Straight from the system: what Python frees it may keep and hand out again.
    with mmap.mmap(-1, 30_000_000) as taken:
        taken.write(b"x" * len(taken))
        assert read_resident_bytes() - before > 20_000_000


def test_a_soak_is_drawn(tmp_path: Path) -> None:
    draw_stream_soak(build_points(0.0), "a stream", tmp_path / "soak.png")
    assert (tmp_path / "soak.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_soaks_a_classifier(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def stream(self: Classifier, frames: Iterable[Any]) -> Iterator[Any]:
        for frame in frames:
            self.classify(frame)
            yield SimpleNamespace(dropped_total=0)

    monkeypatch.setattr(Classifier, "stream", stream, raising=False)
    out = tmp_path / "figures" / "soak.png"
    words = ["--time", "1s", "--backend", "fake", "--out", str(out)]
    # A second is too short to call memory flat; what counts is that it was watched.
    assert command.main(words) in (0, 1)
    assert "frames answered" in capsys.readouterr().out
    document = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert len(document["points"]) > 20
    assert out.exists()


def test_wrong_use_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--pictures", "missing.npz"]) == 2
    assert command.main(["--model", "missing.tflite"]) == 1
    assert "no such file" in capsys.readouterr().err
