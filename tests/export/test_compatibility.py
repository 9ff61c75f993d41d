"""The page that says what runs where."""

from pathlib import Path

import numpy as np

from export.compatibility import RuntimeVersion, format_page, main
from export.verification import Replay

OLD = RuntimeVersion("tflite", "tflite-runtime", "2.14.0")
NEW = RuntimeVersion("litert", "ai-edge-litert", "2.3.0")


def test_page_shows_what_ran_and_why_not() -> None:
    scores = np.eye(4, dtype=np.float32)
    results = [
        (OLD, "m_fp32.tflite", Replay("tflite", "tflite-runtime 2.14.0", scores)),
        (OLD, "m_dynamic_int8.tflite", Replay("tflite", "tflite-runtime", None, "too old")),
        (NEW, "m_fp32.tflite", Replay("litert", "ai-edge-litert 2.3.0", scores)),
        (NEW, "m_dynamic_int8.tflite", Replay("litert", "ai-edge-litert 2.3.0", scores)),
    ]
    page = format_page({Path("somewhere/m"): results})
    assert "| tflite-runtime 2.14.0 | ✓ | no (1) |" in page
    assert "| ai-edge-litert 2.3.0 | ✓ | ✓ |" in page
    assert "1. too old" in page
    assert "somewhere" not in page


def test_a_folder_that_no_export_made_is_wrong_use(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 2
    assert main([]) == 2
