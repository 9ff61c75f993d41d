"""Rounds and repetitions, with a machine that is disturbed when the test says so."""

from collections.abc import Callable
from dataclasses import replace

from edge_runtime.measurement.records import SCHEMA_VERSION, Refusal, TrialOutcome
from edge_runtime.tuning.rounds import Rounds
from tests.benchmarks.scripted import build_trial_result


def silent(stage: str, done: int, total: int) -> None:
    assert done <= total, stage


def answer_with(yardstick: Callable[[int], int]) -> tuple[Callable[[str], TrialOutcome], list[str]]:
    asked: list[str] = []

    def run_case(case: str) -> TrialOutcome:
        asked.append(case)
        result = build_trial_result((30_000,) * 10, yardstick(len(asked)))
        return TrialOutcome(SCHEMA_VERSION, result, None)

    return run_case, asked


def test_calm_runs_are_not_repeated() -> None:
    run_case, asked = answer_with(lambda _: 250_000)
    rounds = Rounds(run_case, seed=1, progress=silent)
    rounds.run(["a", "b"], 3)
    rounds.repeat_disturbed(["a", "b"], 3, share=1.0)
    assert len(asked) == 6
    assert not any(process.disturbed for process in rounds.processes_of("a"))


def test_disturbed_processes_stay_and_are_run_again() -> None:
    # The second of every case's three rounds runs beside a noisy neighbour.
    run_case, asked = answer_with(lambda n: 400_000 if n in (3, 4) else 250_000)
    rounds = Rounds(run_case, seed=1, progress=silent)
    rounds.run(["a", "b"], 3)
    rounds.repeat_disturbed(["a", "b"], 3, share=1.0)
    assert len(asked) == 8
    processes = rounds.processes_of("a")
    assert [process.disturbed for process in processes] == [False, True, False, False]
    assert [process.round for process in processes] == [1, 2, 3, 4]
    assert len({p.place for case in "ab" for p in rounds.processes_of(case)}) == 8


def test_repetition_ends_when_its_share_is_used_up() -> None:
    run_case, asked = answer_with(lambda n: 250_000 if n <= 3 else 400_000)
    rounds = Rounds(run_case, seed=1, progress=silent)
    rounds.run(["a", "b"], 4)
    rounds.repeat_disturbed(["a", "b"], 4, share=0.5)
    assert len(asked) == 8 + 4


def test_a_moment_of_boost_does_not_make_the_rest_look_disturbed() -> None:
    run_case, asked = answer_with(lambda n: 200_000 if n == 2 else 250_000)
    rounds = Rounds(run_case, seed=1, progress=silent)
    rounds.run(["a"], 8)
    rounds.repeat_disturbed(["a"], 8, share=1.0)
    assert len(asked) == 8


def test_a_case_that_refuses_is_not_repeated() -> None:
    refusal = TrialOutcome(SCHEMA_VERSION, None, Refusal("Crashed", "SIGILL"))
    rounds: Rounds[str] = Rounds(lambda _: refusal, seed=1, progress=silent)
    rounds.run(["a"], 3)
    rounds.repeat_disturbed(["a"], 3, share=1.0)
    assert rounds.processes_of("a") == ()
    assert rounds.refusal_of("a") == Refusal("Crashed", "SIGILL")


def test_a_result_without_a_yardstick_counts_as_calm() -> None:
    result = replace(
        build_trial_result((30_000,)), yardstick_before_ns=None, yardstick_after_ns=None
    )
    outcome = TrialOutcome(SCHEMA_VERSION, result, None)
    rounds: Rounds[str] = Rounds(lambda _: outcome, seed=1, progress=silent)
    rounds.run(["a"], 2)
    assert not any(process.disturbed for process in rounds.processes_of("a"))
