import io
import tracemalloc
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw

from edge_runtime import ImageError
from edge_runtime.contract import InputSpec
from edge_runtime.pictures.photo import decode_picture, to_model_pixels

GARMENT_INPUT = InputSpec(28, 28, 1, "fit", "light-on-dark", trim=True, sharpen=True)


def draw_item(
    mode: str = "RGB", ground: str | tuple[int, ...] = "white", size: tuple[int, int] = (300, 400)
) -> Image.Image:
    picture = Image.new(mode, size, ground)
    ImageDraw.Draw(picture).rectangle((100, 50, 160, 350), fill="black")
    return picture


def is_tall_light_item(pixels: npt.NDArray[np.uint8]) -> bool:
    image = pixels[..., 0]
    return bool(image[:, 14].min() > 200 and image[:, 0].max() < 30 and image[:, -1].max() < 30)


def test_a_dark_item_on_white_is_trimmed_centred_and_negated() -> None:
    assert is_tall_light_item(to_model_pixels(draw_item(), GARMENT_INPUT))


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1"])
def test_other_modes_give_the_same(mode: str) -> None:
    assert is_tall_light_item(to_model_pixels(draw_item().convert(mode), GARMENT_INPUT))


def test_transparency_becomes_white_ground() -> None:
    assert is_tall_light_item(to_model_pixels(draw_item("RGBA", (0, 0, 0, 0)), GARMENT_INPUT))


def test_sixteen_bits_are_scaled_not_cut() -> None:
    levels = np.asarray(draw_item().convert("L"), np.uint16) * 257
    assert is_tall_light_item(to_model_pixels(Image.fromarray(levels), GARMENT_INPUT))


def test_exif_rotation_is_applied() -> None:
    lying = draw_item().rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # "rotate 90 degrees clockwise to show"
    buffer = io.BytesIO()
    lying.save(buffer, "JPEG", exif=exif)
    picture = decode_picture(buffer.getvalue(), GARMENT_INPUT)
    assert is_tall_light_item(to_model_pixels(picture, GARMENT_INPUT))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_damaged_exif_note_does_no_harm(form: str) -> None:
    plain, noted = io.BytesIO(), io.BytesIO()
    draw_item().save(plain, form)
    draw_item().save(noted, form, exif=b"Exif\0\0no TIFF header")
    expected, found = (
        to_model_pixels(decode_picture(buffer.getvalue()), GARMENT_INPUT)
        for buffer in (plain, noted)
    )
    np.testing.assert_array_equal(found, expected)


def test_light_on_dark_is_left_alone() -> None:
    negative = Image.eval(draw_item(), lambda level: 255 - level)
    assert is_tall_light_item(to_model_pixels(negative, GARMENT_INPUT))


def test_a_large_jpeg_is_decoded_small() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (4000, 3000), "white").save(buffer, "JPEG")
    assert decode_picture(buffer.getvalue(), GARMENT_INPUT).size == (500, 375)


@pytest.mark.parametrize("size", [(1, 1), (20_000, 1)])
def test_odd_sizes_work(size: tuple[int, int]) -> None:
    assert to_model_pixels(Image.new("RGB", size), GARMENT_INPUT).shape == (28, 28, 1)


@pytest.mark.workstation  # Twenty million pixels each.
@pytest.mark.parametrize("size", [(100_000, 200), (20_000_000, 1)])
def test_a_long_narrow_picture_takes_no_more_memory_than_a_photo(size: tuple[int, int]) -> None:
    picture = Image.new("L", size, "white")
    tracemalloc.start()
    try:
        to_model_pixels(picture, GARMENT_INPUT)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # It took 1,220 MB.
    assert peak_bytes < 400e6


def test_a_picture_of_a_large_model_s_own_size_is_used_as_it_is() -> None:
    spec = InputSpec(2100, 2100, 1)
    noise = np.random.default_rng(0).integers(0, 256, (2100, 2100), np.uint8)
    np.testing.assert_array_equal(to_model_pixels(Image.fromarray(noise), spec)[..., 0], noise)


def test_a_file_that_goes_while_it_is_looked_at_is_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As an upload that is renamed to its last name: a watcher must survive it.
    upload = tmp_path / "upload.png"
    upload.write_bytes(b"half of")

    def fail(*_: object, **__: object) -> None:
        raise FileNotFoundError(upload)

    monkeypatch.setattr(Path, "stat", fail)
    with pytest.raises(ImageError, match=r"upload\.png: it was deleted"):
        decode_picture(upload)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "I;16"])
def test_a_picture_without_pixels_is_refused(mode: str) -> None:
    with pytest.raises(ImageError, match="0 × 5 pixels"):
        to_model_pixels(Image.new(mode, (0, 5)), GARMENT_INPUT)


def test_a_misspelt_polarity_is_refused() -> None:
    with pytest.raises(ValueError, match=r"polarity must be .*dark-on-light.*'dark'"):
        to_model_pixels(draw_item(), GARMENT_INPUT, "dark")  # type: ignore[arg-type]


def test_bombs_truncated_files_and_text_are_refused() -> None:
    buffer = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(buffer, "PNG")
    noise = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)).save(
        noise, "PNG"
    )
    for data, says in (
        (buffer.getvalue(), "million"),
        (noise.getvalue()[:2000], "cannot be read"),
        (b"hello", "cannot be read"),
    ):
        with pytest.raises(ImageError, match=says):
            decode_picture(data, GARMENT_INPUT)
