"""The boards' descriptions of themselves."""

import pytest

from tests.raspberry_pi.emulated_pi.boards import BOARDS, format_cpuinfo
from tests.raspberry_pi.emulated_pi.systems import SYSTEMS


@pytest.mark.parametrize("name", BOARDS)
def test_every_processor_is_listed_with_its_part(name: str) -> None:
    text = format_cpuinfo(BOARDS[name], 4)
    assert text.count("processor\t:") == 4
    assert text.count(f"CPU part\t: {BOARDS[name].part}") == 4
    assert text.endswith(f"Model\t\t: {BOARDS[name].model}\n")


def test_only_the_pi_5_has_the_dot_product() -> None:
    assert [name for name, board in BOARDS.items() if "asimddp" in board.features] == ["pi5"]


def test_wheels_are_asked_for_by_the_system_they_fit() -> None:
    assert SYSTEMS["bookworm"].platform == "aarch64-manylinux_2_36"
    assert "tflite" not in SYSTEMS["trixie"].runtimes
