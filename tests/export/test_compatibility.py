"""The page that says what runs where."""

from pathlib import Path

import numpy as np
import pytest

from export.compatibility import RuntimeVersion, describe_origin, format_page, main, place_page
from export.manifest import Manifest
from export.verification import Replay

OLD = RuntimeVersion("tflite", "tflite-runtime", "2.14.0")
NEWER = RuntimeVersion("onnx", "onnxruntime", "9.9")
NEW = RuntimeVersion("litert", "ai-edge-litert", "2.3.0")


def test_page_shows_what_ran_and_why_not() -> None:
    scores = np.eye(4, dtype=np.float32)
    results = [
        (OLD, "m_fp32.tflite", Replay("tflite", "tflite-runtime 2.14.0", scores)),
        (OLD, "m_dynamic_int8.tflite", Replay("tflite", "tflite-runtime", None, "too old")),
        (NEW, "m_fp32.tflite", Replay("litert", "ai-edge-litert 2.3.0", scores)),
        (NEW, "m_dynamic_int8.tflite", Replay("litert", "ai-edge-litert 2.3.0", scores)),
    ]
    folder = Path("somewhere/m")
    page = format_page({folder: results}, {folder: "Made of wood."}, [NEWER])
    assert "## m\n\nMade of wood.\n\n### .tflite" in page
    assert "not tried: onnxruntime 9.9." in page
    assert "| tflite-runtime 2.14.0 | ✓ | no (1) |" in page
    assert "| ai-edge-litert 2.3.0 | ✓ | ✓ |" in page
    assert "1. too old" in page
    assert "somewhere" not in page


def test_the_rest_of_a_document_with_marks_stays() -> None:
    present = "a\n<!-- runtimes -->\nold\n<!-- /runtimes -->\nz\n"
    assert place_page("new\n", present) == present.replace("old", "new")
    assert place_page("new\n", "something else") == "new\n"


def test_a_model_with_an_underscore_in_its_name_keeps_its_columns() -> None:
    replay = Replay("litert", "ai-edge-litert 2.3.0", np.eye(4, dtype=np.float32))
    results = [(NEW, f"my_model_{recipe}.tflite", replay) for recipe in ("fp32", "static_int8")]
    page = format_page({Path("m"): results}, {Path("m"): "Made of wood."})
    assert "| runtime | fp32 | static_int8 |" in page


def test_a_folder_that_no_export_made_is_wrong_use(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 2
    assert main([]) == 2


def test_a_damaged_manifest_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "evaluation.npz").touch()
    (tmp_path / "manifest.json").write_text("{}")
    assert main([str(tmp_path)]) == 1
    assert "manifest.json" in capsys.readouterr().err


def test_damaged_pictures_are_told_before_anything_is_installed(
    artifacts: tuple[Path, Manifest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_bytes((artifacts[0] / "manifest.json").read_bytes())
    (tmp_path / "evaluation.npz").write_bytes(b"PK\x03\x04 broken")
    assert main([str(tmp_path), "--environments", str(tmp_path / "none")]) == 1
    assert "evaluation.npz is no .npz file" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_without_any_runtime_an_earlier_page_stays(
    artifacts: tuple[Path, Manifest],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("export.compatibility.make_environment", lambda *_: None)
    page = tmp_path / "page.md"
    page.write_text("what was tried last year")
    assert main([str(artifacts[0]), "--out", str(page)]) == 1
    assert "nothing was tried" in capsys.readouterr().err
    assert page.read_text() == "what was tried last year"


def test_origin_names_target_and_versions(artifacts: tuple[Path, Manifest]) -> None:
    said = describe_origin(artifacts[0])
    assert "`tiny-cnn`, exported for the target `any` with TensorFlow 2." in said
