"""Measure how right a model is on labelled pictures of your own.

DATA is a folder with one sub-folder of pictures per class, named as the class, or an .npz file
with the arrays images, uint8 (N, height, width, channels), and labels, class numbers (N,).

example: edge-runtime evaluate photos/ --model fashion-cnn_static_int8.tflite
"""

import argparse
import csv
import io
import json
import sys
from typing import Any

from edge_runtime.cli.answer_options import (
    add_polarity_argument,
    parse_positive,
    read_polarity,
)
from edge_runtime.cli.model_options import add_model_arguments, load_classifier
from edge_runtime.cli.paths import parse_path
from edge_runtime.cli.progress import ProgressLine
from edge_runtime.evaluation.evaluating import Evaluation, evaluate
from edge_runtime.evaluation.labelled_set import LabelledSet, load_labelled_set
from edge_runtime.evaluation.tables import format_evaluation
from edge_runtime.output_file import check_output, write_output

_SHOWN_UNREADABLE = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("data", type=parse_path, metavar="DATA", help="folder or .npz, see above")
    parser.add_argument(
        "--limit",
        type=parse_positive,
        metavar="N",
        help="use N pictures, from every class its share (default: all)",
    )
    parser.add_argument(
        "--predictions",
        type=parse_path,
        metavar="FILE.csv",
        help="write what was answered per picture",
    )
    parser.add_argument("--force", action="store_true", help="replace FILE.csv where it exists")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    add_polarity_argument(parser)
    add_model_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the report; 1 where a picture could not be read."""
    if arguments.predictions:
        check_output(arguments.predictions, arguments.force)
    with load_classifier(arguments) as classifier:
        data = load_labelled_set(arguments.data, classifier.labels)
        data = data.take_stratified(arguments.limit)
        result = evaluate(classifier, data, ProgressLine(2.0), read_polarity(arguments))
        model = classifier.metadata.model.name if classifier.metadata else str(arguments.model)
        runtime = f"{classifier.backend} {classifier.backend_version}"
    try:
        _tell_what_was_left_out(data, result)
        if arguments.json:
            print(json.dumps(_to_document(result, model, runtime), allow_nan=False))
        else:
            print(f"{model} on {runtime}, {arguments.data}\n")
            print(format_evaluation(result))
    finally:
        # Last, so that a full disk does not cost the report; and also where whoever reads the
        # report has had enough of it (such as `| head`).
        if arguments.predictions:
            write_output(arguments.predictions, _to_csv(result))
    return 1 if result.unreadable else 0


def _tell_what_was_left_out(data: LabelledSet, result: Evaluation) -> None:
    if data.passed_over:
        passed = (
            "1 file that is no picture was"
            if data.passed_over == 1
            else f"{data.passed_over} files that are no pictures were"
        )
        print(f"{passed} passed over", file=sys.stderr)
    for one in result.unreadable[:_SHOWN_UNREADABLE]:
        print(f"edge-runtime: left out: {one.reason}", file=sys.stderr)
    if len(result.unreadable) > _SHOWN_UNREADABLE:
        print(f"… {len(result.unreadable)} pictures were left out", file=sys.stderr)


def _to_csv(result: Evaluation) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("picture", "label", "predicted", "probability", "correct"))
    for answer in result.answers:
        writer.writerow(
            (
                answer.name,
                result.labels[answer.label],
                result.labels[answer.predicted],
                f"{answer.probability:.6f}",
                int(answer.label == answer.predicted),
            )
        )
    return text.getvalue()


def _to_document(result: Evaluation, model: str, runtime: str) -> dict[str, Any]:
    rows = zip(result.labels, result.confusion, strict=True)
    return {
        "model": model,
        "runtime": runtime,
        "accuracy": result.correct / result.total,
        "interval": [result.interval.low, result.interval.high],
        "confidence": result.interval.confidence,
        "correct": result.correct,
        "total": result.total,
        "stated": [
            {
                "whose": one.whose,
                "accuracy": one.correct / one.total,
                "correct": one.correct,
                "total": one.total,
                "contained": one.contained,
            }
            for one in result.stated
        ],
        "classes": [
            {"label": label, "correct": row[place], "total": sum(row)}
            for place, (label, row) in enumerate(rows)
        ],
        "confusion": result.confusion,
        "unreadable": [{"picture": one.name, "reason": one.reason} for one in result.unreadable],
    }
