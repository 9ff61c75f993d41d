"""The notebook, run from top to bottom on the small sample."""

from pathlib import Path

import nbclient
import nbformat
import pytest
from PIL import Image

from train.samples import ImageDataset

NOTEBOOK = Path(__file__).parents[2] / "examples" / "quickstart.ipynb"


def _write_folder(folder: Path, dataset: ImageDataset) -> None:
    for split, samples in (("train", dataset.train), ("test", dataset.test)):
        for place, (image, label) in enumerate(zip(samples.images, samples.labels, strict=True)):
            name = dataset.class_names[label].replace("/", "-")
            target = folder / split / name / f"{place:03}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image[..., 0]).save(target)


def test_the_notebook_is_committed_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert not [cell for cell in notebook.cells if cell.get("outputs")]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("default")  # zmq and Jupyter warn of each other
def test_the_notebook_runs_from_top_to_bottom(
    tmp_path: Path, dataset: ImageDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_folder(tmp_path / "pictures", dataset)
    monkeypatch.setenv("QUICKSTART_DATA", str(tmp_path / "pictures"))
    monkeypatch.setenv("QUICKSTART_EPOCHS", "2")
    monkeypatch.setenv("QUICKSTART_WORK", str(tmp_path / "work"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    where = {"metadata": {"path": str(NOTEBOOK.parent)}}
    nbclient.NotebookClient(notebook, timeout=600, resources=where).execute()
    work = tmp_path / "work"
    assert (work / "run" / "report.md").is_file()
    assert len([*(work / "artifacts").glob("*.tflite"), *(work / "artifacts").glob("*.onnx")]) >= 8
    assert (work / "report" / "results.json").is_file()
    pictures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) >= 6
