"""The eight artifacts of a run: right, self-describing, and the same every time."""

import dataclasses
import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edge_runtime import Classifier
from edge_runtime.contract import ModelSpec
from edge_runtime.document import from_json
from edge_runtime.formats.metadata import read_metadata
from export.comparison import Comparison
from export.earlier_export import find_written
from export.manifest import ArtifactEntry, Manifest
from export.pipeline import Options, export_source
from export.recipes import RECIPES, select_recipes
from export.report import format_report
from export.samples import Samples
from export.source import Source
from export.summary import format_summary

EIGHT = {recipe.to_file_name("tiny-cnn") for recipe in RECIPES if recipe.needs != "ranges"}
FLOAT_TOLERANCE = 1e-4  # rounding of float32 in another order of additions


def entries_of(manifest: Manifest, precision: str) -> list[ArtifactEntry]:
    return [entry for entry in manifest.artifacts if entry.precision == precision]


def comparisons_of(entry: ArtifactEntry) -> list[Comparison]:
    return [f.comparison for f in entry.findings if f.comparison is not None]


def test_every_recipe_makes_a_file_that_runs_on_every_runtime_here(
    artifacts: tuple[Path, Manifest],
) -> None:
    folder, manifest = artifacts
    assert {entry.file for entry in manifest.artifacts} == EIGHT
    for entry in manifest.artifacts:
        assert entry.status == "kept", entry.reason
        backends = ["litert", "tflite"] if entry.format == "tflite" else ["onnx"]
        assert [f.backend for f in entry.findings if f.loads] == backends
        content = (folder / entry.file).read_bytes()
        assert entry.size_bytes == len(content)
        assert entry.sha256 == hashlib.sha256(content).hexdigest()


def test_float_files_agree_with_keras(artifacts: tuple[Path, Manifest]) -> None:
    for entry in entries_of(artifacts[1], "fp32"):
        for found in comparisons_of(entry):
            assert found.largest_error <= FLOAT_TOLERANCE
            assert found.agreement == 1.0


def test_integer_files_answer_like_keras(artifacts: tuple[Path, Manifest]) -> None:
    for precision in ("static_int8", "dynamic_int8", "int16x8", "fp16"):
        for entry in entries_of(artifacts[1], precision):
            for found in comparisons_of(entry):
                assert found.agreement >= 0.97, entry.file
                assert found.mean_error < 0.02, entry.file


def test_static_int8_is_integer_at_both_ends(artifacts: tuple[Path, Manifest]) -> None:
    from edge_runtime.backends import open_session

    session = open_session(artifacts[0] / "tiny-cnn_static_int8.tflite")
    assert session.input.dtype == session.output.dtype == np.dtype(np.int8)
    # Rescaling is part of the network, so one step of the input is one pixel value.
    assert (session.input.scale, session.input.zero_point) == (1.0, -128)
    assert (session.input.name, session.output.name) == ("image", "scores")


def test_each_file_describes_itself(
    artifacts: tuple[Path, Manifest], pictures: dict[str, Samples]
) -> None:
    folder, manifest = artifacts
    for entry in manifest.artifacts:
        described = read_metadata(folder / entry.file)
        assert described is not None
        assert described.model == manifest.model
        assert described.quantization.precision == entry.precision
        assert described.created == "2026-01-01T00:00:00Z"
        assert described.requires == entry.requires
        assert described.accuracy is not None
        assert described.accuracy.total == 400
        assert described.accuracy.correct == comparisons_of(entry)[0].correct
        assert [sample.label for sample in described.golden] == list(range(10))
        calibrated = entry.precision in ("static_int8", "int16x8")
        assert described.quantization.calibration_samples == (400 if calibrated else 0)


def test_golden_scores_are_what_a_classifier_answers(artifacts: tuple[Path, Manifest]) -> None:
    for name in ("tiny-cnn_static_int8.tflite", "tiny-cnn_fp32.onnx"):
        described = read_metadata(artifacts[0] / name)
        assert described is not None
        with Classifier.load(artifacts[0] / name) as classifier:
            for sample in described.golden:
                image = sample.to_image(described.model.input)
                scores = classifier.scores(image[np.newaxis])[0]
                np.testing.assert_allclose(scores, sample.scores, atol=1e-6)


def test_description_is_a_plain_zip_member(artifacts: tuple[Path, Manifest]) -> None:
    with zipfile.ZipFile(artifacts[0] / "tiny-cnn_fp32.tflite") as archive:
        assert archive.namelist() == ["metadata.json"]
        assert json.loads(archive.read("metadata.json"))["schema_version"] == 1


def test_requirements_are_told(artifacts: tuple[Path, Manifest]) -> None:
    for entry in artifacts[1].artifacts:
        assert entry.requires is not None
        if entry.format == "onnx":
            assert entry.requires.onnx_opset == 17
            assert entry.requires.onnx_ir_version == 8
        else:
            assert entry.requires.tflite_runtime is not None


def test_onnx_graphs_are_clean(artifacts: tuple[Path, Manifest]) -> None:
    import onnx

    shape_arithmetic = {"Shape", "Gather", "Slice", "Concat", "Cast", "Squeeze"}
    for entry in artifacts[1].artifacts:
        if entry.format != "onnx":
            continue
        model = onnx.load(artifacts[0] / entry.file)
        onnx.checker.check_model(model, full_check=True)
        (source,), (target,) = model.graph.input, model.graph.output
        assert (source.name, target.name) == ("image", "scores")
        for value in (source, target):
            assert value.type.tensor_type.shape.dim[0].dim_param == "batch"
        kinds = {node.op_type for node in model.graph.node}
        # Dynamic quantization computes its scales while running, with casts of its own.
        if entry.precision != "dynamic_int8":
            assert not kinds & shape_arithmetic
        if entry.precision == "static_int8":
            assert {"QuantizeLinear", "DequantizeLinear"} <= kinds
            kernels = [t for t in model.graph.initializer if t.data_type == onnx.TensorProto.INT8]
            assert any(len(tensor.dims) == 4 for tensor in kernels)


def test_dynamic_onnx_keeps_a_scale_per_channel_of_each_convolution(
    artifacts: tuple[Path, Manifest],
) -> None:
    import onnx

    model = onnx.load(artifacts[0] / "tiny-cnn_dynamic_int8.onnx")
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    makers = {node.output[0]: node for node in model.graph.node}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert convolutions
    for node in convolutions:
        stored, scale, _ = makers[node.input[1]].input
        assert constants[stored].data_type == onnx.TensorProto.INT8
        assert tuple(constants[scale].dims) == tuple(constants[stored].dims[:1])
    assert {"ConvInteger", "MatMulInteger"} & {node.op_type for node in model.graph.node} == {
        "MatMulInteger"
    }


def test_what_only_this_processor_gets_wrong_is_said_with_both_figures(
    artifacts: tuple[Path, Manifest],
) -> None:
    manifest = artifacts[1]
    entry = next(e for e in manifest.artifacts if e.file == "tiny-cnn_static_int8.onnx")
    (finding,) = entry.findings
    assert finding.comparison is not None
    saturated = dataclasses.replace(finding, fast_accuracy=0.5)
    changed = dataclasses.replace(
        manifest, artifacts=(dataclasses.replace(entry, findings=(saturated,)),)
    )
    for text in (format_report(changed, []), format_summary(changed, Path("out"))):
        assert f"{100 * finding.comparison.accuracy:.2f} % with edge_runtime" in text
        assert "50.00 % rightly on this one" in text


def test_manifest_and_evaluation_stand_beside_the_files(
    artifacts: tuple[Path, Manifest], pictures: dict[str, Samples]
) -> None:
    folder, manifest = artifacts
    assert from_json(Manifest, (folder / "manifest.json").read_bytes(), "manifest") == manifest
    assert isinstance(manifest.model, ModelSpec)
    with np.load(folder / "evaluation.npz", allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["images"], pictures["test"].images)
        assert stored["reference_scores"].shape == (400, 10)
        hits = (stored["reference_scores"].argmax(axis=1) == stored["labels"]).sum()
    assert hits == manifest.reference_correct


def test_what_an_export_wrote_is_known_to_the_next(artifacts: tuple[Path, Manifest]) -> None:
    folder, _ = artifacts
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert any(name.startswith("figures/flips_") for name in found)
    assert found <= find_written(folder)


def test_report_shows_every_file_and_its_figures(artifacts: tuple[Path, Manifest]) -> None:
    folder, manifest = artifacts
    report = (folder / "report.md").read_text()
    assert all(entry.file in report for entry in manifest.artifacts)
    for line in report.splitlines():
        if line.startswith("!["):
            picture = folder / line.rpartition("(")[2].rstrip(")")
            assert picture.read_bytes().startswith(b"\x89PNG")
    assert manifest.layer_noise
    assert all(entry.sqnr_db > 15 for entry in manifest.layer_noise)


def test_same_inputs_give_the_same_bytes(
    artifacts: tuple[Path, Manifest], source: Source, tmp_path: Path
) -> None:
    recipes = select_recipes(["static_int8", "fp32", "dynamic_int8.onnx"], with_ranges=False)
    export_source(
        source, tmp_path / "again", Options(recipes, max_drop_points=5.0), show_progress=False
    )
    for recipe in recipes:
        name = recipe.to_file_name("tiny-cnn")
        assert (tmp_path / "again" / name).read_bytes() == (artifacts[0] / name).read_bytes(), name


@pytest.mark.parametrize("target", ["pi-bookworm-32", "pi-trixie"])
def test_targets_choose_formats_and_runtimes(source: Source, tmp_path: Path, target: str) -> None:
    from export.targets import find_target

    chosen = find_target(target)
    recipes = select_recipes(["dynamic_int8"], with_ranges=False, formats=chosen.formats)
    options = Options(recipes, chosen, max_drop_points=5.0)
    manifest = export_source(source, tmp_path / "out", options, show_progress=False)
    found = {(e.format, f.backend) for e in manifest.artifacts for f in e.findings if f.loads}
    assert (
        found
        == {
            "pi-bookworm-32": {("tflite", "tflite")},
            "pi-trixie": {("tflite", "litert"), ("onnx", "onnx")},
        }[target]
    )
