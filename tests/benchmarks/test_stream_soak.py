"""A live stream's memory over time: the trend, what is watched, and the command."""

import json
import mmap
from collections.abc import Iterable, Iterator
from dataclasses import replace
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
        MemoryPoint(10.0 * n, round(6e7 + bytes_per_s * 10 * n + noise[n]), 1000 * n, 10 * n)
        for n in range(count)
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
    out = tmp_path / "soak.png"
    words = ["--time", "1s", "--backend", "fake", "--out", str(out)]
    # A second is too short to call memory flat; what counts is that it was watched.
    assert command.main(words) == 1
    shown = capsys.readouterr().out
    assert "frames answered" in shown
    assert "too short to tell" in shown
    document = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert len(document["points"]) > 20
    assert out.exists()
    assert command.main(words) == 1
    assert "--force" in capsys.readouterr().err


def test_wrong_use_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--pictures", "missing.npz"]) == 2
    assert command.main(["--model", "missing.tflite"]) == 1
    assert "no such file" in capsys.readouterr().err


def test_a_short_run_is_never_called_flat() -> None:
    short = [replace(point, at_s=point.at_s / 10) for point in build_points(0.0)]
    assert not is_flat(short)
    assert format_stream_soak(short).endswith("give 5 minutes or more")


def test_a_picture_that_cannot_be_written_is_refused_before_the_soak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "soak", lambda *_: pytest.fail("it was measured"))
    with pytest.raises(SystemExit) as stop:
        command.main(["--out", str(tmp_path)])
    assert stop.value.code == 2
    assert "ends in .png" in capsys.readouterr().err
    (tmp_path / "folder.png").mkdir()
    assert command.main(["--out", str(tmp_path / "folder.png")]) == 1
    assert "is a folder; name a file" in capsys.readouterr().err
    assert command.main(["--out", str(tmp_path / "missing" / "soak.png")]) == 1
    assert "there is no folder" in capsys.readouterr().err
    assert command.main(["--out", "/proc/soak.png"]) == 1
    assert "/proc cannot be written to" in capsys.readouterr().err


@pytest.mark.parametrize("measured", [0, 40])
def test_an_interrupted_soak_shows_what_it_has(
    measured: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def soak(*arguments: Any) -> None:
        arguments[-1].extend(build_points(0.0)[:measured])
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "soak", soak)
    assert command.main(["--backend", "fake"]) == 130
    told = capsys.readouterr()
    assert ("frames answered" in told.out) == bool(measured)
    assert told.err == "stream_soak: interrupted; no file was written\n"
