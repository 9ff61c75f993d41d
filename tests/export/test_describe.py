"""Adding the content digest to an artifact from before there was one."""

import json
import zipfile
from pathlib import Path

import pytest

from edge_runtime.formats.description import MEMBER, find_description
from edge_runtime.formats.metadata import read_metadata
from edge_runtime.formats.model_file import load_model_file
from export.describe import main

FIXTURES = Path(__file__).parents[1] / "fixtures"


def test_an_old_artifact_gets_its_digest_and_keeps_its_network(tmp_path: Path) -> None:
    path = tmp_path / "old.tflite"
    found = find_description(load_model_file(FIXTURES / "tiny_fp32.tflite"))
    assert found is not None
    network = bytes(found.model[0])
    document = json.loads(found.document)
    del document["content_sha256"]
    path.write_bytes(network)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(MEMBER, json.dumps(document))
    assert main([str(path)]) == 0
    assert path.read_bytes() == (FIXTURES / "tiny_fp32.tflite").read_bytes()
    assert path.read_bytes().startswith(network)


@pytest.mark.parametrize("name", ["tiny_fp32.onnx", "tiny_static_int8.tflite"])
def test_describing_twice_changes_nothing(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes((FIXTURES / name).read_bytes())
    assert main([str(path)]) == 0
    assert path.read_bytes() == (FIXTURES / name).read_bytes()
    assert read_metadata(path) == read_metadata(FIXTURES / name)


def test_wrong_use_and_failure_have_their_exit_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2
    assert main([str(tmp_path / "missing.tflite")]) == 1
    assert "no such file" in capsys.readouterr().err
