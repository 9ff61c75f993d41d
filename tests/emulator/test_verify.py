"""The table of released files on processors: its command, its record, and the committed one."""

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from emulator.processors import PROCESSORS, X86_LEVELS
from emulator.verify import Outcome, find_version, list_cells, list_released
from emulator.verify_report import RECORD, hash_code

_CHECKOUT = Path(__file__).resolve().parents[2]
_NANO = _CHECKOUT / "models" / "nano"
_PAGE = "before\n<!-- processors -->\nold\n<!-- /processors -->\nafter\n"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("samples") / "samples.npz"
    with np.load(_CHECKOUT / "tests" / "fixtures" / "fashion_mnist_sample.npz") as held:
        np.savez(path, images=held["test_images"], labels=held["test_labels"])
    return path


def verify(folder: Path, *arguments: Path | str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emulator", "verify"]
    return subprocess.run(
        [*command, "--record", folder / "record.json", *arguments],
        cwd=_CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_differing_labels_are_counted_by_image() -> None:
    one = Outcome("", 10, {"2": 4, "5": 1})
    other = Outcome("", 10, {"2": 6, "5": 1, "9": 0})
    assert one.count_differences(other) == other.count_differences(one) == 2
    assert one.accuracy == 0.8


def test_the_host_is_verified_and_found_in_the_record_again(tmp_path: Path, samples: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(_PAGE)
    chosen: list[Path | str] = [_NANO / "fashion-nano_qat_int8.onnx", "--processor", "host"]
    chosen += ["--samples", samples, "--images", "20"]
    first = verify(tmp_path, *chosen, "--write", page)
    assert first.returncode == 0, first.stderr
    assert "0 of 1 are recorded" in first.stderr
    text = page.read_text()
    assert "| `fashion-nano_qat_int8.onnx` | onnx | ✓ " in text
    assert text.startswith("before\n<!-- processors -->\n✓: ")
    assert text.endswith("|\n<!-- /processors -->\nafter\n")
    again = verify(tmp_path, *chosen, "--json")
    assert "1 of 1 are recorded" in again.stderr
    (cell,) = json.loads(again.stdout)["cells"]
    assert (cell["passed"], cell["labels_unlike_host"]) == (True, 0)
    fewer = verify(tmp_path, *chosen, "--images", "10")
    assert "0 of 1 are recorded" in fewer.stderr


def test_a_refused_file_fails_with_its_reason(tmp_path: Path, samples: Path) -> None:
    damaged = tmp_path / "damaged.onnx"
    content = bytearray((_NANO / "fashion-nano_qat_int8.onnx").read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged.write_bytes(content)
    done = verify(tmp_path, damaged, "--processor", "host", "--samples", samples, "--images", "5")
    assert done.returncode == 1
    assert "| `damaged.onnx` | onnx | FAILED (1) |" in done.stdout
    assert "1. ArtifactError: " in done.stdout


def test_files_of_equal_content_share_a_row(tmp_path: Path, samples: Path) -> None:
    for name in ("one.tflite", "two.tflite"):
        shutil.copy(_NANO / "fashion-nano_qat_int8.tflite", tmp_path / name)
    chosen: list[Path | str] = [
        tmp_path,
        "--processor",
        "host",
        "--samples",
        samples,
        "--images",
        "5",
    ]
    done = verify(tmp_path, *chosen)
    assert done.stdout.count("`one.tflite` = `two.tflite`") == done.stdout.count("✓ ")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--images", "401"], "pass --images 400 or less"),
        (["--images", "0"], "expected a whole number from 1"),
        (["--write", "nowhere.md"], "nowhere.md cannot be read"),
        (["--write", "LICENSE"], "add these two lines"),
    ],
)
def test_wrong_use_is_told_before_anything_runs(
    tmp_path: Path, samples: Path, arguments: list[str], message: str
) -> None:
    done = verify(tmp_path, _NANO, "--processor", "host", "--samples", samples, *arguments)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_record_is_told(tmp_path: Path, samples: Path) -> None:
    (tmp_path / "record.json").write_text('{"cell": 1}')
    done = verify(tmp_path, _NANO, "--processor", "host", "--samples", samples)
    assert done.returncode == 1
    assert "record.json is not a record of outcomes: remove it" in done.stderr


def test_the_digest_of_our_code_is_stable() -> None:
    known = hash_code()
    hash_code.cache_clear()
    assert hash_code() == known


def test_the_committed_record_is_of_the_released_files() -> None:
    known = json.loads(RECORD.read_text(encoding="utf-8"))
    released = {sha256(path.read_bytes()).hexdigest(): path for path in list_released()}
    emulated = [name for name in PROCESSORS if name != "host"]
    expected = {
        f"{cell.runtime} {cell.processor} {sha256(cell.artifact.read_bytes()).hexdigest()}"
        for cell in list_cells(list(released.values()), emulated)
        if cell.processor not in X86_LEVELS or find_version(cell.runtime, cell.processor)
    }
    recorded = {
        f"{' '.join(name.split()[1:])} {entry['basis']['artifact']}"
        for name, entry in known.items()
        if not entry["outcome"]["problem"]
    }
    assert expected <= recorded, (
        "run: python -m emulator verify --write docs/compatibility.md, and commit what it changes"
    )


@pytest.mark.emulated
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("emulation", "x86_emulation")
def test_the_smallest_release_verifies_on_every_processor(tmp_path: Path, samples: Path) -> None:
    done = verify(tmp_path, _NANO, "--samples", samples, "--images", "100", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    cells = json.loads(done.stdout)["cells"]
    assert {cell["processor"] for cell in cells} == set(PROCESSORS)
    assert max(cell["labels_unlike_host"] for cell in cells) <= 1
