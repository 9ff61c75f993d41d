"""One run of a release: train, export and measure, each resumed or reused where it is done."""

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from train.errors import RunError
from train.progress import Progress
from train.recipes import RECIPES
from train.release.document import RunResult, to_result_name
from train.release.measuring import measure_run
from train.release.plan import DISTILLATION, INGREDIENTS, VARIANTS, WHOLE, name_with, name_without
from train.run_folder import RECORD

RUNS = Path("runs") / "release"
# All that a tier ships, and what shows the worth of its tail.
_RECIPES = ("fp32", "static_int8", "qat_int8")


@dataclass(frozen=True, slots=True)
class Order:
    """What one run is to be.

    Attributes:
        tier: Name of the tier.
        recipe: Name of the recipe: the tier's own, or its short one.
        seed: Of the run.
        variant: ``whole``, or the ingredient to do without or to add.
        epochs: In float; None for the recipe's.
        teachers: Run folders of teachers.
    """

    tier: str
    recipe: str
    seed: int
    variant: str = WHOLE
    epochs: int | None = None
    teachers: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        recipe = RECIPES[self.recipe]
        for name, part in INGREDIENTS.items():
            if self.variant == name_without(name) and not part.is_used(recipe):
                raise RunError(f"the recipe {self.recipe} has no {name} to leave out")
            if self.variant == name_with(name) and part.is_used(recipe):
                raise RunError(f"the recipe {self.recipe} has {name} already")
        taught = recipe.teacher_share > 0 and self.variant != name_without(DISTILLATION)
        if taught and not self.teachers:
            raise RunError(
                f"the recipe {self.recipe} learns from better networks too: name their run folders "
                f"with --teacher, or do without: --left-out {DISTILLATION}"
            )
        if self.teachers and not taught:
            raise RunError(f"{self.name} learns from no teacher; leave out --teacher")

    @property
    def name(self) -> str:
        """The run's folder name."""
        return to_result_name(
            self.recipe, self.variant, self.epochs or RECIPES[self.recipe].epochs, self.seed
        )

    def training_words(self, run: Path) -> list[str]:
        """Return the words after ``python -m train``."""
        words = ["--recipe", self.recipe, "--seed", str(self.seed), "--run", str(run)]
        if self.epochs is not None:
            words += ["--epochs", str(self.epochs)]
        if self.teachers:
            words += ["--teacher", *map(str, self.teachers)]
        return [*words, *VARIANTS[self.variant]]


def make_run(order: Order, runs: Path, progress: Progress) -> RunResult:
    """Train, export and measure one run.

    Args:
        order: What to make.
        runs: Folder of the run folders.
        progress: Where progress is shown.

    Raises:
        RunError: Training or export failed.
    """
    run = runs / order.name
    artifacts = runs / "artifacts" / order.name
    progress.say(f"{order.name}: training")
    _run_module("train", order.training_words(run))
    if not _is_newer(artifacts / "manifest.json", run / RECORD):
        progress.say(f"{order.name}: exporting")
        export_run(run, artifacts)
    progress.say(f"{order.name}: asking its files for every test picture")
    result = measure_run(run, artifacts, order.tier, order.recipe, order.variant)
    return replace(result, teachers=tuple(_place(path, runs) for path in order.teachers))


def export_run(run: Path, artifacts: Path) -> None:
    """Export a run to the files that a release needs."""
    recipes = [name for name in _RECIPES if name != "qat_int8" or (run / "ranges.json").is_file()]
    # A release reports what a file loses; the gate would keep the file itself out of sight.
    words = ["--run", str(run), "--out", str(artifacts), "--max-accuracy-drop", "100", "--force"]
    _run_module("export", [*words, "--recipes", ",".join(recipes)])


def _place(teacher: Path, runs: Path) -> str:
    """Say where a teacher is found in another checkout, without naming this machine's folders."""
    if teacher.resolve().is_relative_to(runs.resolve()):
        return (RUNS / teacher.resolve().relative_to(runs.resolve())).as_posix()
    return teacher.name if teacher.is_absolute() else teacher.as_posix()


def _is_newer(path: Path, than: Path) -> bool:
    return path.is_file() and path.stat().st_mtime >= than.stat().st_mtime


def _run_module(module: str, words: list[str]) -> None:
    # Its progress goes to this process's standard error; what it would print is not needed.
    done = subprocess.run(
        [sys.executable, "-m", module, *words], stdout=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise RunError(
            f"python -m {module} {' '.join(words)} failed with status {done.returncode}; what it "
            "said stands above. The same command goes on from there."
        )
