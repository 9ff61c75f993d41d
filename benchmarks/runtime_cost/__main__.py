"""``python -m benchmarks.runtime_cost``: measure, print the table, hold it against the bounds."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from benchmarks.runtime_cost.bounds import BOUNDS_BY_KEY, Finding
from benchmarks.runtime_cost.measuring import measure
from benchmarks.runtime_cost.setup import Setup
from benchmarks.runtime_cost.table import format_findings
from edge_runtime.document import to_document
from edge_runtime.measurement.host import describe_host

_ROOT = Path(__file__).parents[2]
_PICTURES = _ROOT / "tests" / "fixtures" / "fashion_mnist_sample.npz"
_CNN = _ROOT / "artifacts" / "fashion-cnn" / "fashion-cnn_static_int8"
_NANO = _ROOT / "models" / "nano" / "fashion-nano_qat_int8"
_QUICK = {"processes": 3, "call_rounds": 100, "batch_rounds": 5, "process_rounds": 7}
_FULL = {"processes": 7, "call_rounds": 300, "batch_rounds": 15, "process_rounds": 20}


def main(argv: list[str] | None = None) -> int:
    """Measure; 0 within all bounds, 1 beyond one or a failure, 2 wrong use."""
    arguments = _build_parser().parse_args(argv)
    for file in _list_files(arguments):
        if not file.is_file():
            remedy = "; make demo makes it" if file.is_relative_to(_CNN.parent) else ""
            print(f"runtime_cost: {file}: there is no such file{remedy}", file=sys.stderr)
            return 2
    findings: list[Finding] = []
    try:
        with tempfile.TemporaryDirectory(prefix="edge-runtime-cost-") as scratch:
            _measure(arguments, Path(scratch), findings)
    except (RuntimeError, ValueError) as error:
        print(f"runtime_cost: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if findings:
            _show(findings, arguments)
        wanted = len(arguments.only or BOUNDS_BY_KEY)
        print(f"runtime_cost: interrupted; {len(findings)} of {wanted} measured", file=sys.stderr)
        return 130
    _show(findings, arguments)
    return 0 if all(finding.is_met for finding in findings) else 1


def _list_files(arguments: argparse.Namespace) -> list[Path]:
    """List what the bounds in question are measured with."""
    keys = arguments.only or list(BOUNDS_BY_KEY)
    needs = {
        arguments.tflite: {"scores-litert", "classify-litert", "batch", "command", "memory"},
        arguments.onnx: {"scores-onnx"},
        arguments.nano_tflite: {"scores-litert-nano", "classify-litert-nano"},
        arguments.nano_onnx: {"scores-onnx-nano"},
    }
    return [*(file for file, of in needs.items() if of.intersection(keys)), arguments.pictures]


def _show(findings: list[Finding], arguments: argparse.Namespace) -> None:
    host = describe_host()
    if arguments.json:
        document = {"host": to_document(host), "findings": [_to_document(f) for f in findings]}
        print(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        print(format_findings(findings, host))


def _measure(arguments: argparse.Namespace, scratch: Path, findings: list[Finding]) -> None:
    """Add each finding at once: an interrupted run has those until then."""
    rounds = _QUICK if arguments.quick else _FULL
    setup = Setup(
        tflite=arguments.tflite,
        onnx=arguments.onnx,
        nano_tflite=arguments.nano_tflite,
        nano_onnx=arguments.nano_onnx,
        pictures=arguments.pictures,
        scratch=scratch,
        environment=_make_environment(scratch),
        time="processor" if arguments.processor_time else "wall",
        **rounds,
    )
    for finding in measure(setup, arguments.only or list(BOUNDS_BY_KEY)):
        print(f"runtime_cost: {finding.bound.key} measured", file=sys.stderr)
        findings.append(finding)


def _make_environment(scratch: Path) -> Mapping[str, str]:
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    # Installed packages are compiled, so what runs from a checkout must be too.
    environment["PYTHONPYCACHEPREFIX"] = str(scratch / "bytecode")
    search = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(search)
    return environment


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.runtime_cost",
        description="Measure what edge_runtime costs above the bare libraries, in turns within one "
        "run, and hold it against what is promised. Takes about two minutes; a quiet machine with "
        "two cores gives the narrowest quartiles.",
    )
    for prefix, stem, model in (("", _CNN, "the seed's CNN"), ("nano-", _NANO, "nano")):
        for format_name in ("tflite", "onnx"):
            file = stem.with_suffix(f".{format_name}")
            parser.add_argument(
                f"--{prefix}{format_name}",
                type=Path,
                metavar="FILE",
                default=file,
                help=f"{model} in full int8 (default: {os.path.relpath(file, _ROOT)})",
            )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="NPZ",
        default=_PICTURES,
        help="pictures of the model's size (default: the tests' Fashion-MNIST sample)",
    )
    parser.add_argument(
        "--only", nargs="+", choices=BOUNDS_BY_KEY, metavar="BOUND", help="; ".join(BOUNDS_BY_KEY)
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, wider quartiles")
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="leave out what other programs take, on a busy machine (all but the batch)",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    return parser


def _to_document(finding: Finding) -> dict[str, object]:
    return {**asdict(finding.bound), **asdict(finding.estimate), "met": finding.is_met}


if __name__ == "__main__":
    sys.exit(main())
