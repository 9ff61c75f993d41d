"""Searching under a budget, with the parts that need no training."""

import dataclasses
import shlex
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge_runtime.contract import InputSpec
from edge_runtime.document import from_json
from train.cli import main
from train.commands.fit import build_parser as build_fit_parser
from train.commands.options import DEFAULTS, parse_widths, read_settings
from train.errors import RunError
from train.samples import ImageDataset
from train.settings import TrainingSettings
from train.tuning.budget import Budget, TrialOutcome
from train.tuning.report import find_best, format_csv, format_markdown, write_report
from train.tuning.space import declare_space, format_command, to_settings
from train.tuning.trials import build_judged_dataset, load_outcomes

BUDGET = Budget(max_size_bytes=100 * 1024, max_latency_us=50.0)


def _outcome(trial: int, accuracy: float | None, kib: float) -> TrialOutcome:
    size = round(kib * 1024)
    score = BUDGET.score(accuracy or 0.0, size, 30.0)
    return TrialOutcome(
        trial=str(trial),
        settings=dataclasses.replace(DEFAULTS, widths=(16, 32, 64), dropout=0.1),
        parameters=size,
        accuracy=accuracy,
        size_bytes=None if accuracy is None else size,
        latency_us=None if accuracy is None else 30.0,
        score=score,
        within=score >= 0,
        duration_s=12.0,
        worker="tuner0",
    )


OUTCOMES = (
    _outcome(0, 0.90, 80),
    _outcome(1, 0.95, 140),
    _outcome(2, None, 300),
    _outcome(3, 0.92, 99),
    _outcome(4, 0.92, 60),
)


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 10**6), st.floats(0.1, 1000))
def test_whatever_keeps_the_budget_beats_whatever_does_not(
    good: float, bad: float, size: int, latency: float
) -> None:
    within = BUDGET.score(bad, 100 * 1024, 50.0)
    assert within == bad >= 0
    if BUDGET.excess(size, latency) > 0:
        assert BUDGET.score(good, size, latency) < 0


def test_the_score_falls_with_the_excess() -> None:
    scores = [BUDGET.score(0.9, kib * 1024, 10.0) for kib in (100, 110, 150, 900)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == -1
    assert Budget().score(0.9, 10**9, 10**9) == 0.9
    with pytest.raises(ValueError, match="above 0"):
        Budget(max_size_bytes=0)


def test_the_best_keeps_the_budget_and_is_smaller_among_equals() -> None:
    best = find_best(OUTCOMES)
    assert best is not None
    assert best.trial == "4"
    assert find_best(OUTCOMES[1:3]) is None


def test_a_report_shows_all_trials(tmp_path: Path) -> None:
    write_report(tmp_path, OUTCOMES, BUDGET, "python -m train --widths 16,32,64")
    assert (tmp_path / "trials.png").stat().st_size > 5000
    assert len((tmp_path / "trials.csv").read_text().splitlines()) == 6
    text = (tmp_path / "report.md").read_text()
    assert "at most 100 KiB and at most 50 µs" in text
    assert "not trained" in text
    assert "    python -m train --widths 16,32,64" in text


def test_a_search_without_any_trial_can_be_reported(tmp_path: Path) -> None:
    write_report(tmp_path, (), Budget(), None)
    assert "budget: none" in format_markdown((), Budget(), None)
    assert len(format_csv(()).splitlines()) == 1


def test_outcomes_are_read_back_in_the_order_of_the_trials(tmp_path: Path) -> None:
    for number in (10, 2, 0):
        outcome = dataclasses.replace(OUTCOMES[0], trial=str(number))
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "outcome.json").write_text(outcome.to_json())
        assert from_json(TrialOutcome, outcome.to_json(), "x") == outcome
    (tmp_path / "3").mkdir()  # begun, not done
    assert [outcome.trial for outcome in load_outcomes(tmp_path)] == ["0", "2", "10"]
    (tmp_path / "2" / "outcome.json").write_text("{}")
    with pytest.raises(RunError, match="--force"):
        load_outcomes(tmp_path)


def test_force_replaces_a_search_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = tmp_path / "pictures"
    for name in ("a", "b"):
        (pictures / name).mkdir(parents=True)
        for number in range(8):
            Image.new("L", (8, 8), 20 * number + (name == "b")).save(
                pictures / name / f"{number}.png"
            )
    before = sorted(pictures.rglob("*"))
    words = ["tune", "--data", str(pictures), "--out", str(pictures), "--force"]
    assert main(words) == 1
    assert "holds something else" in capsys.readouterr().err
    assert sorted(pictures.rglob("*")) == before


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_point_of_the_space_is_a_setting_and_a_command() -> None:
    space = declare_space()
    rng = np.random.default_rng(0)
    for _ in range(20):
        values = {hp.name: hp.prob_to_value(rng.random()) for hp in space.space}
        settings = to_settings(values, TrainingSettings(epochs=2, ema=0.9, optimizer="muon"))
        assert all(width % 16 == 0 for width in settings.widths)
        command = format_command(settings, 18, Path("my pictures"), InputSpec(28, 28, 1), 0.1)
        assert "--data 'my pictures' --input-size 28x28" in command
        words = command.split()
        assert parse_widths(words[words.index("--widths") + 1]) == settings.widths
        arguments = build_fit_parser().parse_args(shlex.split(command)[3:])
        assert arguments.test_fraction == 0.1
        assert read_settings(arguments) == dataclasses.replace(settings, epochs=18)


def test_trials_are_judged_on_the_training_split_alone(dataset: ImageDataset) -> None:
    judged = build_judged_dataset(dataset, seed=0, pictures=100)
    train = {image.tobytes() for image in dataset.train.images}
    assert len(judged.train) == 100
    assert len(judged.test) == 40
    assert all(image.tobytes() in train for image in judged.test.images)
    kept = {image.tobytes() for image in judged.train.images}
    assert not any(image.tobytes() in kept for image in judged.test.images)


@pytest.mark.parametrize(
    "words",
    [
        ["--trials", "0"],
        ["--max-size", "-1"],
        ["--max-size", "inf"],
        ["--max-latency", "nan"],
        ["--workers", "-1"],
        ["--workers", "99999999999999999999"],
        ["--tail-epochs", "1"],
        ["--erase", "0.3"],
        ["--learning-rate", "0.003"],
        ["--learning-rate", "nan"],
    ],
)
def test_wrong_use_of_tune_ends_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["tune", *words])
    assert caught.value.code == 2


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras Tuner calls old names
def test_two_workers_search_and_a_longer_search_goes_on(
    tmp_path: Path, dataset: ImageDataset, capfd: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    for place, label in enumerate(dataset.train.labels):
        target = tmp_path / "pictures" / f"class {label}" / f"{place:03}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(dataset.train.images[place, ..., 0]).save(target)
    words = ["tune", "--data", str(tmp_path / "pictures"), "--out", str(tmp_path / "search")]
    words += ["--epochs", "1", "--max-size", "200"]
    main([*words, "--trials", "2", "--workers", "2"])
    first = load_outcomes(tmp_path / "search" / "trials")
    assert len(first) == 2
    assert {outcome.worker for outcome in first} <= {"worker1", "worker2"}
    main([*words, "--trials", "3"])
    again = load_outcomes(tmp_path / "search" / "trials")
    assert again[:2] == first
    assert len(again) == 3
    assert "of 3 trials" in capfd.readouterr().out
    assert main([*words, "--trials", "3", "--seed", "5"]) == 1
