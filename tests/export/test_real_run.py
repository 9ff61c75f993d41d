"""The promise on the real data: static int8 within 0.3 points of the float model."""

import subprocess
import sys
from pathlib import Path

import pytest

from edge_runtime.document import from_json
from export.command_line import main
from export.manifest import Manifest

MOST_DROP_POINTS = 0.3
FLOAT_TOLERANCE = 1e-4


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_static_int8_of_the_seed_cnn_keeps_its_accuracy(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "fashion-cnn"
    command = [sys.executable, "-m", "train", "--run", str(run), "--epochs", "2"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    recipes = "fp32,static_int8,dynamic_int8,fp16"
    out = tmp_path / "artifacts"
    assert main(["--run", str(run), "--out", str(out), "--recipes", recipes, "--quiet"]) == 0
    manifest = from_json(Manifest, (out / "manifest.json").read_bytes(), "manifest.json")
    assert manifest.verified_on.count == 10_000
    for entry in manifest.artifacts:
        for finding in entry.findings:
            assert finding.comparison is not None, finding.reason
            assert -100 * finding.comparison.difference <= MOST_DROP_POINTS, entry.file
            if entry.precision == "fp32":
                assert finding.comparison.largest_error <= FLOAT_TOLERANCE
