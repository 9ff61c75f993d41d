"""Placing a tier's released files beside its model card."""

import shutil
from pathlib import Path

from train.errors import RunError
from train.files import replace_folder, sha256_of
from train.release.card import format_card, format_command
from train.release.document import SHIPPED, RunResult, load_results, to_result_name
from train.release.plan import Tier
from train.release.summary import find_release
from train.run_folder import FLOAT_MODEL, MODEL, RANGES, SPEC

MODELS = Path("models")
CARD = "README.md"
# All released tiers together; checkpoints and teachers stay out of the repository.
LARGEST_TOTAL_BYTES = 15_000_000


def publish_tier(tier: Tier, runs: Path, results_folder: Path, models: Path) -> Path:
    """Copy the first seed's model and int8 files into a folder with their card.

    The first seed is released whatever it reached, so that nothing is chosen on the test split.

    Args:
        tier: What to release.
        runs: Where `make_run` left run folders and artifacts.
        results_folder: The result files.
        models: Folder of all released tiers.

    Raises:
        RunError: The run or its files are missing or do not belong to the result, or the models
            would grow too large.
    """
    results = load_results(results_folder)
    result = next(
        (entry for entry in find_release(results, tier) if entry.seed == tier.seeds[0]), None
    )
    if result is None:
        raise RunError(
            f"there is no result of {tier.name} with seed {tier.seeds[0]} in {results_folder}; "
            "python -m train release --help shows how it is made"
        )
    name = to_result_name(result.recipe, result.variant, result.settings.epochs, result.seed)
    files = _find_files(result, runs / name, runs / "artifacts" / name)
    others = (p for p in models.rglob("*") if p.relative_to(models).parts[0] != tier.name)
    total = sum(path.stat().st_size for path in (*files, *others) if path.is_file())
    if total > LARGEST_TOTAL_BYTES:
        raise RunError(
            f"with {tier.name} the folder {models} would hold {total / 1e6:.1f} MB; at most "
            f"{LARGEST_TOTAL_BYTES / 1e6:.0f} MB are allowed"
        )
    place = models / tier.name
    if place.is_dir() and any(place.iterdir()) and not (place / CARD).is_file():
        raise RunError(f"{place} holds something else than a released tier; move it away")
    with replace_folder(place) as beside:
        for path in files:
            shutil.copyfile(path, beside / path.name)
        (beside / CARD).write_text(format_card(result, results), encoding="utf-8")
    return place


def _find_files(result: RunResult, run: Path, artifacts: Path) -> list[Path]:
    shipped = [file for key in SHIPPED if (file := result.find_file(key)) is not None]
    found = [
        *(run / name for name in (MODEL, FLOAT_MODEL, SPEC, RANGES)),
        *(artifacts / f.file for f in shipped),
    ]
    missing = [str(path) for path in found if not path.is_file()]
    if missing:
        raise RunError(f"these files of {result.tier} are missing: {', '.join(missing)}")
    for file in shipped:
        if sha256_of(artifacts / file.file) != file.sha256:
            raise RunError(
                f"{artifacts / file.file} is not the file that the result is about; measure it "
                f"again with: {format_command(result)}"
            )
    return found
