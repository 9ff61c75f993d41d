"""The playbook against an emulated Pi over SSH: one board's life, in the order of a real one's.

The tests of this file build on each other, as releases on a board do; each says in its name what
it adds. One board with one disk serves them all, because an installation under emulation takes
half a minute.
"""

import dataclasses
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from benchmarks.results import load_results
from deploy.wheelhouse import hash_file
from emulator.machine import EmulatedPi
from emulator.processors import BOARDS
from emulator.ssh import SshBoard, install_stand_ins, serving
from emulator.systems import SYSTEMS
from tests.raspberry_pi import playbook
from tests.raspberry_pi.playbook import ROOT, Played

pytestmark = [pytest.mark.emulated, pytest.mark.timeout(900)]

# Connections that end with the process that made them.
_ALONE = "-o ControlMaster=no -o ControlPath=none"
_INBOX = "/tmp/inbox"
_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclasses.dataclass(slots=True)
class Shop:
    """A workstation with one board."""

    board: SshBoard
    folder: Path
    values: dict[str, Any]
    served: str = ""

    @property
    def inventory(self) -> Path:
        return self.folder / "hosts.json"

    def deploy(self, model: Path, *flags: str, **changes: Any) -> Played:
        values = self.values | {"model": str(model)} | changes
        return playbook.play("site.yml", self.inventory, values, flags)

    def read_current(self) -> str:
        return Path(self.board.run(f"readlink {ROOT}/current").stdout.strip()).name

    def is_serving(self) -> bool:
        asked = self.board.run("/usr/local/sbin/systemctl is-active edge-runtime.service")
        return asked.stdout.strip() == "active"


@pytest.fixture(scope="module")
def shop(
    ansible: str,
    emulation: None,
    wheel: Path,
    artifacts: Path,
    wheelhouses: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    pi = EmulatedPi.create(BOARDS["pi4"], SYSTEMS["bookworm"], folder / "board")
    install_stand_ins(pi)
    (pi.disk / _INBOX.lstrip("/")).mkdir()
    values = {
        "edge_runtime_wheel": str(wheel),
        "edge_runtime_cache": str(wheelhouses),
        "edge_runtime_command": f"watch {_INBOX}",
        # The smallest wheels: unpacking them is most of the time under emulation.
        "edge_runtime_backend": "tflite",
        "edge_runtime_compiled": False,
    }
    with serving(pi) as board:
        shop = Shop(board, folder, values)
        playbook.write_inventory(shop.inventory, {"window": board})
        yield shop


@pytest.fixture(scope="module")
def first_model(artifacts: Path) -> Path:
    manifest = artifacts / "manifest.json"
    if manifest.is_file():
        return artifacts / str(json.loads(manifest.read_text())["recommended"])
    return sorted(artifacts.glob("*.tflite"))[0]


@pytest.fixture(scope="module")
def second_model(first_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The next version: another name is another release."""
    return Path(shutil.copy(first_model, tmp_path_factory.mktemp("next") / "next_model.tflite"))


def test_check_mode_changes_nothing(shop: Shop, first_model: Path) -> None:
    played = shop.deploy(first_model, "--check")
    assert played.code == 0, played.output[-3000:]
    assert shop.board.run(f"ls {ROOT}").returncode != 0


def test_the_first_installation_serves(shop: Shop, first_model: Path) -> None:
    played = shop.deploy(first_model)
    assert played.code == 0, played.output[-3000:]
    assert shop.read_current().startswith(first_model.stem)
    assert shop.is_serving()
    shop.served = shop.read_current()


def test_the_service_answers_a_new_picture_and_gives_signs_of_life(shop: Shop) -> None:
    with np.load(_CHECKOUT / "tests" / "fixtures" / "fashion_mnist_sample.npz") as sample:
        trouser = sample["test_images"][sample["test_labels"] == 1][0, :, :, 0]
    Image.fromarray(trouser).save(shop.board.pi.disk / _INBOX.lstrip("/") / "new.png")
    wait_for(shop, "grep -q 'new.png.*Trouser' /run/units/edge-runtime.service.log")
    wait_for(shop, "grep -q WATCHDOG=1 /run/units/edge-runtime.service.said")


def test_a_second_run_changes_nothing(shop: Shop, first_model: Path) -> None:
    played = shop.deploy(first_model)
    assert (played.code, played.count("window", "changed")) == (0, 0), played.output[-3000:]


def test_an_artifact_that_differs_from_its_manifest_is_refused(
    shop: Shop, first_model: Path, tmp_path: Path
) -> None:
    shutil.copy(first_model, tmp_path)
    entry = {"file": first_model.name, "sha256": hash_file(first_model)}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": [entry]}))
    corrupt(tmp_path / first_model.name)
    played = shop.deploy(tmp_path / first_model.name)
    assert played.code == 2
    assert "is not the file that was verified" in played.output
    assert (shop.read_current(), shop.is_serving()) == (shop.served, True)


def test_a_corrupt_artifact_is_found_on_the_board_before_the_switch(
    shop: Shop, first_model: Path, tmp_path: Path
) -> None:
    shutil.copy(first_model, tmp_path)  # without its manifest nobody knows on the workstation
    corrupt(tmp_path / first_model.name)
    played = shop.deploy(tmp_path / first_model.name)
    assert played.code == 2
    assert "Verify the artifact on the board" in played.output
    assert (shop.read_current(), shop.is_serving()) == (shop.served, True)


def test_a_cut_connection_leaves_the_old_release_and_the_next_run_completes(
    shop: Shop, second_model: Path
) -> None:
    values = shop.values | {"model": str(second_model)}
    process = playbook.start("site.yml", shop.inventory, values, ["--ssh-common-args", _ALONE])
    assert process.stdout is not None
    for line in process.stdout:
        if "install into a folder of its own" in line:
            break
    wait_for(shop, f"ls -d {ROOT}/releases/{second_model.stem}-*/venv")
    cut(process)
    assert (shop.read_current(), shop.is_serving()) == (shop.served, True)
    played = shop.deploy(second_model)
    assert played.code == 0, played.output[-3000:]
    assert shop.read_current().startswith(second_model.stem)
    assert shop.is_serving()
    shop.served = shop.read_current()


def test_a_failing_health_check_rolls_back(shop: Shop, first_model: Path) -> None:
    played = shop.deploy(first_model, edge_runtime_health_command="false")
    assert played.code == 2
    assert f"It went back to {shop.served}" in played.output
    assert (shop.read_current(), shop.is_serving()) == (shop.served, True)


def test_one_command_rolls_back_by_hand(shop: Shop, first_model: Path) -> None:
    played = playbook.play("rollback.yml", shop.inventory, {})
    assert played.code == 0, played.output[-3000:]
    # The service was told to end, and said so.
    assert shop.board.run("grep -q STOPPING=1 /run/units/edge-runtime.service.said").returncode == 0
    assert shop.read_current().startswith(first_model.stem)
    assert shop.is_serving()


def test_benchmarks_measure_there_with_what_was_deployed(
    shop: Shop, first_model: Path, samples: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "artifacts"
    folder.mkdir()
    shutil.copy(first_model, folder)
    shutil.copy(samples, folder / "evaluation.npz")
    options = [f"IdentityFile={shop.board.key}", "StrictHostKeyChecking=no", "LogLevel=ERROR"]
    options += ["UserKnownHostsFile=/dev/null"]
    command = [sys.executable, "-m", "benchmarks", "--artifacts", str(folder), "--quick"]
    command += ["--rounds", "1", "--runtimes", "tflite", "--evaluation-images", "50"]
    command += ["--out", str(tmp_path / "report")]
    for option in options:
        command += ["--ssh-option", option]
    for name in ("127.0.0.1", "localhost"):  # one board under two names stands for two boards
        command += ["--host", f"ssh://pi@{name}:{shop.board.port}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (found,) = (tmp_path / "report").glob("pi-localhost-*/results.json")
    results = load_results(found)
    assert results.host.board == BOARDS["pi4"].model
    assert {case.status for case in results.cases} == {"measured"}
    assert "side-by-side" in done.stdout


def test_a_batch_finishes_its_good_board_and_stops_the_next(
    shop: Shop, first_model: Path, tmp_path: Path
) -> None:
    attic = EmulatedPi.create(BOARDS["pi3"], SYSTEMS["bookworm"], tmp_path / "attic")
    install_stand_ins(attic)
    (attic.disk / "opt").chmod(0o555)  # as a worn card is: it can be read only
    with serving(attic) as board:
        boards = {"attic": board, "window": shop.board, "later": shop.board}
        playbook.write_inventory(tmp_path / "hosts.json", boards)
        values = shop.values | {"model": str(first_model), "batch": [2, 1]}
        played = playbook.play("site.yml", tmp_path / "hosts.json", values)
    assert played.code == 2
    assert (played.count("attic", "failed"), played.count("window", "failed")) == (1, 0)
    assert "Not touched: attic failed in an earlier batch" in played.output
    assert played.count("later", "changed") == 0
    assert shop.is_serving()


def corrupt(path: Path) -> None:
    """Change weights so that the file loads or not, but surely answers otherwise."""
    data = bytearray(path.read_bytes())
    for index in range(len(data) // 4, len(data) // 2):
        data[index] ^= 0x55
    path.write_bytes(data)


def wait_for(shop: Shop, command: str) -> None:
    deadline = time.monotonic() + 120
    while shop.board.run(command).returncode:
        assert time.monotonic() < deadline, command
        time.sleep(0.2)


def cut(process: "subprocess.Popen[str]") -> None:
    """The workstation goes away in the middle: playbook, workers and SSH connections at once."""
    tree = psutil.Process(process.pid)
    for one in [tree, *tree.children(recursive=True)]:
        one.kill()
    process.communicate()
