"""The service's unit, rendered as the role renders it and judged by systemd's own tools."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

_ROLE = Path(__file__).resolve().parents[2] / "deploy" / "roles" / "edge_runtime"
# systemd's own estimate, 0 (nothing can be reached) to 10 (everything): version 252 says 0.6, 1.5
# and 0.8. A line that is lost by accident shows here.
_MOST_EXPOSED = {"plain": 0.8, "network": 1.7, "camera": 1.0}
_VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "network": {"edge_runtime_network": True},
    "camera": {"edge_runtime_camera": True, "edge_runtime_watchdog_s": 0},
}


def render(**changes: Any) -> str:
    jinja2 = pytest.importorskip("jinja2", reason="the [deploy] extra is missing")
    yaml = pytest.importorskip("yaml", reason="the [deploy] extra is missing")
    values = yaml.safe_load((_ROLE / "defaults" / "main.yml").read_text())
    values |= {
        "ansible_managed": "Ansible managed",
        "edge_runtime_command": "watch /srv/inbox",
        "edge_runtime_board": {"systemd": 252},
    }
    text = (_ROLE / "templates" / "edge-runtime.service.j2").read_text()
    # As Ansible does: the newline after a block is not part of the text.
    template = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True).from_string(text)
    return str(template.render(values | changes))


def analyze(folder: Path, unit: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is missing: apt install systemd")
    path = folder / "edge-runtime.service"
    # verify wants programs that exist; on a board this one does.
    path.write_text(unit.replace("/opt/edge-runtime/current/run", "/bin/true"))
    command = ["systemd-analyze", *arguments, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("variant", _VARIANTS)
def test_systemd_finds_no_fault(tmp_path: Path, variant: str) -> None:
    done = analyze(tmp_path, render(**_VARIANTS[variant]), "verify", "--man=no")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("variant", _VARIANTS)
def test_the_service_is_exposed_to_little(tmp_path: Path, variant: str) -> None:
    tenths = str(round(_MOST_EXPOSED[variant] * 10))
    done = analyze(
        tmp_path, render(**_VARIANTS[variant]), "security", "--offline=yes", f"--threshold={tenths}"
    )
    assert done.returncode == 0, done.stdout


def test_back_off_grows_where_systemd_can() -> None:
    assert "RestartSteps" in render(edge_runtime_board={"systemd": 257})
    assert "RestartSteps" not in render()


def test_a_watchdog_of_none_means_no_notifying() -> None:
    unit = render(edge_runtime_watchdog_s=0)
    assert "Type=exec" in unit
    assert "WatchdogSec" not in unit


def test_the_service_runs_through_the_current_link() -> None:
    (line,) = [line for line in render().splitlines() if line.startswith("ExecStart=")]
    assert line == "ExecStart=/opt/edge-runtime/current/run watch /srv/inbox"
