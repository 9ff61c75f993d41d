"""What leaves the checkout: the wheel, and what importing it costs."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FRAMEWORKS = {
    "tensorflow",
    "keras",
    "onnx",
    "onnxruntime",
    "tflite_runtime",
    "ai_edge_litert",
    "PIL",
    "matplotlib",
}


def test_importing_the_runtime_loads_no_framework_and_no_interpreter() -> None:
    script = (
        "import sys, edge_runtime; edge_runtime.Classifier;"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "edge_runtime" in loaded
    assert FRAMEWORKS.isdisjoint(loaded)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # No isolation: the build backend is part of the development environment, so no network.
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        capture_output=True,
        check=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_runtime_alone(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
        metadata = archive.read(
            next(name for name in archive.namelist() if name.endswith("METADATA"))
        )
    assert {top for top in tops if not top.endswith(".dist-info")} == {"edge_runtime"}
    required = [
        line
        for line in metadata.decode().splitlines()
        if line.startswith("Requires-Dist") and "extra ==" not in line
    ]
    assert required == ["Requires-Dist: numpy>=1.26"]


def test_the_wheel_is_small_enough_for_a_board(wheel: Path) -> None:
    assert wheel.stat().st_size < 1_000_000


def test_clean_removes_the_demos_folders_and_nobody_elses() -> None:
    command = subprocess.run(
        ["make", "--dry-run", "clean"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"runs/fashion-cnn", "artifacts/fashion-cnn", "report/fashion-cnn"} <= set(command)
    assert {"runs", "artifacts", "report"}.isdisjoint(word.rstrip("/") for word in command)
