"""A tiny trained classifier with real pictures, exported once for all tests that only look."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_runtime.contract import InputSpec, ModelSpec, OutputSpec
from edge_runtime.document import to_json
from export.manifest import Manifest
from export.pipeline import Options, export_source
from export.recipes import select_recipes
from export.samples import Samples
from export.source import Source, load_run

SAMPLE = Path(__file__).parents[1] / "fixtures" / "fashion_mnist_sample.npz"
LABELS = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Boot",
)
EPOCH = "1767225600"


@pytest.fixture(autouse=True)
def _fixed_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)


@pytest.fixture(scope="session")
def pictures() -> dict[str, Samples]:
    """400 training and 400 test pictures of Fashion-MNIST."""
    with np.load(SAMPLE, allow_pickle=False) as stored:
        return {
            part: Samples(stored[f"{part}_images"], stored[f"{part}_labels"])
            for part in ("train", "test")
        }


@pytest.fixture(scope="session")
def keras() -> Any:
    """Keras on TensorFlow, imported as export does it."""
    from export.tensorflow_import import load_keras

    return load_keras()


@pytest.fixture(scope="session")
def run_folder(
    keras: Any, pictures: dict[str, Samples], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What training leaves: the seed's network, small and trained for seconds."""
    from tests.export.keras_zoo import build_sequential_cnn

    folder = tmp_path_factory.mktemp("runs") / "tiny-cnn"
    folder.mkdir()
    keras.utils.set_random_seed(0)
    model = build_sequential_cnn()
    model.compile("adam", "sparse_categorical_crossentropy")
    train = pictures["train"]
    model.fit(train.images, train.labels, batch_size=16, epochs=12, verbose=0)
    model.save(folder / "model.keras")
    spec = ModelSpec(
        "tiny-cnn", LABELS, InputSpec(28, 28, 1), OutputSpec("probabilities"), licence="MIT"
    )
    (folder / "spec.json").write_text(to_json(spec))
    for name, part in (("calibration", "train"), ("evaluation", "test")):
        samples = pictures[part]
        np.savez(folder / f"{name}.npz", images=samples.images, labels=samples.labels)
    return folder


@pytest.fixture(scope="session")
def source(run_folder: Path) -> Source:
    return load_run(run_folder)


@pytest.fixture(scope="session")
def artifacts(source: Source, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """All eight recipes of the tiny run."""
    folder = tmp_path_factory.mktemp("artifacts") / "tiny-cnn"
    options = Options(select_recipes([], with_ranges=False), max_drop_points=5.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
        return folder, export_source(source, folder, options, show_progress=False)
