"""The command: ``python -m export``."""

import argparse
import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

from edge_runtime.cli.failures import describe_failure
from edge_runtime.document import to_document
from edge_runtime.errors import EdgeRuntimeError
from export.arguments import OWN_MODEL_OPTIONS, build_parser
from export.errors import ExportError, OutputFolderError
from export.manifest import Manifest
from export.output_folder import check_output_folder
from export.pipeline import Options, export_source
from export.pixel_scaling import parse_pixel_scaling
from export.progress import Progress
from export.recipes import select_recipes
from export.samples import FEWEST_CALIBRATION
from export.source import Source, load_run
from export.steps import follow_parent
from export.summary import format_summary
from export.targets import find_target
from export.user_model import UserModel, load_user_model


def main(argv: list[str] | None = None) -> int:
    """Export a model; 0 done, 1 failed, 2 wrong use."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    mistake = _find_mistake(arguments)
    if mistake is not None:
        parser.print_usage(sys.stderr)
        print(f"export: {mistake}", file=sys.stderr)
        return 2
    # A polite kill cleans up as Ctrl-C does.
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _export(arguments)
    except (EdgeRuntimeError, OSError) as error:
        if arguments.debug:
            raise
        print(f"export: {describe_failure(error)}", file=sys.stderr)
        return 2 if isinstance(error, OutputFolderError) and error.is_wrong_use else 1
    except KeyboardInterrupt:
        print("\nexport: interrupted; nothing was written", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, previous)


def _find_mistake(arguments: argparse.Namespace) -> str | None:
    if (arguments.run is None) == (arguments.model is None):
        return "name a run folder with --run, or a model of your own with --model"
    stray = _find_stray_option(arguments)
    if stray is not None:
        return f"{stray} belongs to --model; a run folder says that itself"
    if arguments.model is not None and arguments.calibration is None:
        return "--model needs --calibration: a folder with one sub-folder per class, or an .npz"
    if not 0 <= arguments.max_accuracy_drop <= 100:
        return f"--max-accuracy-drop must be 0 to 100 points, found {arguments.max_accuracy_drop}"
    if arguments.calibration_samples < FEWEST_CALIBRATION:
        least, found = FEWEST_CALIBRATION, arguments.calibration_samples
        return f"--calibration-samples must be {least} or more pictures, found {found}"
    if arguments.evaluation_samples < 1:
        return f"--evaluation-samples must be 1 or more, found {arguments.evaluation_samples}"
    try:
        parse_pixel_scaling(arguments.pixel_scaling)
        target = find_target(arguments.target)
        with_ranges = arguments.run is not None
        select_recipes(_names(arguments), with_ranges=with_ranges, formats=target.formats)
        _parse_size(arguments.input_size)
    except ExportError as error:
        return str(error)
    return None


def _find_stray_option(arguments: argparse.Namespace) -> str | None:
    """An option about a model of one's own that was given together with --run."""
    if arguments.run is None:
        return None
    plain = vars(build_parser().parse_args([]))
    given = (name for name in OWN_MODEL_OPTIONS if getattr(arguments, name) != plain[name])
    return next((f"--{name.replace('_', '-')}" for name in given), None)


def _export(arguments: argparse.Namespace) -> int:
    source_name = arguments.run.resolve().name if arguments.run else arguments.model.stem
    folder = arguments.out or Path("artifacts", arguments.name or source_name)
    # Before TensorFlow is loaded: a mistake here should not cost ten seconds.
    check_output_folder(folder, force=arguments.force)
    progress = Progress(1, enabled=not arguments.quiet)
    progress.announce("loading TensorFlow and the model")
    source = _load_source(arguments, progress)
    progress.advance("loaded the model and its pictures")
    progress.finish()
    target = find_target(arguments.target)
    recipes = select_recipes(
        _names(arguments), with_ranges=source.ranges is not None, formats=target.formats
    )
    options = Options(
        recipes=recipes,
        target=target,
        max_drop_points=arguments.max_accuracy_drop,
        calibration_samples=arguments.calibration_samples,
        calibration_method=arguments.calibration_method,
        force=arguments.force,
    )
    manifest = export_source(source, folder, options, show_progress=not arguments.quiet)
    _print_result(manifest, folder, as_json=arguments.json)
    return 0


def _load_source(arguments: argparse.Namespace, progress: Progress) -> Source:
    if arguments.run is not None:
        return load_run(arguments.run)
    user = UserModel(
        path=arguments.model,
        labels=arguments.labels,
        calibration=arguments.calibration,
        evaluation=arguments.evaluation,
        name=arguments.name,
        pixel_scaling=parse_pixel_scaling(arguments.pixel_scaling),
        input_size=_parse_size(arguments.input_size),
        resize=arguments.resize,
        polarity=arguments.polarity,
        licence=arguments.licence,
        custom_code=arguments.custom_code,
        evaluation_samples=arguments.evaluation_samples,
        calibration_samples=arguments.calibration_samples,
    )
    return load_user_model(user, progress.tell)


def _names(arguments: argparse.Namespace) -> list[str]:
    if arguments.recipes is None:
        return []
    names = [name.strip() for name in arguments.recipes.split(",") if name.strip()]
    if not names:
        raise ExportError(f"--recipes names none: {arguments.recipes!r}")
    return names


def _parse_size(text: str | None) -> tuple[int, int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d+)[x×](\d+)[x×]([13])", text)
    if match is None:
        raise ExportError(f"--input-size takes HEIGHTxWIDTHxCHANNELS, found {text!r}")
    return int(match[1]), int(match[2]), int(match[3])


def _print_result(manifest: Manifest, folder: Path, *, as_json: bool) -> None:
    for warning in manifest.warnings:
        print(f"export: warning: {warning}", file=sys.stderr)
    if as_json:
        json.dump({"folder": str(folder), **to_document(manifest)}, sys.stdout, indent=1)
        print()
    else:
        print(format_summary(manifest, folder))


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    follow_parent()
    sys.exit(main())
