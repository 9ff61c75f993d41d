"""Classify the drawn scenes, draw the sheet and fill in the table: see the package."""

import argparse
import sys
from collections.abc import Sequence

from edge_runtime import Classifier
from edge_runtime.errors import EdgeRuntimeError
from edge_runtime.pictures.photo import decode_picture, to_model_pixels
from examples.photos.filling import DOCS, fill_in
from examples.photos.scenes import SCENES
from examples.photos.sheet import Outcome, draw_sheet


def classify_scenes(classifier: Classifier) -> list[Outcome]:
    """Classify each scene from its file, as a user would."""
    outcomes = []
    for scene in SCENES:
        data = scene.build()
        seen = to_model_pixels(decode_picture(data, classifier.input), classifier.input)
        outcomes.append(Outcome(scene, data, seen, classifier.classify(data)))
    return outcomes


def format_table(outcomes: Sequence[Outcome], model: str) -> str:
    """The outcomes as a Markdown table with a line that counts them."""
    lines = ["| photo | shows | answer | score | notes |", "|---|---|---|--:|---|"]
    for outcome in outcomes:
        top = outcome.answer.top
        answer = top.label if outcome.is_right else f"**{top.label}**"
        lines.append(
            f"| {outcome.scene.title} | {outcome.scene.label} | {answer} | {top.score:.0%} "
            f"| {'; '.join(outcome.answer.notes)} |"
        )
    right = sum(outcome.is_right for outcome in outcomes)
    lines += ["", f"{right} of {len(outcomes)} right, with {model}."]
    return "\n".join(lines) + "\n"


def _classify_with(artifact: str) -> tuple[list[Outcome], str]:
    """The outcomes, and what gave them in words."""
    with Classifier.load(artifact) as classifier:
        name = classifier.metadata.model.name if classifier.metadata else artifact
        model = f"{name} on {classifier.backend} {classifier.backend_version}"
        return classify_scenes(classifier), model


def main(argv: Sequence[str] | None = None) -> int:
    """Write the figure and the table; 0 done, 1 where the model cannot be loaded."""
    parser = argparse.ArgumentParser(prog="python -m examples.photos", description=__doc__)
    parser.add_argument(
        "--model", default="default", metavar="FILE", help="artifact (default: the package's own)"
    )
    arguments = parser.parse_args(argv)
    try:
        outcomes, model = _classify_with(arguments.model)
    except EdgeRuntimeError as error:
        print(f"examples.photos: {error}", file=sys.stderr)
        return 1
    draw_sheet(outcomes).save(DOCS / "figures" / "photos.png", optimize=True)
    table = format_table(outcomes, model)
    print(table, end="")
    fill_in("photos", table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
