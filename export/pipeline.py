"""The whole export, step by step: convert, run everywhere, judge, describe, write."""

import dataclasses
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_runtime import __version__ as toolkit_version
from edge_runtime.contract import (
    SCHEMA_VERSION,
    ArtifactMetadata,
    MeasuredAccuracy,
    Quantization,
)
from edge_runtime.document import to_json
from export.convert import Converted, Converter
from export.describe import to_described
from export.environment import find_created, find_versions
from export.errors import ConversionError, ExportError
from export.findings import compare_runtimes, to_finding
from export.gate import DEFAULT_MAX_DROP_POINTS, choose_recommended, judge
from export.golden import build_golden, choose_golden
from export.manifest import (
    FILE_NAME,
    MANIFEST_VERSION,
    ArtifactEntry,
    Manifest,
    SampleSet,
    Status,
)
from export.output_folder import check_output_folder, fill_folder
from export.progress import Progress
from export.recipes import Recipe
from export.source import Source
from export.verification import Replay, find_backends, replay_all

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Options:
    """What a user chooses about an export.

    Attributes:
        recipes: What to make.
        max_drop_points: The gate: percentage points of accuracy that may be lost.
        calibration_samples: At most so many calibration pictures are used.
        force: Replace an earlier export.
    """

    recipes: tuple[Recipe, ...]
    max_drop_points: float = DEFAULT_MAX_DROP_POINTS
    calibration_samples: int = 500
    force: bool = False


def export_source(
    source: Source, folder: Path, options: Options, *, show_progress: bool = True
) -> Manifest:
    """Make a folder of verified artifacts.

    Args:
        source: The float model and its pictures.
        folder: Where to; appears whole or not at all.
        options: What to make.
        show_progress: Draw progress on standard error.

    Raises:
        ExportError: Nothing can be made of this source, or the folder is in use.
    """
    check_output_folder(folder, force=options.force)
    return _Export(source, options, show_progress=show_progress).run(folder)


class _Export:
    """One export; holds what all its steps share."""

    def __init__(self, source: Source, options: Options, *, show_progress: bool) -> None:
        self._source = source
        self._options = options
        self._spec = source.classifier.spec
        self._verified_on = source.evaluation or source.calibration
        self._calibration = source.calibration.first(options.calibration_samples)
        self._created = find_created()
        steps = 1 + sum(1 + len(find_backends(r.format)) for r in options.recipes)
        self._progress = Progress(steps, enabled=show_progress)

    def run(self, folder: Path) -> Manifest:
        self._progress.announce("asking the float model")
        reference = self._source.classifier.measure_scores(self._verified_on.images)
        self._progress.advance("asked the float model")
        converted, failed = self._convert()
        replays = self._replay(converted)
        self._progress.finish()
        golden = choose_golden(self._verified_on, reference)
        with fill_folder(folder) as partial:
            entries = [
                self._finish(partial, file, runs, reference, golden)
                for file, runs in zip(converted, replays, strict=True)
            ]
            manifest = self._build_manifest((*entries, *failed))
            if self._source.evaluation is not None:
                np.savez_compressed(
                    partial / "evaluation.npz",
                    images=self._source.evaluation.images,
                    labels=self._source.evaluation.labels,
                    reference_scores=reference,
                )
            (partial / FILE_NAME).write_text(to_json(manifest), encoding="utf-8")
        return manifest

    def _convert(self) -> tuple[list[Converted], list[ArtifactEntry]]:
        converter = Converter(
            self._source.classifier, self._calibration.images, self._source.ranges
        )
        converted, failed = [], []
        for recipe in self._options.recipes:
            self._progress.announce(f"converting to {recipe.key}")
            try:
                converted.append(converter.convert(recipe))
            except ConversionError as error:
                failed.append(self._build_entry(recipe, "not_converted", str(error)))
            self._progress.advance(f"converted to {recipe.key}")
        return converted, failed

    def _replay(self, converted: Sequence[Converted]) -> list[tuple[Replay, ...]]:
        with tempfile.TemporaryDirectory(prefix="edge-export-") as name:
            folder = Path(name)
            files = {folder / c.recipe.to_file_name(self._spec.name): c for c in converted}
            for path, file in files.items():
                path.write_bytes(file.content)

            def tell(path: Path, replay: Replay) -> None:
                verb = "ran" if replay.scores is not None else "could not run"
                self._progress.advance(f"{verb} {files[path].recipe.key} on {replay.backend}")

            self._progress.announce("running every file on every runtime")
            replays = replay_all(files, self._verified_on.images, folder, tell)
        return [replays[path] for path in files]

    def _finish(
        self,
        folder: Path,
        file: Converted,
        replays: tuple[Replay, ...],
        reference: Scores,
        golden: tuple[int, ...],
    ) -> ArtifactEntry:
        """Judge one file and, where it passes, write it with its description."""
        findings = tuple(to_finding(run, reference, self._verified_on.labels) for run in replays)
        comparisons = [f.comparison for f in findings if f.comparison is not None]
        verdict = judge(comparisons, self._options.max_drop_points)
        entry = dataclasses.replace(
            self._build_entry(
                file.recipe, "kept" if verdict.passed else "rejected", verdict.reason
            ),
            requires=file.requires,
            findings=findings,
            pairs=compare_runtimes(replays),
        )
        if not verdict.passed:
            return entry
        primary = next(run for run in replays if run.scores is not None)
        metadata = self._build_metadata(file, primary, reference, golden)
        content = to_described(file.content, file.recipe.format, metadata)
        (folder / entry.file).write_bytes(content)
        return dataclasses.replace(
            entry, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
        )

    def _build_metadata(
        self, file: Converted, primary: Replay, reference: Scores, golden: tuple[int, ...]
    ) -> ArtifactMetadata:
        assert primary.scores is not None
        labels = self._verified_on.labels
        accuracy = None
        if self._source.evaluation is not None:
            accuracy = MeasuredAccuracy(
                correct=int((primary.scores.argmax(axis=1) == labels).sum()),
                reference_correct=int((reference.argmax(axis=1) == labels).sum()),
                total=len(labels),
                runtime=f"{primary.runtime}, {find_versions().machine}",
            )
        calibrated = file.recipe.needs == "calibration"
        return ArtifactMetadata(
            schema_version=SCHEMA_VERSION,
            toolkit_version=toolkit_version,
            created=self._created,
            model=self._spec,
            quantization=Quantization(
                precision=file.recipe.precision,
                method=file.recipe.description,
                calibration_samples=len(self._calibration) if calibrated else 0,
                calibration_sha256=self._calibration.sha256 if calibrated else None,
            ),
            requires=file.requires,
            accuracy=accuracy,
            golden=build_golden(self._verified_on, golden, primary.scores),
        )

    def _build_entry(self, recipe: Recipe, status: Status, reason: str | None) -> ArtifactEntry:
        return ArtifactEntry(
            file=recipe.to_file_name(self._spec.name),
            format=recipe.format,
            precision=recipe.precision,
            method=recipe.description,
            status=status,
            reason=reason,
        )

    def _build_manifest(self, entries: tuple[ArtifactEntry, ...]) -> Manifest:
        by_file = {recipe.to_file_name(self._spec.name): recipe for recipe in self._options.recipes}
        kept = {by_file[e.file]: e.size_bytes for e in entries if e.size_bytes is not None}
        if not kept:
            reasons = "; ".join(f"{entry.file}: {entry.reason}" for entry in entries)
            raise ExportError(f"no file came out right, so nothing was written. {reasons}")
        recommended = choose_recommended(kept)
        is_evaluation = self._source.evaluation is not None
        return Manifest(
            schema_version=MANIFEST_VERSION,
            toolkit_version=toolkit_version,
            created=self._created,
            model=self._spec,
            model_sha256=self._source.model_sha256,
            versions=find_versions(),
            calibration=SampleSet(len(self._calibration), self._calibration.sha256, "calibration"),
            verified_on=SampleSet(
                len(self._verified_on),
                self._verified_on.sha256,
                "evaluation" if is_evaluation else "calibration",
            ),
            max_accuracy_drop_points=self._options.max_drop_points,
            recommended=recommended.to_file_name(self._spec.name) if recommended else None,
            artifacts=entries,
            warnings=self._source.warnings,
        )
