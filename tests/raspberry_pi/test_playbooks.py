"""The playbooks are well formed, and every variable that the role knows is described."""

import os
import subprocess
from pathlib import Path

import pytest

_DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
_ROLE = _DEPLOY / "roles" / "edge_runtime"


@pytest.mark.parametrize("name", ["site.yml", "rollback.yml"])
def test_the_playbook_is_well_formed(ansible: str, name: str) -> None:
    inventory = str(_DEPLOY / "hosts.example.yml")
    command = [ansible, "--syntax-check", "-i", inventory, "-e", "model=m.tflite"]
    done = subprocess.run(
        [*command, str(_DEPLOY / name)],
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [([], "Name the artifact: -e model=FILE"), (["-e", "model=nosuch"], "There is no nosuch on")],
)
def test_an_artifact_that_is_not_there_is_told_before_a_board_is_asked(
    ansible: str, words: list[str], says: str
) -> None:
    done = subprocess.run(
        [ansible, "-i", "pi@board.invalid,", str(_DEPLOY / "site.yml"), *words],
        env={**os.environ, "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert says in done.stdout
    assert "undefined" not in done.stdout
    assert "unreachable=0" in done.stdout


def test_every_default_is_described_and_every_description_has_a_default() -> None:
    yaml = pytest.importorskip("yaml", reason="the [deploy] extra is missing")
    defaults = yaml.safe_load((_ROLE / "defaults" / "main.yml").read_text())
    described = yaml.safe_load((_ROLE / "meta" / "argument_specs.yml").read_text())
    options = described["argument_specs"]["main"]["options"]
    required = {name for name, option in options.items() if option.get("required")}
    assert set(defaults) == set(options) - required
