"""A result file: what one run of a release gave, small enough to be committed."""

from dataclasses import dataclass
from pathlib import Path

from edge_runtime.document import from_json, to_json
from train.files import replace_file
from train.recipes import RECIPES
from train.release.plan import WHOLE
from train.settings import TrainingSettings

RESULT_VERSION = 3
RESULTS = Path("models") / "results"
# The two files that a release ships; accuracy goals are about the first.
SHIPPED = ("qat_int8.tflite", "qat_int8.onnx")


@dataclass(frozen=True, slots=True)
class FileResult:
    """One exported file on one runtime, asked for every test picture.

    Attributes:
        file: Its name.
        key: Precision and format, such as ``qat_int8.tflite``.
        runtime: Package and version.
        size_bytes: Of the whole file.
        sha256: Of the whole file.
        correct: Test pictures labelled rightly.
        confusion: Rows are true classes, columns the given ones.
    """

    file: str
    key: str
    runtime: str
    size_bytes: int
    sha256: str
    correct: int
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class LatencyResult:
    """One file timed in turn with another, one thread, on the machine of the run.

    Attributes:
        key: Of the file, such as ``qat_int8.tflite``.
        median_us: Median of the rounds' median time of one picture.
        against: File name of the other.
        against_us: The same of the other.
        against_accuracy: The other's share of test pictures labelled rightly, 0–1, where it says.
        ratio: Median of the rounds' ratios.
        rounds: How often both were timed, each time in a fresh process.
        cpu: The processor's name.
    """

    key: str
    median_us: float
    against: str
    against_us: float
    against_accuracy: float | None
    ratio: float
    rounds: int
    cpu: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one run gave.

    Attributes:
        schema_version: Version of this document's form.
        tier: Name of the tier.
        recipe: Name of the recipe: the tier's own, or its short one.
        variant: ``whole``, or the ingredient that this run did without or had more.
        seed: Of the run.
        settings: How it trained.
        dataset: Short name of the data set.
        data_sha256: Of its pictures and labels.
        licence: Of the data set.
        labels: Class names, in the order of the confusion matrices.
        train_count: Pictures trained on.
        validation_count: Pictures held out of the training split.
        test_count: Pictures of the test split.
        parameters: Numbers in the stored model.
        duration_s: Wall time of all epochs together.
        machine: Processor architecture and system it trained on.
        versions: Software it trained with.
        created: When the run ended, ISO 8601, UTC.
        float_correct: Labelled rightly in float, before a quantized tail where there was one.
        quantized_correct: Labelled rightly in int8 steps as trained; None without a tail.
        files: The exported files.
        latency: Where it was measured.
        teachers: Where the runs that it learned from are, from the checkout's root.
    """

    schema_version: int
    tier: str
    recipe: str
    variant: str
    seed: int
    settings: TrainingSettings
    dataset: str
    data_sha256: str
    licence: str
    labels: tuple[str, ...]
    train_count: int
    validation_count: int
    test_count: int
    parameters: int
    duration_s: float
    machine: str
    versions: tuple[str, ...]
    created: str
    float_correct: int
    quantized_correct: int | None
    files: tuple[FileResult, ...]
    latency: LatencyResult | None = None
    teachers: tuple[str, ...] = ()

    @property
    def is_full(self) -> bool:
        """Whether every epoch of the recipe was trained."""
        return self.settings.epochs == RECIPES[self.recipe].epochs

    @property
    def is_short(self) -> bool:
        """Whether it followed the tier's short recipe."""
        return self.recipe != self.tier

    def find_file(self, key: str) -> FileResult | None:
        """Return what an exported file gave; None where it was not made."""
        return next((entry for entry in self.files if entry.key == key), None)

    def accuracy(self, what: str) -> float | None:
        """Return a share of the test pictures, 0–1.

        Args:
            what: ``float``, ``quantized``, or the key of a file.
        """
        counts = {"float": self.float_correct, "quantized": self.quantized_correct}
        counts.update({file.key: file.correct for file in self.files})
        correct = counts.get(what)
        return None if correct is None else correct / self.test_count


def to_result_name(recipe: str, variant: str, epochs: int, seed: int) -> str:
    """Return a result's name, without an ending; a shorter run says how short it is."""
    part = "" if variant == WHOLE else f"-{variant.replace(' ', '-')}"
    length = "" if epochs == RECIPES[recipe].epochs else f"-{epochs}epochs"
    return f"{recipe}{part}{length}-seed{seed}"


def save_result(folder: Path, result: RunResult) -> Path:
    """Write one result file; returns its path."""
    name = to_result_name(result.recipe, result.variant, result.settings.epochs, result.seed)
    path = folder / f"{name}.json"
    with replace_file(path) as beside:
        beside.write_text(to_json(result), encoding="utf-8")
    return path


def find_result(folder: Path, name: str) -> RunResult | None:
    """Read the result file of that name; None where there is none."""
    path = folder / f"{name}.json"
    return from_json(RunResult, path.read_bytes(), str(path)) if path.is_file() else None


def load_results(folder: Path) -> tuple[RunResult, ...]:
    """Read all result files of a folder, by name; an empty tuple where there are none.

    Raises:
        MetadataError: One is malformed.
    """
    paths = sorted(folder.glob("*.json"))
    return tuple(from_json(RunResult, path.read_bytes(), str(path)) for path in paths)
