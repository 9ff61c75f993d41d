"""Instructions per inference, counted on emulated processors and held against the reference."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.emulated, pytest.mark.timeout(900), pytest.mark.usefixtures("emulation")]

_CHECKOUT = Path(__file__).resolve().parents[2]
# In the repository, so that the reference is for these very files.
_MODELS = _CHECKOUT / "edge_runtime" / "models"


def count(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.instructions", str(_MODELS), *arguments]
    return subprocess.run(
        [*command, "--runs", "1", "--jobs", "1"],
        cwd=_CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("processor", ["cortex-a53", "cortex-a72", "cortex-a76"])
def test_no_model_became_dearer_than_the_reference_allows(processor: str) -> None:
    done = count("--processor", processor, "--check", "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["counts"]
    assert {one["runtime"] for one in counts} == {"litert", "tflite", "onnx"}


def test_a_dearer_model_is_a_finding(tmp_path: Path) -> None:
    reference = json.loads((_CHECKOUT / "benchmarks/instructions/reference.json").read_text())
    for one in reference["counts"]:
        one["instructions"] /= 2
    changed = tmp_path / "reference.json"
    changed.write_text(json.dumps(reference))
    chosen = ["--processor", "cortex-a76", "--runtime", "litert"]
    done = count(*chosen, "--check", "--reference", str(changed))
    assert done.returncode == 1
    assert "regression: default.tflite on litert on cortex-a76" in done.stderr
