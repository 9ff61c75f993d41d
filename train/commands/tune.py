"""``python -m train tune``: search recipe and width under a budget of the exported file."""

import argparse
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_runtime.cli.limits import parse_limit
from edge_runtime.contract import InputSpec
from edge_runtime.document import from_json, to_document, to_json
from train.commands.options import (
    add_data,
    add_training,
    fit_to_data,
    list_said,
    read_settings,
    read_wishes,
)
from train.data.opening import open_dataset
from train.errors import RunError
from train.files import replace_file
from train.framework import load_keras
from train.progress import Progress
from train.recipes import DEFAULT
from train.samples import ImageDataset
from train.settings import TrainingSettings
from train.tuning.budget import Budget
from train.tuning.space import format_command

_EPILOG = """\
A search that was interrupted goes on when the same command is given again; more --trials continue
a finished one. --workers N runs Keras Tuner's chief and N workers here. Workers on other machines,
with the search's folder shared, are told where the chief is by KERASTUNER_TUNER_ID,
KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT, and are given the same command without --workers.
"""
# Options of training that the search decides by itself.
_SEARCHED = ("learning_rate", "shift", "erase")
# More processes than this are a slip of the hand.
_MOST_WORKERS = 256


@dataclass(frozen=True, slots=True)
class SearchIdentity:
    """What makes two searches the same: ``search.json``."""

    base: TrainingSettings
    budget: Budget
    data_sha256: str
    input: InputSpec


def build_parser() -> argparse.ArgumentParser:
    """Build the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m train tune",
        description="Search widths, dropout, learning rate and augmentation of the cnn with Keras "
        "Tuner. Each trial is trained, exported to static int8 TFLite and measured; the best "
        "accuracy whose file keeps the budget wins. The test split is not touched.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="folder of the search (default: tuning/NAME)"
    )
    parser.add_argument(
        "--trials", type=int, default=12, metavar="N", help="trials in all (default: 12)"
    )
    parser.add_argument(
        "--max-size", type=parse_limit, metavar="KIB", help="largest file, in KiB (default: none)"
    )
    parser.add_argument(
        "--max-latency",
        type=parse_limit,
        metavar="US",
        help="largest median latency of one picture here, in µs, LiteRT, one thread "
        "(default: no limit)",
    )
    parser.add_argument(
        "--pictures",
        type=int,
        metavar="N",
        help="most pictures to train a trial on, stratified (default: all)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=0,
        metavar="N",
        help="worker processes under a chief (default: 0, search in this process)",
    )
    parser.add_argument("--force", action="store_true", help="start the search anew")
    parser.add_argument("--json", action="store_true", help="write the result as JSON")
    parser.add_argument("--debug", action="store_true", help="show a traceback on errors")
    add_data(parser)
    add_training(parser)
    # Trials are compared with each other: a few epochs tell better from worse.
    parser.set_defaults(
        recipe=DEFAULT, epochs=4, model="cnn", widths=(), dropout=None, freeze=False
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    try:
        settings, budget = _read(arguments, list_said(build_parser(), argv))
    except ValueError as error:
        parser.error(str(error))
    progress = Progress()
    dataset = open_dataset(
        arguments.data, progress, read_wishes(arguments), arguments.test_fraction, settings.seed
    )
    least = 2 * len(dataset.class_names)
    if arguments.pictures is not None and arguments.pictures < least:
        parser.error(f"--pictures must be at least {least}, two of each class")
    settings = fit_to_data(settings, dataset)
    folder: Path = arguments.out or Path("tuning") / f"{dataset.name}-cnn"
    is_child = "KERASTUNER_TUNER_ID" in os.environ
    if not is_child:
        identity = SearchIdentity(settings, budget, dataset.fingerprint(), dataset.input)
        _claim_folder(folder, identity, arguments)
    if arguments.workers and not is_child:
        # Imported late, as all of Keras and Keras Tuner.
        from train.tuning.workers import run_workers

        run_workers(argv, arguments.workers, progress)
    else:
        _search(arguments, settings, budget, dataset, folder, progress)
    return 0 if is_child else _conclude(arguments, folder, budget, dataset.input, progress)


def _read(arguments: argparse.Namespace, said: set[str]) -> tuple[TrainingSettings, Budget]:
    if arguments.trials < 1 or arguments.workers < 0:
        raise ValueError("--trials must be at least 1 and --workers not negative")
    if arguments.workers > _MOST_WORKERS:
        raise ValueError(f"--workers must be at most {_MOST_WORKERS}, found {arguments.workers}")
    if arguments.tail_epochs:
        raise ValueError(
            "--tail-epochs: the cnn that is searched gives probabilities, and a tail in int8 steps "
            "needs logits; leave it out"
        )
    for name in _SEARCHED:
        if name in said:
            option = f"--{name.replace('_', '-')}"
            raise ValueError(f"{option} is what the search chooses; leave it out")
    size = None if arguments.max_size is None else round(arguments.max_size * 1024)
    return read_settings(arguments), Budget(size, arguments.max_latency)


def _claim_folder(folder: Path, identity: SearchIdentity, arguments: argparse.Namespace) -> None:
    path = folder / "search.json"
    # Only a search is replaced: the folder named might hold somebody's pictures.
    if arguments.force and path.is_file():
        shutil.rmtree(folder)
    if path.is_file():
        stood = from_json(SearchIdentity, path.read_bytes(), str(path))
        if stood != identity:
            raise RunError(
                f"{folder} holds a search with other settings, data or budget. Choose another "
                "place with --out, or start anew with --force."
            )
    elif folder.exists() and any(folder.iterdir()):
        raise RunError(f"{folder} holds something else; choose another place with --out")
    else:
        with replace_file(path) as beside:
            beside.write_text(to_json(identity), encoding="utf-8")


def _search(
    arguments: argparse.Namespace,
    settings: TrainingSettings,
    budget: Budget,
    dataset: ImageDataset,
    folder: Path,
    progress: Progress,
) -> None:
    load_keras()
    from train.tuning.search import run_search
    from train.tuning.trials import TrialBench, build_judged_dataset

    judged = build_judged_dataset(dataset, settings.seed, arguments.pictures)
    quiet = Progress(quiet="KERASTUNER_TUNER_ID" in os.environ)
    bench = TrialBench(judged, budget, folder / "trials", progress, quiet)
    run_search(bench, settings, arguments.trials, settings.seed)


def _conclude(
    arguments: argparse.Namespace,
    folder: Path,
    budget: Budget,
    spec: InputSpec,
    progress: Progress,
) -> int:
    from train.tuning.report import find_best, format_budget, write_report
    from train.tuning.trials import load_outcomes

    outcomes = load_outcomes(folder / "trials")
    best = find_best(outcomes)
    epochs = TrainingSettings().epochs
    command = None
    if best is not None:
        data = arguments.data
        command = format_command(best.settings, epochs, data, spec, arguments.test_fraction)
    write_report(folder, outcomes, budget, command)
    progress.say(f"Wrote report.md, trials.csv and trials.png into {folder}")
    if arguments.json:
        document = {
            "folder": str(folder),
            "trials": len(outcomes),
            "best": None if best is None else to_document(best),
            "command": command,
        }
        print(json.dumps(document, indent=1))
    elif best is None or best.accuracy is None or best.size_bytes is None:
        print(f"None of {len(outcomes)} trials keeps the budget ({format_budget(budget)})")
    else:
        print(
            f"Best of {len(outcomes)} trials within the budget ({format_budget(budget)}): trial "
            f"{best.trial}, {best.accuracy:.2%} at {best.size_bytes / 1024:.0f} KiB and "
            f"{best.latency_us or 0:.0f} µs\nTrain it in full: {command}"
        )
    return 0 if best is not None else 1
