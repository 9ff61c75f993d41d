"""The options of the instruction counter; its arithmetic is tested beside the emulated boards."""

import pytest

from benchmarks.instructions.__main__ import main


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--jobs", "0"], "expected a whole number from 1, found '0'"),
        (["--jobs", "-2"], "expected a whole number from 1, found '-2'"),
        (["--runs", "0"], "expected a whole number from 1, found '0'"),
        (["--tolerance", "nan"], "expected percent from 0, such as 3; found 'nan'"),
        (["--tolerance", "inf"], "found 'inf'"),
        (["--tolerance", "-1"], "found '-1'"),
        (["--tolerance", "much"], "found 'much'"),
    ],
)
def test_options_that_make_no_sense_are_wrong_use(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["m.tflite", *words])
    assert left.value.code == 2
    assert message in capsys.readouterr().err
