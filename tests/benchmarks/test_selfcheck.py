"""The self-check's options; the check itself is run by hand and its output kept."""

from pathlib import Path

import pytest

from benchmarks.cli.main import main


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--tries", "0", "--detections", "0"], "nothing to check"),
        (["--tries", "-1"], "must not be negative"),
        (["--factor", "1.0"], "be above 1"),
        (["--factor", "nan"], "be above 1 and finite"),
    ],
)
def test_a_check_that_could_not_fail_is_refused(
    toy_folder: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["selfcheck", "--artifacts", str(toy_folder), *words]) == 2
    assert message in capsys.readouterr().err
