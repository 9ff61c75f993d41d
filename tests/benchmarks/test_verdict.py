"""The verdict: each reason on its own, from made-up machines."""

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.plan import PLANS
from benchmarks.results import CaseRecord, Conditions, Verdict
from benchmarks.summary import summarize
from benchmarks.verdict import judge_run
from edge_runtime.measurement.host import Sensors
from edge_runtime.tuning.rounds import Process
from tests.benchmarks.scripted import build_trial_result

CALM = Sensors(
    governor="performance",
    clock_mhz=2400.0,
    max_clock_mhz=2400.0,
    temperature_c=51.0,
    throttled=0,
    power_w=None,
    load_1min=0.1,
    busy_cpu_s=100.0,
    stolen_cpu_s=0.0,
)
STEADY = Conditions(
    before=CALM,
    after=CALM,
    elapsed_s=60.0,
    others_cpu_share=0.01,
    stolen_cpu_share=0.0,
    bare_memory_bytes=9_000_000,
    harness=None,
)


def build_case(medians: list[int], yardsticks: list[int] | None = None) -> CaseRecord:
    yardsticks = yardsticks or [250_000] * len(medians)
    processes = tuple(
        Process(place, place, False, build_trial_result((centre,) * 100, yardstick))
        for place, (centre, yardstick) in enumerate(zip(medians, yardsticks, strict=True), 1)
    )
    summary = summarize(processes, 9_000_000)
    return CaseRecord("a.tflite", "litert", "1", 1, "measured", None, summary, processes)


GOOD = [build_case([30_000, 30_300, 29_900, 30_100, 30_200])]


def judge(conditions: Conditions, cases: list[CaseRecord] = GOOD) -> Verdict:
    return judge_run(conditions, cases, PLANS["standard"])


def codes(verdict: Verdict) -> set[str]:
    return {finding.code for finding in verdict.findings}


def test_a_steady_machine_is_valid() -> None:
    verdict = judge(STEADY)
    assert verdict.valid
    assert verdict.findings == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"throttled": 0x50005}, "throttled"),
        ({"throttled": 0x10000}, "throttled"),
        ({"clock_mhz": 1500.0}, "clock-drop"),
        ({"temperature_c": 83.0}, "temperature"),
    ],
)
def test_a_board_that_suffers_is_invalid(change: dict[str, Any], code: str) -> None:
    verdict = judge(replace(STEADY, after=replace(CALM, **change)))
    assert not verdict.valid
    assert codes(verdict) == {code}
    assert all(finding.next_step for finding in verdict.findings)


def test_what_happened_before_this_run_is_told_apart() -> None:
    old = replace(CALM, throttled=0x10000)
    messages = [f.message for f in judge(replace(STEADY, before=old, after=old)).findings]
    assert "since boot" in messages[0]


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        (replace(STEADY, before=replace(CALM, governor="ondemand")), "governor"),
        (replace(STEADY, others_cpu_share=0.4), "other-processes"),
        (replace(STEADY, stolen_cpu_share=0.1), "stolen-time"),
    ],
)
def test_a_busy_machine_is_invalid(conditions: Conditions, code: str) -> None:
    verdict = judge(conditions)
    assert not verdict.valid
    assert codes(verdict) == {code}


def test_one_restless_case_warns_and_many_spoil() -> None:
    restless = build_case([30_000, 45_000, 30_000])
    one_of_many = judge(STEADY, [*GOOD * 5, restless])
    assert one_of_many.valid
    assert codes(one_of_many) == {"spread"}
    assert not judge(STEADY, [restless]).valid


def test_few_samples_are_invalid() -> None:
    result = build_trial_result((30_000,) * 5)
    processes = tuple(Process(n, n, False, result) for n in (1, 2, 3))
    case = replace(GOOD[0], summary=summarize(processes, None), processes=processes)
    assert "few-samples" in codes(judge(STEADY, [case]))


def test_a_run_that_measured_nothing_is_invalid() -> None:
    refused = replace(GOOD[0], status="refused", reason="no kernel", summary=None, processes=())
    verdict = judge(STEADY, [refused])
    assert not verdict.valid
    assert codes(verdict) == {"few-samples"}


def test_a_processor_that_slows_down_is_found_without_a_sensor() -> None:
    slowing = build_case([30_000] * 8, [250_000] * 4 + [330_000] * 4)
    assert "drift" in codes(judge(STEADY, [slowing]))


def test_a_machine_without_sensors_says_so() -> None:
    blind = replace(CALM, governor=None, clock_mhz=None, temperature_c=None, throttled=None)
    verdict = judge(replace(STEADY, before=blind, after=blind))
    assert verdict.valid
    assert [(f.severity, f.code) for f in verdict.findings] == [("note", "sensors")]


def test_quick_says_that_it_is_quick() -> None:
    verdict = judge_run(STEADY, GOOD, PLANS["quick"])
    assert "quick" in codes(verdict)
