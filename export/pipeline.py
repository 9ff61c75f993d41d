"""The whole export, step by step: convert, run everywhere, judge, describe, write, report."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_runtime import __version__ as toolkit_version
from edge_runtime.document import to_json
from export.artifact_writer import ArtifactWriter
from export.convert import Converted, Converter
from export.environment import find_created, find_versions
from export.errors import ConversionError, ExportError, NotAClassifierError
from export.findings import compare_runtimes, to_finding
from export.gate import DEFAULT_MAX_DROP_POINTS, choose_recommended
from export.golden import choose_golden
from export.judging import judge_file
from export.layer_noise import measure_layer_noise
from export.manifest import (
    FILE_NAME,
    MANIFEST_VERSION,
    ArtifactEntry,
    LayerNoise,
    Manifest,
    SampleSet,
    Status,
)
from export.output_folder import check_output_folder, fill_folder, open_work_folder
from export.progress import Progress
from export.recipes import (
    DEFAULT_CALIBRATION_METHOD,
    DEFAULT_CALIBRATION_SAMPLES,
    CalibrationMethod,
    Recipe,
)
from export.report import write_report
from export.samples import check_calibration
from export.source import Source
from export.steps import Kind, Steps
from export.targets import TARGETS, Target
from export.verification import Replay, replay_all

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Options:
    """What a user chooses about an export.

    Attributes:
        recipes: What to make.
        target: Where it must load.
        max_drop_points: The gate: percentage points of accuracy that may be lost.
        calibration_samples: At most so many calibration pictures are used.
        calibration_method: How ONNX's static quantization finds ranges.
        force: Replace an earlier export.
    """

    recipes: tuple[Recipe, ...]
    target: Target = TARGETS["any"]
    max_drop_points: float = DEFAULT_MAX_DROP_POINTS
    calibration_samples: int = DEFAULT_CALIBRATION_SAMPLES
    calibration_method: CalibrationMethod = DEFAULT_CALIBRATION_METHOD
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
        self._warnings = (*check_calibration(self._calibration), *source.warnings)
        self._created = find_created()
        runs = sum(len(options.target.find_backends(recipe.format)) for recipe in options.recipes)
        self._steps = Steps.from_environment()
        self._progress = Progress(3 + len(options.recipes) + runs, enabled=show_progress)

    def run(self, folder: Path) -> Manifest:
        reference = self._measure_reference()
        converted, failed = self._convert()
        replays = self._replay(converted)
        noise = self._measure_noise(converted)
        self._begin("writing files and report")
        writer = ArtifactWriter(
            spec=self._spec,
            created=self._created,
            calibration=self._calibration,
            verified_on=self._verified_on,
            reference=reference,
            golden=choose_golden(self._verified_on, reference),
            is_evaluation=self._source.evaluation is not None,
        )
        with fill_folder(folder) as partial:
            entries = [
                self._finish(partial, file, runs, writer)
                for file, runs in zip(converted, replays, strict=True)
            ]
            manifest = self._build_manifest((*entries, *failed), reference, noise)
            (partial / FILE_NAME).write_text(to_json(manifest), encoding="utf-8")
            self._write_evaluation(partial, reference)
            write_report(manifest, self._verified_on, partial)
        self._progress.advance("written")
        self._progress.finish()
        return manifest

    def _begin(self, doing: str, kind: Kind = "needed") -> None:
        self._steps.begin(doing, kind)
        self._progress.announce(doing)

    def _measure_reference(self) -> Scores:
        self._begin("asking the float model")
        images, tell = self._verified_on.images, self._progress.tell
        reference = self._source.classifier.measure_scores(
            images, lambda done: tell(f"asked the float model {done:,} of {len(images):,} pictures")
        )
        self._progress.advance("asked the float model")
        if not np.isfinite(reference).all():
            wrong = int((~np.isfinite(reference).all(axis=1)).sum())
            raise NotAClassifierError(
                f"the float model answers NaN or infinity on {wrong:,} of {len(images):,} pictures"
                ", so nothing can be compared with it. Train it again, with a lower learning rate"
            )
        return reference

    def _convert(self) -> tuple[list[Converted], list[ArtifactEntry]]:
        options = self._options
        converter = Converter(
            self._source.classifier,
            self._calibration.images,
            self._source.ranges,
            options.target.settings,
            options.calibration_method,
        )
        converted, failed = [], []
        for recipe in options.recipes:
            doing = f"converting to {recipe.key}"
            crash = self._steps.find_crash(doing)
            if crash is not None:
                reason = f"the converter crashed ({crash})"
                failed.append(self._build_entry(recipe, "not_converted", reason))
                continue
            self._begin(doing, "optional")
            try:
                converted.append(converter.convert(recipe))
            except ConversionError as error:
                failed.append(self._build_entry(recipe, "not_converted", str(error)))
            self._progress.advance(f"converted to {recipe.key}")
        return converted, failed

    def _replay(self, converted: Sequence[Converted]) -> list[tuple[Replay, ...]]:
        self._begin("running every file on every runtime")
        with open_work_folder() as folder:
            files = {folder / c.recipe.to_file_name(self._spec.name): c for c in converted}
            for path, file in files.items():
                path.write_bytes(file.content)

            def tell(path: Path, replay: Replay) -> None:
                verb = "ran" if replay.scores is not None else "could not run"
                self._progress.advance(f"{verb} {files[path].recipe.key} on {replay.backend}")

            backends = self._options.target.find_backends
            replays = replay_all(files, self._verified_on.images, folder, backends, tell)
        return [replays[path] for path in files]

    def _measure_noise(self, converted: Sequence[Converted]) -> tuple[LayerNoise, ...]:
        doing = "measuring the noise of each layer"
        by_key = {file.recipe.key: file.content for file in converted}
        exact, stored = by_key.get("fp32.tflite"), by_key.get("static_int8.tflite")
        if self._steps.find_crash(doing) is not None:
            return ()
        self._begin(doing, "optional")
        noise = measure_layer_noise(exact, stored, self._verified_on) if exact and stored else ()
        self._progress.advance("measured the noise of each layer")
        return noise

    def _finish(
        self, folder: Path, file: Converted, replays: tuple[Replay, ...], writer: ArtifactWriter
    ) -> ArtifactEntry:
        """Judge one file and, where it passes, write it."""
        labels, options = self._verified_on.labels, self._options
        findings = tuple(to_finding(run, writer.reference, labels) for run in replays)
        verdict = judge_file(
            findings,
            file.recipe.precision,
            file.requires,
            options.target,
            options.max_drop_points,
        )
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
        size_bytes, sha256 = writer.write(folder / entry.file, file, primary)
        return dataclasses.replace(entry, size_bytes=size_bytes, sha256=sha256)

    def _build_entry(self, recipe: Recipe, status: Status, reason: str | None) -> ArtifactEntry:
        return ArtifactEntry(
            file=recipe.to_file_name(self._spec.name),
            format=recipe.format,
            precision=recipe.precision,
            method=recipe.description,
            status=status,
            reason=reason,
        )

    def _build_manifest(
        self,
        entries: tuple[ArtifactEntry, ...],
        reference: Scores,
        noise: tuple[LayerNoise, ...],
    ) -> Manifest:
        by_file = {recipe.to_file_name(self._spec.name): recipe for recipe in self._options.recipes}
        kept = {by_file[e.file]: e.size_bytes for e in entries if e.size_bytes is not None}
        if not kept:
            reasons = "; ".join(f"{entry.file}: {entry.reason}" for entry in entries)
            raise ExportError(f"no file came out right, so nothing was written. {reasons}")
        recommended = choose_recommended(kept)
        labels = self._verified_on.labels
        is_evaluation = self._source.evaluation is not None
        return Manifest(
            schema_version=MANIFEST_VERSION,
            toolkit_version=toolkit_version,
            created=self._created,
            model=self._spec,
            model_sha256=self._source.model_sha256,
            versions=find_versions(),
            target=self._options.target.name,
            calibration=SampleSet(len(self._calibration), self._calibration.sha256, "calibration"),
            calibration_method=self._options.calibration_method,
            verified_on=SampleSet(
                len(labels),
                self._verified_on.sha256,
                "evaluation" if is_evaluation else "calibration",
            ),
            reference_correct=int((reference.argmax(axis=1) == labels).sum()),
            max_accuracy_drop_points=self._options.max_drop_points,
            recommended=recommended.to_file_name(self._spec.name) if recommended else None,
            artifacts=entries,
            layer_noise=noise,
            warnings=(*self._warnings, *_warn_of_chance(reference, labels)),
        )

    def _write_evaluation(self, folder: Path, reference: Scores) -> None:
        evaluation = self._source.evaluation
        if evaluation is not None:
            np.savez_compressed(
                folder / "evaluation.npz",
                images=evaluation.images,
                labels=evaluation.labels,
                reference_scores=reference,
            )


def _warn_of_chance(reference: Scores, labels: npt.NDArray[np.int64]) -> tuple[str, ...]:
    hits, chance = float((reference.argmax(axis=1) == labels).mean()), 1 / reference.shape[1]
    if hits > 2 * chance or hits > 0.5:
        return ()
    return (
        f"the float model itself is right on only {100 * hits:.1f} % of the pictures, about what "
        "guessing gives. Check the order of the labels, and --pixel-scaling if the model has no "
        "Rescaling layer of its own",
    )
