"""The command: ``python -m export``."""

import argparse
import json
import sys
from pathlib import Path

from edge_runtime.document import to_document
from edge_runtime.errors import EdgeRuntimeError
from export.errors import OutputFolderError
from export.gate import DEFAULT_MAX_DROP_POINTS
from export.manifest import Manifest
from export.output_folder import check_output_folder
from export.pipeline import Options, export_source
from export.recipes import RECIPES, select_recipes
from export.source import load_run
from export.summary import format_summary

_EXAMPLES = """\
examples:
  python -m export --run runs/fashion-cnn
  python -m export --run runs/fashion-cnn --recipes static_int8,fp32 --out build/two
"""


def main(argv: list[str] | None = None) -> int:
    """Export a model; 0 done, 1 failed, 2 wrong use."""
    parser = _build_parser()
    arguments = parser.parse_args(argv)
    if arguments.run is None:
        parser.print_help(sys.stderr)
        print("\nWhat to do next: name a run folder with --run.", file=sys.stderr)
        return 2
    try:
        return _export(arguments)
    except EdgeRuntimeError as error:
        if arguments.debug:
            raise
        print(f"export: {error}", file=sys.stderr)
        return 2 if isinstance(error, OutputFolderError) else 1
    except KeyboardInterrupt:
        print("\nexport: interrupted; nothing was written", file=sys.stderr)
        return 130


def _export(arguments: argparse.Namespace) -> int:
    folder = arguments.out or Path("artifacts", arguments.run.resolve().name)
    # Before TensorFlow is loaded: a mistake here should not cost ten seconds.
    check_output_folder(folder, force=arguments.force)
    names = [name for name in (arguments.recipes or "").split(",") if name]
    select_recipes(names, with_ranges=True)
    print("loading TensorFlow and the model …", file=sys.stderr)
    source = load_run(arguments.run)
    options = Options(
        recipes=select_recipes(names, with_ranges=source.ranges is not None),
        max_drop_points=arguments.max_accuracy_drop,
        calibration_samples=arguments.calibration_samples,
        force=arguments.force,
    )
    for warning in source.warnings:
        print(f"export: warning: {warning}", file=sys.stderr)
    manifest = export_source(source, folder, options)
    _print_result(manifest, folder, as_json=arguments.json)
    return 0


def _print_result(manifest: Manifest, folder: Path, *, as_json: bool) -> None:
    if as_json:
        json.dump({"folder": str(folder), **to_document(manifest)}, sys.stdout, indent=1)
        print()
    else:
        print(format_summary(manifest, folder))


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m export",
        description="Turn a trained Keras classifier into verified, quantized TFLite and ONNX "
        "files that describe themselves.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--run", type=Path, metavar="DIR", help="run folder that training left")
    add("--out", type=Path, metavar="DIR", help="folder to make (default: artifacts/NAME)")
    add(
        "--recipes",
        metavar="LIST",
        help="comma-separated: " + ", ".join(recipe.key for recipe in RECIPES) + "; a precision "
        "alone means both formats, tflite or onnx every precision (default: all)",
    )
    add(
        "--max-accuracy-drop",
        type=float,
        default=DEFAULT_MAX_DROP_POINTS,
        metavar="POINTS",
        help="keep out a file that may lose more, in percentage points; the upper end of the "
        "paired 95 %% interval counts (default: %(default)s)",
    )
    add(
        "--calibration-samples",
        type=int,
        default=500,
        metavar="N",
        help="calibration pictures to use at most (default: %(default)s)",
    )
    add("--force", action="store_true", help="replace an earlier export in the same folder")
    add("--json", action="store_true", help="print the manifest as JSON")
    add("--debug", action="store_true", help="show a traceback on failure")
    return parser
