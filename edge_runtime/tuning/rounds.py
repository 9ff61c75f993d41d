"""The order of processes: rounds that interleave all cases, then repetitions of disturbed ones."""

import math
import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from edge_runtime.measurement.records import Refusal, TrialOutcome, TrialResult
from edge_runtime.tuning.disturbance import find_calm_yardstick, is_disturbed

CaseKey = TypeVar("CaseKey", bound=Hashable)
# Fewer than two give no interval.
_LEAST_CALM = 2
Progress = Callable[[str, int, int], None]
"""Told what is going on, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Process:
    """One fresh process of one case.

    Attributes:
        round: Which turn of its case this was, from 1; turns after the plan's are repetitions.
        place: In the order of the whole run, from 1.
        disturbed: The processor was held back, see `edge_runtime.tuning.disturbance`; not in the
            summary if enough others are there.
        result: What it measured.
    """

    round: int
    place: int
    disturbed: bool
    result: TrialResult


@dataclass(frozen=True, slots=True)
class Turn:
    """One process that ran: which turn of its case, which of all, and its outcome."""

    round: int
    place: int
    outcome: TrialOutcome


def choose_processes(processes: Sequence[Process]) -> Sequence[Process]:
    """The undisturbed processes, or all where fewer than two of them are undisturbed."""
    calm = [process for process in processes if not process.disturbed]
    return calm if len(calm) >= min(_LEAST_CALM, len(processes)) else processes


class Rounds(Generic[CaseKey]):
    """Runs cases round by round and remembers every outcome."""

    def __init__(
        self, run_case: Callable[[CaseKey], TrialOutcome], seed: int, progress: Progress
    ) -> None:
        self._run_case = run_case
        self._shuffler = random.Random(seed)
        self._progress = progress
        self._turns: dict[CaseKey, list[Turn]] = defaultdict(list)
        self._place = 0

    def run(self, cases: Sequence[CaseKey], rounds: int) -> None:
        """Run each case once a round, in a new order each time: drift then falls on all alike."""
        total = rounds * len(cases)
        for done in range(total):
            if done % len(cases) == 0:
                order = self._shuffler.sample(list(cases), len(cases))
            self._progress("latency", done, total)
            self._take_turn(order[done % len(cases)])
        self._progress("latency", total, total)

    def repeat_disturbed(self, cases: Sequence[CaseKey], rounds: int, share: float) -> None:
        """Run again what was disturbed, until each case has its rounds or the share is used up."""
        budget = math.ceil(share * rounds * len(cases))
        done = 0
        while done < budget and (lacking := self._find_lacking(cases, rounds)):
            for case in self._shuffler.sample(lacking, len(lacking))[: budget - done]:
                self._progress("repeating", done, budget)
                self._take_turn(case)
                done += 1
        if done:
            self._progress("repeating", done, done)

    def processes_of(self, case: CaseKey) -> tuple[Process, ...]:
        """What every process of a case measured, disturbed ones marked."""
        calm = find_calm_yardstick(self._results())
        return tuple(
            Process(turn.round, turn.place, is_disturbed(result, calm), result)
            for turn in self._turns.get(case, [])
            if (result := turn.outcome.result) is not None
        )

    def refusal_of(self, case: CaseKey) -> Refusal | None:
        """Why a process of this case gave no result; None where all did."""
        refusals = (turn.outcome.refusal for turn in self._turns.get(case, []))
        return next((refusal for refusal in refusals if refusal is not None), None)

    def _take_turn(self, case: CaseKey) -> None:
        self._place += 1
        turns = self._turns[case]
        turns.append(Turn(len(turns) + 1, self._place, self._run_case(case)))

    def _find_lacking(self, cases: Sequence[CaseKey], rounds: int) -> list[CaseKey]:
        return [
            case
            for case in cases
            if self.refusal_of(case) is None
            and sum(not process.disturbed for process in self.processes_of(case)) < rounds
        ]

    def _results(self) -> list[TrialResult]:
        return [
            turn.outcome.result
            for turns in self._turns.values()
            for turn in turns
            if turn.outcome.result is not None
        ]
