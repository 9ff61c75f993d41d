"""Doctor's judgement of machines that are not here, from facts made up for the purpose."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from edge_runtime import __version__
from edge_runtime.backends.probe import probe_backend
from edge_runtime.backends.registry import PREFERENCE, BackendStatus, load_backend
from edge_runtime.cli.doctor import format_diagnosis
from edge_runtime.cli.main import run_command_line
from edge_runtime.diagnosis.facts import Facts, gather_facts
from edge_runtime.diagnosis.int8 import judge_int8
from edge_runtime.diagnosis.problems import find_problems, recommend_extra
from edge_runtime.measurement.host import Host, Package, Sensors
from edge_runtime.measurement.simd import Simd
from tests.edge_runtime.conftest import WriteArtifact

AVX2 = Simd("x86-64-v3", (), False)
AVX_VNNI = Simd("x86-64-v3", ("avx_vnni",), True)
AVX512 = Simd("x86-64-v4", (), False)
SSE4 = Simd("x86-64-v2", (), False)
NEON = Simd("neon", (), False)
DOT_PRODUCT = Simd("neon", ("asimddp", "fphp"), True)
WHEEL = f"./edge_runtime-{__version__}-py3-none-any.whl"
COOL = Sensors("performance", 2400.0, 2400.0, 48.0, 0, None, 0.1, 10.0, 0.0)


def statuses(*working: str) -> tuple[BackendStatus, ...]:
    return tuple(
        BackendStatus(
            name,
            load_backend(name).package,
            load_backend(name).formats,
            "1.0" if name in working else None,
            None if name in working else "it is not installed",
        )
        for name in PREFERENCE
    )


def build_facts(**changes: Any) -> Facts:
    """A Raspberry Pi 5 as it should be, but for the changes."""
    simd = changes.pop("simd", DOT_PRODUCT)
    host = Host(
        board="Raspberry Pi 5 Model B Rev 1.0",
        machine=changes.pop("machine", "aarch64"),
        processor="Cortex-A76",
        cores=4,
        flags=("asimddp",),
        memory_bytes=4 * 2**30,
        system="Debian GNU/Linux 13 (trixie)",
        kernel="6.12.25",
        libc="glibc 2.41",
        python="CPython 3.13.5",
        packages=tuple(
            Package(*name.split("==")) if "==" in name else Package(name, "1.0")
            for name in changes.pop("packages", ())
        ),
        simd=simd,
        clock_mhz=2400.0,
    )
    facts = Facts(
        host=host,
        sensors=COOL,
        runtimes=statuses("litert"),
        kernel_machine="aarch64",
        pointer_bits=64,
        python=(3, 13),
        implementation="CPython",
        is_free_threaded=False,
        executable="/home/pi/edge/bin/python",
        is_environment=True,
        is_externally_managed=True,
        libc="glibc",
        libc_version=(2, 41),
        numpy_version="2.3.5",
        pillow_version="12.0.0",
        available_memory_bytes=3 * 2**30,
        free_bytes=10 * 2**30,
        packages_folder="/home/pi/edge/lib/python3.13/site-packages",
    )
    return dataclasses.replace(facts, **changes)


BARE = {"runtimes": statuses()}
BOOKWORM_32 = {"pointer_bits": 32, "python": (3, 11), "libc_version": (2, 36)}


def test_a_good_board_has_no_problem() -> None:
    facts = build_facts()
    assert find_problems(facts) == ()
    text = format_diagnosis(facts, ())
    assert "Raspberry Pi 5" in text
    assert "48 °C" in text
    assert "NEON with dot product, float16" in text
    assert "2,400 MHz" in text
    assert "good since boot" in text
    assert text.endswith("models run here; no problems found")


@pytest.mark.parametrize(
    ("changes", "code", "severity", "message", "remedy"),
    [
        (
            BARE,
            "no-runtime",
            "error",
            "no runtime works",
            "/home/pi/edge/bin/python -m pip install 'edge-runtime[litert,image]'",
        ),
        (
            BARE | {"is_environment": False},
            "no-runtime",
            "error",
            "no runtime works",
            f"python3 -m venv ~/edge && ~/edge/bin/pip install '{WHEEL}[litert,image]'",
        ),
        (
            {"is_environment": False},
            "externally-managed",
            "note",
            "externally-managed-environment",
            "python3 -m venv ~/edge",
        ),
        (
            BARE | BOOKWORM_32,
            "32-bit",
            "error",
            "32-bit system under a 64-bit kernel (aarch64)",
            "pip install 'edge-runtime[tflite]'",
        ),
        (
            BARE | BOOKWORM_32 | {"is_environment": False},
            "no-runtime",
            "error",
            "no runtime works",
            "python3 -m venv --system-site-packages ~/edge && ~/edge/bin/pip install "
            f"'{WHEEL}[tflite,image]'",
        ),
        (
            BARE | {"pointer_bits": 32, "kernel_machine": "armv7l"},
            "32-bit",
            "error",
            "under a 32-bit kernel (armv7l)",
            "install the 64-bit Raspberry Pi OS",
        ),
        (
            BOOKWORM_32 | {"runtimes": statuses("tflite")},
            "32-bit",
            "note",
            "only tflite-runtime has wheels",
            "install the 64-bit Raspberry Pi OS",
        ),
        (
            BARE | {"pointer_bits": 32, "kernel_machine": "armv6l"},
            "armv6",
            "error",
            "ARMv6",
            "Raspberry Pi 3",
        ),
        (
            BARE | {"libc": "musl", "libc_version": ()},
            "musl",
            "error",
            "musl (Alpine Linux)",
            "use a system with glibc",
        ),
        (
            BARE | {"libc_version": (2, 31), "python": (3, 11)},
            "old-glibc",
            "error",
            "needs glibc 2.34 or newer, found 2.31",
            "pip install 'edge-runtime[onnx]'",
        ),
        (
            {"packages": ("tflite-runtime",)},
            "numpy-2",
            "warning",
            "finds numpy 2.3.5",
            "pip install 'numpy<2'",
        ),
        (
            {"packages": ("onnxruntime",)},
            "broken-runtime",
            "warning",
            "onnxruntime is installed but does not work",
            "pip uninstall onnxruntime",
        ),
        (BARE | {"python": (3, 15)}, "python", "error", "up to Python 3.14", "/usr/bin/python3"),
        (
            BARE | {"is_free_threaded": True},
            "python",
            "error",
            "free-threaded",
            "/usr/bin/python3",
        ),
        (
            BARE | {"implementation": "PyPy"},
            "python",
            "error",
            "wheels are for CPython",
            "/usr/bin/python3",
        ),
        (
            {"pillow_version": None},
            "no-pillow",
            "warning",
            "Pillow is missing",
            "pip install 'edge-runtime[image]'",
        ),
        (
            {"available_memory_bytes": 50 * 2**20},
            "memory",
            "warning",
            "only 50 MiB",
            "free -h",
        ),
        ({"free_bytes": 2**20}, "free-space", "warning", "only 1 MiB are free", "apt clean"),
        (
            {"sensors": dataclasses.replace(COOL, throttled=0x50005)},
            "throttled",
            "warning",
            "under-voltage, throttled now",
            "power supply",
        ),
        (
            {"sensors": dataclasses.replace(COOL, throttled=0x10000)},
            "throttled",
            "warning",
            "under-voltage since boot",
            "power supply",
        ),
        (
            {"sensors": dataclasses.replace(COOL, temperature_c=84.0)},
            "temperature",
            "warning",
            "84.0 °C",
            "cooler",
        ),
        ({"simd": NEON}, "int8-similar", "note", "no dot product", "edge-runtime tune"),
        (
            {"simd": AVX2, "machine": "x86_64"},
            "int8-slow",
            "note",
            "slower than float here",
            "edge-runtime tune",
        ),
        (
            {"simd": AVX512, "machine": "x86_64", "runtimes": statuses("litert", "onnx")},
            "int8-exact",
            "note",
            "session.x64quantprecision",
            "--fast-int8",
        ),
        # As it crashed on a Raspberry Pi 4, nothing but its version is known.
        (
            BARE | {"simd": NEON, "packages": ("onnxruntime==1.21.0",)},
            "known-failure",
            "warning",
            "onnxruntime 1.21.0 fails on 64-bit Arm processors without dot product",
            "/home/pi/edge/bin/python -m pip install 'onnxruntime>=1.22'",
        ),
    ],
)
def test_each_problem_has_its_remedy(
    changes: dict[str, Any], code: str, severity: str, message: str, remedy: str
) -> None:
    facts = build_facts(**changes)
    problems = find_problems(facts)
    (found,) = [problem for problem in problems if problem.code == code]
    assert found.severity == severity
    assert message in found.message
    assert remedy in found.remedy
    text = format_diagnosis(facts, problems)
    assert f"{severity}: {found.message}\n  do: {found.remedy}" in text
    assert ("NOT USABLE" in text) == (not facts.is_usable)


@pytest.mark.parametrize(
    ("changes", "extra"),
    [
        ({}, "litert"),
        ({"libc_version": (2, 31)}, "onnx"),
        ({"libc_version": (2, 27), "python": (3, 11)}, "tflite"),
        (BOOKWORM_32, "tflite"),
        ({"pointer_bits": 32}, None),
        ({"python": (3, 15)}, None),
        ({"libc": "musl", "libc_version": ()}, None),
        (BOOKWORM_32 | {"kernel_machine": "armv6l"}, None),
    ],
)
def test_the_runtime_to_install_follows_from_the_machine(
    changes: dict[str, Any], extra: str | None
) -> None:
    assert recommend_extra(build_facts(**changes)) == extra


def find_codes(**changes: Any) -> set[str]:
    return {problem.code for problem in find_problems(build_facts(**changes))}


def test_a_release_fails_only_where_it_is_known_to() -> None:
    broken = BARE | {"packages": ("onnxruntime==1.21.0",)}
    assert "broken-runtime" not in find_codes(**broken, simd=NEON)
    # Unknown instructions do not clear a board: the release does not run on most of them.
    assert "known-failure" in find_codes(**broken, simd=Simd())
    for changes in (
        {"simd": DOT_PRODUCT},
        {"simd": AVX2, "machine": "x86_64"},
        {"simd": NEON, "packages": ("onnxruntime==1.22.0",)},
        {"simd": NEON, "packages": ("onnxruntime==1.20.1",)},
    ):
        codes = find_codes(**(broken | changes))
        assert "known-failure" not in codes
        assert "broken-runtime" in codes


def test_int8_is_a_topic_only_where_the_processor_makes_it_one() -> None:
    both = statuses("litert", "onnx")
    assert find_codes(simd=DOT_PRODUCT, runtimes=both) == set()
    assert find_codes(simd=AVX_VNNI, machine="x86_64", runtimes=both) == set()
    assert find_codes(simd=Simd(), runtimes=both) == set()
    # One note is enough where both formats mean the same.
    assert find_codes(simd=NEON, runtimes=both) == {"int8-similar"}
    assert find_codes(simd=AVX2, machine="x86_64", runtimes=both) == {"int8-slow", "int8-exact"}
    assert find_codes(simd=AVX2, machine="x86_64") == {"int8-slow"}
    assert find_codes(simd=SSE4, machine="x86_64", runtimes=both) == {"int8-slow"}
    assert "int8-slow" not in find_codes(simd=AVX2, machine="x86_64", **BARE)


@pytest.mark.parametrize(
    ("machine", "simd", "model_format", "precision", "code"),
    [
        ("x86_64", AVX_VNNI, "tflite", "static_int8", "int8-fast"),
        ("x86_64", AVX_VNNI, "onnx", "static_int8", "int8-fast"),
        ("x86_64", AVX2, "tflite", "qat_int8", "int8-slow"),
        ("x86_64", AVX2, "tflite", "dynamic_int8", "int8-similar"),
        ("x86_64", AVX2, "onnx", "static_int8", "int8-exact"),
        ("x86_64", SSE4, "onnx", "static_int8", "int8-unknown"),
        ("aarch64", NEON, "tflite", "static_int8", "int8-similar"),
        ("aarch64", DOT_PRODUCT, "tflite", "static_int8", "int8-fast"),
        ("aarch64", Simd(), "tflite", "static_int8", "int8-unknown"),
    ],
)
def test_what_int8_means_follows_from_processor_format_and_precision(
    machine: str, simd: Simd, model_format: Any, precision: Any, code: str
) -> None:
    host = build_facts(machine=machine, simd=simd).host
    assert judge_int8(host, model_format, precision).code == code


def test_problems_come_worst_first() -> None:
    facts = build_facts(**BARE, pillow_version=None, is_environment=False)
    severities = [problem.severity for problem in find_problems(facts)]
    assert severities == ["error", "warning", "note"]


def test_the_governor_is_no_problem_of_daily_use() -> None:
    assert find_problems(build_facts(sensors=dataclasses.replace(COOL, governor="ondemand"))) == ()


def test_this_machine_is_judged_in_text_and_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    facts = gather_facts()
    assert facts.is_usable
    assert facts.host.python.split()[1].startswith(".".join(map(str, facts.python)))
    assert run_command_line(["doctor", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["usable"]
    assert {one["name"] for one in document["runtimes"]} == set(PREFERENCE)


def test_free_space_is_told_where_nothing_was_ever_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As on a fresh Debian: pip makes dist-packages with its first package.
    missing = tmp_path / "lib" / "dist-packages"
    monkeypatch.setattr("sysconfig.get_path", lambda *_: str(missing))
    facts = gather_facts()
    assert facts.free_bytes > 0
    assert facts.packages_folder == str(missing)


def test_a_runtime_that_kills_its_process_is_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for signal, message in (
        ("SIGILL", "an instruction that this processor lacks"),
        ("SIGSEGV", "ends the process when it is tried (SIGSEGV)"),
    ):
        monkeypatch.setattr(
            "edge_runtime.backends.probe._QUESTION",
            f"import os, signal; os.kill(os.getpid(), signal.{signal})",
        )
        status = probe_backend("litert")
        assert status.version is None
        assert message in (status.reason or "")


def test_a_folder_with_modules_of_somebody_s_own_does_not_matter(
    tmp_path: Path, write_artifact: WriteArtifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    # numpy imports random: what a folder holds by that name would take its place.
    (tmp_path / "random.py").write_text("raise SystemExit('my own random.py')")
    monkeypatch.chdir(tmp_path)
    assert probe_backend("fake").version is not None
    assert probe_backend("fake", write_artifact().name).version is not None
