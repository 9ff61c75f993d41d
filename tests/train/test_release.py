"""Result files, the tables and cards made of them, and what may be published."""

import argparse
import dataclasses
from pathlib import Path

import pytest

from train.cli import main
from train.commands.release import _add_latency
from train.data.fashion_mnist import CLASS_NAMES
from train.errors import RunError
from train.recipes import RECIPES
from train.release.card import format_card
from train.release.document import (
    RESULT_VERSION,
    SHIPPED,
    FileResult,
    LatencyResult,
    RunResult,
    load_results,
    save_result,
)
from train.release.making import Order
from train.release.plan import (
    DISTILLATION,
    INGREDIENTS,
    TIERS,
    WHOLE,
    find_tier,
    name_with,
    name_without,
)
from train.release.publishing import publish_tier
from train.release.summary import find_release, measure_gains, summarize
from train.release.tables import format_ablation, format_goals, format_tiers
from train.settings import TrainingSettings

NANO, MICRO = find_tier("nano"), find_tier("micro")


def build_result(
    seed: int = 0,
    correct: int = 931,
    variant: str = WHOLE,
    epochs: int | None = None,
    recipe: str = "nano",
) -> RunResult:
    """A run on 1,000 test pictures whose int8 files label `correct` of them rightly."""
    settings = RECIPES[recipe]
    settings = dataclasses.replace(settings, seed=seed, epochs=epochs or settings.epochs)
    rows = [[0] * 10 for _ in range(10)]
    for place in range(10):
        rows[place][place] = 100
    rows[6][0], rows[6][6] = 1000 - correct, 100 - (1000 - correct)
    confusion = tuple(tuple(row) for row in rows)
    files = tuple(
        FileResult(
            file=f"fashion-nano_{key}",
            key=key,
            runtime="some runtime 1.0",
            size_bytes=20_480,
            sha256="0" * 64,
            correct=correct,
            confusion=confusion,
        )
        for key in ("static_int8.tflite", "qat_int8.tflite", "qat_int8.onnx")
    )
    return RunResult(
        schema_version=RESULT_VERSION,
        tier=recipe.removesuffix("-short"),
        recipe=recipe,
        variant=variant,
        seed=seed,
        settings=settings,
        dataset="fashion",
        data_sha256="a" * 64,
        licence="MIT",
        labels=CLASS_NAMES,
        train_count=57_000,
        validation_count=3_000,
        test_count=1000,
        parameters=9770,
        duration_s=600.0,
        machine="x86_64, Linux",
        versions=("keras 3",),
        created="2026-11-25T10:00:00+00:00",
        float_correct=933,
        quantized_correct=932,
        files=files,
    )


def build_timed() -> RunResult:
    """The same, with its latency."""
    return dataclasses.replace(
        build_result(),
        latency=LatencyResult(
            "qat_int8.tflite", 11.5, "cnn.tflite", 30.0, 0.92, 0.383, 5, "a processor"
        ),
    )


def test_a_result_file_reads_back_as_it_was(tmp_path: Path) -> None:
    result = build_timed()
    path = save_result(tmp_path, result)
    assert path.name == "nano-seed0.json"
    short = save_result(tmp_path, build_result(3, variant="without random erasing", epochs=9))
    assert short.name == "nano-without-random-erasing-9epochs-seed3.json"
    assert result in load_results(tmp_path)
    assert result.accuracy("float") == 0.933
    assert result.accuracy("qat_int8.onnx") == 0.931
    assert result.accuracy("fp32.onnx") is None


def test_what_was_timed_is_kept_while_the_file_stays_the_same(tmp_path: Path) -> None:
    arguments = argparse.Namespace(results=tmp_path, against=None)
    order = Order("nano", "nano", 0, teachers=(Path("runs/t"),))
    assert _add_latency(build_result(), order, arguments).latency is None
    save_result(tmp_path, build_timed())
    assert _add_latency(build_result(), order, arguments).latency == build_timed().latency
    assert _add_latency(build_result(correct=930), order, arguments).latency is None


def test_the_table_shows_seeds_their_mean_and_what_was_not_trained() -> None:
    results = (build_result(1, 935), build_result(0, 931), build_result(2, 900, epochs=3))
    lines = format_tiers(results).splitlines()
    assert lines[2] == "| nano | 0 | 150 + 10 | 93.30 % | 93.20 % | 93.10 % | 93.10 % |"
    assert lines[3].startswith("| nano | 1 |")
    assert "mean of 2" in lines[4]
    assert "**93.30 ± 0.28 %**" in lines[4]
    # A shorter run is shown, and is no part of the mean.
    assert lines[5].startswith("| nano | 2 | cut short: 3 + 10 |")
    assert [line for line in lines if "not trained" in line] == [
        f"| {tier.name} | – | – | not trained | | | |" for tier in TIERS[1:]
    ]


@pytest.mark.parametrize(
    ("correct", "seeds", "verdict"),
    [
        (929, 5, "not reached"),
        (931, 2, "reached so far, seeds missing"),
        (931, 5, "reached"),
    ],
)
def test_a_goal_is_judged_by_the_mean_over_all_seeds(
    correct: int, seeds: int, verdict: str
) -> None:
    results = tuple(build_result(seed, correct) for seed in range(seeds))
    row = next(line for line in format_goals(results).splitlines() if line.startswith("| nano"))
    assert row.endswith(f"| {verdict} |")
    assert f"{seeds} of 5" in row


def test_gains_compare_the_same_seeds_and_lengths() -> None:
    results = (
        build_result(0, 931, epochs=20),
        build_result(1, 933, epochs=20),
        build_result(0, 940),
        build_result(0, 925, variant="without branches", epochs=20),
        build_result(1, 929, variant="without branches", epochs=20),
        build_result(2, 800, variant="without branches", epochs=20),
    )
    (gain,) = measure_gains(results, "nano")
    assert (gain.ingredient, gain.seeds) == ("branches", 2)
    assert gain.points == pytest.approx((0.6 + 0.4) / 2)
    assert gain.error == pytest.approx(0.1)
    table = format_ablation(results, "nano")
    assert "| without branches | 92.70 ± 0.28 % | +0.50 ± 0.10 | 2 |" in table
    # Nano's recipe has none of the strong changes.
    assert "| with mixing | not trained | – | 0 |" in table
    assert "| without quantized tail | not trained | – | 0 |" in table
    assert [result.seed for result in find_release(results, NANO)] == [0]
    assert summarize((), "float") is None


def test_what_a_recipe_has_not_is_added_to_see_its_gain() -> None:
    results = (build_result(0, 931), build_result(0, 927, variant="with mixing"))
    (gain,) = measure_gains(results, "nano")
    assert gain.points == pytest.approx(-0.4)
    assert "| with mixing | 92.70 % | -0.40 | 1 |" in format_ablation(results, "nano")
    with pytest.raises(RunError, match="nano has no mixing to leave out"):
        Order("nano", "nano", 0, "without mixing", teachers=(Path("runs/t"),))
    with pytest.raises(RunError, match="large has mixing already"):
        Order("large", "large", 0, "with mixing", teachers=(Path("runs/t"),))


def test_the_figure_needs_a_tier_that_was_timed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, figure = tmp_path / "results", tmp_path / "figures" / "tiers.png"
    words = ["results", "--results", str(results), "--figure", str(figure)]
    save_result(results, build_result())
    assert main(words) == 1
    assert "nothing to draw; time one with" in capsys.readouterr().err
    assert not figure.parent.exists()
    save_result(results, build_timed())
    assert main(words) == 0
    assert [path.name for path in figure.parent.iterdir()] == ["tiers.png"]
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_the_documents_show_what_the_result_files_say() -> None:
    root = Path(__file__).parents[2]
    results = load_results(root / "models" / "results")
    page = (root / "docs" / "models.md").read_text(encoding="utf-8")
    assert format_tiers(results) in page
    assert format_goals(results) in page
    assert format_ablation(results, "nano-short") in page
    readme = (root / "README.md").read_text(encoding="utf-8")
    for tier in TIERS:
        released = find_release(results, tier)
        if not released:
            continue
        file, latency = released[0].find_file(SHIPPED[0]), released[0].latency
        assert file is not None
        assert latency is not None
        assert (
            f"| [{tier.name}](models/{tier.name}/README.md) | {file.correct / 100:.2f} "
            f"| {latency.ratio:.3g} × | {file.size_bytes / 1024:.1f} |"
        ) in readme


def test_the_card_says_what_a_user_must_know() -> None:
    results = (build_result(0, 929), build_result(1, 925))
    card = format_card(results[0], results)
    assert card.startswith("# fashion-nano\n")
    assert "**92.90%** of 1,000 test pictures" in card
    assert "95 % Wilson interval" in card
    assert "-0.40 points against float" in card
    assert "**not reached** (mean 92.70% over 2)" in card
    assert "| Shirt | 100.0% | 29.0% | 100 |" in card
    assert "Not measured in the release" in card
    assert "`python -m train release nano --seeds 0`" in card
    taught = dataclasses.replace(results[0], teachers=("runs/release/a", "models/b"))
    assert "--seeds 0 --teacher runs/release/a models/b`" in format_card(taught, results)
    for heading in ("Files", "Accuracy", "Each class", "Confusion matrix", "Latency", "Limits"):
        assert f"\n## {heading}\n" in card
    bare = dataclasses.replace(results[0], files=())
    with pytest.raises(ValueError, match=r"no qat_int8\.tflite"):
        format_card(bare, results)


def test_orders_become_commands_that_can_be_repeated(tmp_path: Path) -> None:
    teachers = (Path("runs/t"), Path("runs/u"))
    order = Order("micro", "micro-short", 3, "with random erasing", epochs=20, teachers=teachers)
    assert order.name == "micro-short-with-random-erasing-20epochs-seed3"
    assert order.training_words(Path("r")) == [
        *("--recipe", "micro-short", "--seed", "3", "--run", "r"),
        *("--epochs", "20", "--teacher", "runs/t", "runs/u", "--erase", "0.25"),
    ]


def test_an_order_names_teachers_where_its_recipe_has_them_and_only_there() -> None:
    with pytest.raises(RunError, match=r"micro-short learns .*--teacher.*--left-out distillation"):
        Order("micro", "micro-short", 0)
    alone = Order("micro", "micro-short", 0, name_without(DISTILLATION))
    assert "--teacher" not in alone.training_words(Path("r"))
    assert alone.name == "micro-short-without-distillation-seed0"
    for tier, recipe, variant in (("nano", "nano", name_without(DISTILLATION)),):
        with pytest.raises(RunError, match="learns from no teacher"):
            Order(tier, recipe, 0, variant, teachers=(Path("runs/t"),))


def test_a_tiers_short_recipe_speaks_for_it_until_its_own_is_trained() -> None:
    short = build_result(0, 920, recipe="micro-short")
    other = build_result(1, 900, variant=name_without(DISTILLATION), recipe="micro-short")
    assert find_release((short, other), MICRO) == (short,)
    row = next(line for line in format_goals((short,)).splitlines() if line.startswith("| micro"))
    assert "| 1 of 5, short recipe |" in row
    assert "short recipe: 30 + 3" in format_tiers((short,))
    assert "release micro --seeds 0 --short" in format_card(short, (short,))
    own = build_result(0, 931, recipe="micro")
    assert find_release((short, own), MICRO) == (own,)
    lines = [line for line in format_tiers((short, own)).splitlines() if line.startswith("| micro")]
    assert ["short recipe" in line for line in lines] == [False, True]


@pytest.mark.parametrize("ingredient", [name for name in INGREDIENTS if name != DISTILLATION])
def test_each_ablation_changes_a_tiers_settings(ingredient: str) -> None:
    from train.commands.fit import build_parser
    from train.commands.options import read_settings
    from train.commands.recipe_options import parse_with_recipe

    def read(variant: str) -> TrainingSettings:
        order = Order("large", "large", 0, variant, teachers=(Path("runs/t"),))
        words = order.training_words(Path("r"))
        return read_settings(parse_with_recipe(build_parser(), words))

    recipe = read(WHOLE)
    # Teachers' answers are soft already.
    assert recipe == dataclasses.replace(RECIPES["large"], label_smoothing=0.0)
    if ingredient == "label smoothing":
        assert read(name_with(ingredient)).label_smoothing == 0.1
        return
    assert INGREDIENTS[ingredient].is_used(recipe)
    assert not INGREDIENTS[ingredient].is_used(read(name_without(ingredient)))


def _place_files(runs: Path, result: RunResult) -> RunResult:
    """Put stand-ins for the run's files where publishing looks, and note their sums."""
    from train.files import sha256_of

    run, artifacts = runs / "nano-seed0", runs / "artifacts" / "nano-seed0"
    run.mkdir(parents=True)
    artifacts.mkdir(parents=True)
    for name in ("model.keras", "float_model.keras", "spec.json", "ranges.json"):
        (run / name).write_text(name)
    files = []
    for file in result.files:
        (artifacts / file.file).write_text(file.file)
        files.append(dataclasses.replace(file, sha256=sha256_of(artifacts / file.file)))
    return dataclasses.replace(result, files=tuple(files))


def test_publishing_places_the_first_seeds_files_with_their_card(tmp_path: Path) -> None:
    runs, results, models = tmp_path / "runs", tmp_path / "results", tmp_path / "models"
    with pytest.raises(RunError, match="no result of nano with seed 0"):
        publish_tier(NANO, runs, results, models)
    save_result(results, _place_files(runs, build_result(0)))
    save_result(results, build_result(1, 990))
    (models / "nano").mkdir(parents=True)
    (models / "nano" / "notes.txt").touch()
    with pytest.raises(RunError, match="holds something else than a released tier"):
        publish_tier(NANO, runs, results, models)
    (models / "nano" / "notes.txt").unlink()
    folder = publish_tier(NANO, runs, results, models)
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "fashion-nano_qat_int8.onnx",
        "fashion-nano_qat_int8.tflite",
        "float_model.keras",
        "model.keras",
        "ranges.json",
        "spec.json",
    ]
    assert "**93.10%**" in (folder / "README.md").read_text()
    artifact = runs / "artifacts" / "nano-seed0" / "fashion-nano_qat_int8.onnx"
    artifact.write_text("another")
    with pytest.raises(RunError, match="is not the file that the result is about"):
        publish_tier(NANO, runs, results, models)
    artifact.unlink()
    with pytest.raises(RunError, match=r"are missing: .*qat_int8\.onnx"):
        publish_tier(NANO, runs, results, models)


def test_released_models_stay_small(tmp_path: Path) -> None:
    runs, results, models = tmp_path / "runs", tmp_path / "results", tmp_path / "models"
    save_result(results, _place_files(runs, build_result(0)))
    (models / "large").mkdir(parents=True)
    with (models / "large" / "model.keras").open("wb") as file:
        file.truncate(15_000_000)
    with pytest.raises(RunError, match=r"would hold 15\.0 MB; at most 15 MB"):
        publish_tier(NANO, runs, results, models)


def test_the_commands_answer_and_refuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_result(tmp_path, build_result(0))
    assert main(["results", "--results", str(tmp_path)]) == 0
    assert "| nano | 0 | 150 + 10 |" in capsys.readouterr().out
    assert main(["results", "--results", str(tmp_path), "--ablation", "nano"]) == 0
    assert "| without branches | not trained" in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    assert main(["results", "--results", str(tmp_path / "empty")]) == 1
    assert "there is no result file" in capsys.readouterr().err
    assert main(["results", "--results", str(tmp_path / "nowhere")]) == 1
    assert "name another with --results" in capsys.readouterr().err
    assert main(["release", "nano", "--against", str(tmp_path / "nothing.tflite")]) == 1
    assert "to time against" in capsys.readouterr().err
    for words in (["release", "huge"], ["release", "nano", "--seeds", "one"]):
        with pytest.raises(SystemExit) as stopped:
            main(words)
        assert stopped.value.code == 2
