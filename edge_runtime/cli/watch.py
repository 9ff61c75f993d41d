"""Stay and say what new pictures of a folder, or the frames of a camera, show.

Ends on Ctrl-C and SIGTERM with exit code 0. Under systemd (Type=notify, WatchdogSec=) it says when
it is ready and gives a sign of life after each round.
"""

import argparse
import math
import sys
import time
from contextlib import closing

from edge_runtime.cameras.registry import CAMERA_BACKENDS, DEFAULT_SIZE, open_camera
from edge_runtime.classifier import Classifier
from edge_runtime.cli.answer_formats import AlignedLines, AnswerFormat, JsonLines
from edge_runtime.cli.answer_options import (
    add_answer_arguments,
    parse_positive,
    read_polarity,
)
from edge_runtime.cli.limits import read_whole
from edge_runtime.cli.main import UsageError
from edge_runtime.cli.model_options import add_model_arguments, load_classifier
from edge_runtime.cli.paths import parse_path
from edge_runtime.cli.stopping import StopRequest
from edge_runtime.cli.watched import Watched, watch_camera, watch_folder
from edge_runtime.errors import ImageError
from edge_runtime.pictures.picture_files import FolderWatcher
from edge_runtime.pictures.preprocessing import Image
from edge_runtime.results import Classification
from edge_runtime.supervision import ALIVE, READY, STOPPING, notify_supervisor

# Width of the first column: an hour at 30 frames a second.
_LONG_FRAME_NAME = "frame 108000"
# The system's clocks cannot wait for just any number of seconds, nor drivers give any size.
_YEAR_S = 366 * 86_400
_MOST_SIDE = 16_384
_INTERVAL_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "folder", nargs="?", type=parse_path, metavar="FOLDER", help="folder to watch"
    )
    parser.add_argument(
        "--existing", action="store_true", help="also answer the pictures that are there already"
    )
    parser.add_argument(
        "--interval",
        type=_parse_seconds,
        metavar="S",
        help="seconds between two looks at the folder; a file is answered once it looks the same "
        "in two of them (default: 1)",
    )
    camera = parser.add_argument_group("camera")
    camera.add_argument(
        "--camera",
        nargs="?",
        type=_parse_index,
        const=0,
        metavar="N",
        help="watch a camera instead of a folder; N is its number (default: 0)",
    )
    camera.add_argument(
        "--camera-backend",
        choices=("auto", *CAMERA_BACKENDS),
        help="library that opens it (default: auto, picamera2 or else OpenCV)",
    )
    camera.add_argument(
        "--frame-size",
        type=_parse_size,
        metavar="WxH",
        help="size of a frame in pixels (default: {}x{})".format(*DEFAULT_SIZE),
    )
    end = parser.add_argument_group("end by itself")
    end.add_argument("--count", type=parse_positive, metavar="N", help="after N pictures")
    end.add_argument(
        "--seconds", type=_parse_seconds, metavar="S", help="after the first round beyond S seconds"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    add_answer_arguments(parser)
    add_model_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Watch until told to stop."""
    if arguments.folder is not None and arguments.camera is not None:
        raise UsageError("name a folder to watch or --camera, not both: only one is watched")
    if arguments.folder is None and arguments.camera is None:
        raise UsageError("name a folder to watch, or --camera; for example: watch inbox/")
    if arguments.camera is None and (arguments.camera_backend or arguments.frame_size):
        raise UsageError("--camera-backend and --frame-size are for --camera")
    if arguments.camera is not None and (arguments.existing or arguments.interval):
        raise UsageError("--existing and --interval are for a folder")
    with (
        StopRequest() as stop,
        load_classifier(arguments) as classifier,
        closing(_open(classifier, arguments)) as watched,
    ):
        _report(watched, stop, _choose_format(classifier, arguments), arguments)
    return 0


def _choose_format(classifier: Classifier, arguments: argparse.Namespace) -> AnswerFormat:
    has_camera = arguments.camera is not None
    if arguments.json:
        return JsonLines(counts_dropped=has_camera)
    return AlignedLines(classifier.labels, [_LONG_FRAME_NAME] if has_camera else [])


def _open(classifier: Classifier, arguments: argparse.Namespace) -> Watched:
    def classify(picture: Image) -> Classification:
        return classifier.classify(picture, arguments.top, polarity=read_polarity(arguments))

    if arguments.folder is not None:
        interval = arguments.interval or _INTERVAL_S
        watcher = FolderWatcher(arguments.folder, existing=arguments.existing)
        print(f"edge-runtime: watching {arguments.folder}", file=sys.stderr, flush=True)
        return watch_folder(watcher, classify, lambda: time.sleep(interval))
    camera = open_camera(
        arguments.camera,
        size=arguments.frame_size or DEFAULT_SIZE,
        backend=arguments.camera_backend or "auto",
    )
    print(f"edge-runtime: watching camera {arguments.camera}", file=sys.stderr, flush=True)
    return watch_camera(camera, classify)


def _report(
    watched: Watched, stop: StopRequest, form: AnswerFormat, arguments: argparse.Namespace
) -> None:
    end_s = time.monotonic() + (arguments.seconds or math.inf)
    answered = unusable = dropped = 0
    sign = READY
    try:
        while answered + unusable < (arguments.count or math.inf) and time.monotonic() < end_s:
            with stop.waiting():
                sighting = next(watched)
            # The first round proves that pictures come: a camera that hangs is never ready.
            notify_supervisor(sign)
            sign = ALIVE
            if sighting is None:
                continue
            dropped += sighting.dropped
            if isinstance(sighting.answer, ImageError):
                unusable += 1
                print(f"edge-runtime: {sighting.answer}", file=sys.stderr, flush=True)
            else:
                answered += 1
                line = form.format_answer(sighting.source, sighting.answer, sighting.dropped)
                print(line, flush=True)
    finally:
        notify_supervisor(STOPPING)
        print(
            f"edge-runtime: {answered} answered, {unusable} unusable, {dropped} dropped",
            file=sys.stderr,
            flush=True,
        )


def _parse_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= _YEAR_S:
        raise argparse.ArgumentTypeError(
            f"expected seconds, more than 0 and at most a year, found {text!r}"
        )
    return seconds


def _parse_index(text: str) -> int:
    index = read_whole(text)
    if index < 0:
        raise argparse.ArgumentTypeError(f"expected the number of a camera, found {text!r}")
    return index


def _parse_size(text: str) -> tuple[int, int]:
    sides = [read_whole(side) for side in text.split("x")]
    if len(sides) != 2 or not all(1 <= side <= _MOST_SIDE for side in sides):
        raise argparse.ArgumentTypeError(
            f"expected a size such as 320x240, of at most {_MOST_SIDE} a side, found {text!r}"
        )
    return sides[0], sides[1]
