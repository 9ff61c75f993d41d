"""The README's table comes from a judged run, and this repository's README is what its run says."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.cli.main import main
from benchmarks.report.markdown import format_report
from benchmarks.report.page import format_page
from benchmarks.report.readme import BEGIN, END, format_section
from benchmarks.report.units import format_us
from benchmarks.results import load_results, save_results
from edge_runtime.measurement.simd import Simd

V4 = (
    "sse sse2 cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3 abm avx avx2 bmi1 bmi2 f16c fma movbe "
    "xsave avx512bw avx512cd avx512dq avx512f avx512vl avx512_vnni"
)
ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
QUOTED = re.compile(r"\[results\.json\]\((benchmarks/reference/[^)]+)\)")


def find_quoted() -> Path:
    """The results that the repository's README links to, between its markers."""
    section = README.read_text().partition(BEGIN)[2].partition(END)[0]
    (link,) = QUOTED.findall(section)
    return ROOT / str(link)


def test_the_readme_says_what_the_committed_results_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["readme", str(find_quoted()), "--check"]) == 0


def test_a_table_is_written_between_the_markers_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("PAGE.md")
    file.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    words = ["readme", str(find_quoted()), "--file", "PAGE.md", "--figure", "pictures/a.png"]
    assert main([*words, "--check"]) == 1
    assert "old" in file.read_text()
    assert main(words) == 0
    text = file.read_text()
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "| fashion-cnn_static_int8.tflite" in text
    assert "(pictures/a.png)" in text
    assert "old" not in text
    assert Path("pictures/a.png").read_bytes().startswith(b"\x89PNG")
    assert main([*words, "--check"]) == 0


def test_the_caption_tells_processors_of_one_name_apart() -> None:
    results = load_results(find_quoted())
    zen_3 = Simd("x86-64-v3", (), False)
    host = replace(
        results.host,
        board=None,
        processor="AMD EPYC",
        machine="x86_64",
        cores=2,
        flags=tuple(V4.split()),
        simd=zen_3,
        clock_mhz=2450.0,
    )
    for told, shown in (
        (host, "AMD EPYC (2 cores, x86-64-v3 without VNNI, 2.45 GHz)"),
        # Older documents hold neither; the flags that they hold tell the level.
        (replace(host, simd=None, clock_mhz=None), "AMD EPYC (2 cores, x86-64-v4 with VNNI)"),
        (replace(host, simd=None, clock_mhz=None, flags=()), "AMD EPYC (2 cores)"),
    ):
        changed = replace(results, host=told)
        assert shown in " ".join(format_section(changed, "results.json", "a.png"))
        assert shown.partition("(")[2].rstrip(")") in format_report(changed)


def test_the_readme_s_other_processors_stand_beside_what_the_results_say() -> None:
    results = load_results(find_quoted())
    table = README.read_text().partition("| VNNI | AVX2, no VNNI |")[2]
    rows = re.findall(r"^\| (\S+) +\| (\w+) +\| +([\d.,]+) \|", table, re.MULTILINE)
    assert len(rows) == 5
    for artifact, runtime, shown in rows:
        (case,) = [
            case
            for case in results.cases
            if (case.artifact, case.runtime, case.threads) == (artifact, runtime, 1)
        ]
        assert case.summary is not None
        assert shown == format_us(case.summary.p50_ns.value), "from the table above it"


def test_the_command_that_is_shown_runs_as_it_stands() -> None:
    command = ("python", "-m", "benchmarks", "--artifacts", "my models", "--only", "*_int8.*")
    results = replace(load_results(find_quoted()), command=command)
    shown = "python -m benchmarks --artifacts 'my models' --only '*_int8.*'"
    assert f"`{shown}`." in format_section(results, "results.json", "a.png")
    assert shown in format_report(results)
    assert shown in format_page([results])


@pytest.mark.parametrize("text", ["no markers", f"{END}\n{BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_without_its_markers_a_file_is_left_alone(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "PAGE.md"
    file.write_text(text)
    assert main(["readme", str(find_quoted()), "--file", str(file)]) == 2
    assert "add them" in capsys.readouterr().err
    assert file.read_text() == text


def test_an_invalid_run_and_a_count_that_was_not_measured_are_not_quoted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = load_results(find_quoted())
    save_results(
        replace(results, verdict=replace(results.verdict, valid=False)), tmp_path / "results.json"
    )
    file = tmp_path / "PAGE.md"
    file.write_text(f"{BEGIN}\n{END}")
    assert main(["readme", str(tmp_path / "results.json"), "--file", str(file)]) == 2
    assert "INVALID" in capsys.readouterr().err
    assert main(["readme", str(find_quoted()), "--file", str(file), "--threads", "64"]) == 2
    assert "nothing was measured with 64 threads" in capsys.readouterr().err
    assert file.read_text() == f"{BEGIN}\n{END}"
