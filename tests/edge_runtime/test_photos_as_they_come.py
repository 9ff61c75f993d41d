"""Pictures of every kind: each is answered, or refused with a reason, and nothing is harmed."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageDraw, JpegImagePlugin

from edge_runtime import Classification, Classifier, ImageError
from edge_runtime.contract import InputSpec
from edge_runtime.pictures.photo import decode_picture, prepare_picture, to_model_pixels

GARMENT_INPUT = InputSpec(28, 28, 1, "fit", "light-on-dark", trim=True, sharpen=True)
_ORIENTATION = 0x0112
# Resizing shades the strokes' edges, and noise those of the ground.
LIGHT, DARK = 150, 40


@pytest.fixture
def shades(write_artifact: Callable[..., Path]) -> Classifier:
    return Classifier.load(write_artifact(), backend="fake")


def draw_letter(size: tuple[int, int] = (300, 400), item: str = "black") -> Image.Image:
    """An L, which looks different from every side; on transparent ground."""
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((90, 80, 129, 319), fill=item)
    draw.rectangle((90, 280, 209, 319), fill=item)
    return picture


def lay_on(ground: Any, item: str = "black") -> Image.Image:
    letter = draw_letter(item=item)
    scene = Image.new("RGB", letter.size, ground) if isinstance(ground, str) else ground.copy()
    scene.paste(letter, mask=letter)
    return scene


def encode(picture: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def is_letter(pixels: npt.NDArray[np.uint8]) -> bool:
    """A light L of full height in the middle of a black picture."""
    image = pixels[..., 0].astype(int)
    # 120 × 240 becomes 14 × 28; its strokes are 4.7 wide.
    upright, foot = image[:, 8:11], image[25:27, 8:20]
    empty = np.concatenate([image[:21, 13:].ravel(), image[:, :6].ravel(), image[:, 22:].ravel()])
    return bool(upright.min() > LIGHT and foot.min() > LIGHT and empty.max() < DARK)


REFERENCE = to_model_pixels(lay_on("white"), GARMENT_INPUT)


def test_the_letter_is_known_when_it_is_seen() -> None:
    assert is_letter(REFERENCE)
    assert not is_letter(REFERENCE[:, ::-1])
    assert not is_letter(REFERENCE[::-1])


# Files


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"just text, no picture", "no format that Pillow knows"),
        (encode(draw_letter(), "PNG")[:-200], "cannot be read as a picture"),
        (encode(lay_on("white"), "JPEG")[:-800], "cannot be read as a picture"),
    ],
    ids=["empty", "text", "truncated PNG", "truncated JPEG"],
)
def test_a_bad_file_names_itself_and_the_classifier_stays_usable(
    shades: Classifier, tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "holiday.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=says) as raised:
        shades.classify(path)
    assert "holiday.png" in str(raised.value)
    with pytest.raises(ImageError, match=says):
        shades.classify(content)
    assert shades.classify(lay_on("white")).top.label


def test_missing_files_and_folders_are_no_pictures(shades: Classifier, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="there is no such file"):
        shades.classify(tmp_path / "missing.png")
    with pytest.raises(ImageError, match="directory"):
        shades.classify(tmp_path)


def test_a_decompression_bomb_is_refused_before_it_is_inflated() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    # Its pixels are nonsense: whoever inflated them would fail otherwise.
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"no pixels")
    with pytest.raises(ImageError, match=r"60000 × 60000|decompression bomb"):
        decode_picture(bomb, GARMENT_INPUT)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])
def test_damaged_bytes_are_answered_or_refused_but_never_crash(
    shades: Classifier, form: str
) -> None:
    whole = encode(lay_on("white").resize((60, 80)), form)
    chance = np.random.default_rng(0)
    outcomes: set[type] = set()
    for _ in range(40):
        damaged = bytearray(whole)
        for place in chance.integers(0, len(damaged), 6):
            damaged[place] = chance.integers(0, 256)
        try:
            outcomes.add(type(shades.classify(bytes(damaged))))
        except ImageError as error:
            outcomes.add(type(error))
    assert outcomes <= {Classification, ImageError}


def test_twelve_megapixels_are_decoded_as_less_than_a_quarter_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = encode(lay_on("white").resize((3000, 4000)), "JPEG")
    decoded = []
    load = JpegImagePlugin.JpegImageFile.load

    def load_and_count(self: Any) -> Any:
        done = load(self)
        decoded.append(self.size[0] * self.size[1])
        return done

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", load_and_count)
    picture = decode_picture(data, GARMENT_INPUT)
    assert set(decoded) == {375 * 500}
    assert is_letter(to_model_pixels(picture, GARMENT_INPUT))


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_frames_the_first_is_used_and_said(
    shades: Classifier, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "moving"
    others = [Image.new("RGB", (300, 400), color) for color in ("red", "green")]
    path.write_bytes(encode(lay_on("white"), form, save_all=True, append_images=others))
    answer = shades.classify(path)
    assert "several frames: only the first was used" in answer.notes
    assert is_letter(to_model_pixels(decode_picture(path, GARMENT_INPUT), GARMENT_INPUT))


def test_the_small_second_picture_of_a_phone_is_not_mentioned(shades: Classifier) -> None:
    preview = Image.new("RGB", (30, 40))
    data = encode(lay_on("white"), "MPO", save_all=True, append_images=[preview])
    assert "several frames: only the first was used" not in shades.classify(data).notes


# Modes, sizes, rotation, transparency


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "YCbCr", "HSV", "LAB", "I", "RGBX"])
def test_every_mode_shows_the_same(mode: str) -> None:
    picture = lay_on("white")
    if mode == "LAB":
        picture = Image.frombytes("LAB", picture.size, picture.convert("L").tobytes() * 3)
        assert prepare_picture(picture, GARMENT_INPUT).pixels.shape == (28, 28, 1)
        return
    if mode == "I":
        levels = np.asarray(picture.convert("L"), np.int32) * 257
        assert is_letter(to_model_pixels(Image.fromarray(levels), GARMENT_INPUT))
        return
    assert is_letter(to_model_pixels(picture.convert(mode), GARMENT_INPUT))


def test_sixteen_bit_files_are_scaled_and_floats_refused() -> None:
    levels = np.asarray(lay_on("white").convert("L"), np.uint16) * 257
    data = encode(Image.fromarray(levels), "PNG")
    assert is_letter(to_model_pixels(decode_picture(data, GARMENT_INPUT), GARMENT_INPUT))
    with pytest.raises(ImageError, match="no fixed range"):
        to_model_pixels(Image.new("F", (40, 40)), GARMENT_INPUT)


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (20_000, 1), (1, 20_000), (3, 5000)])
@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA"])
def test_odd_sizes_are_answered(shades: Classifier, size: tuple[int, int], mode: str) -> None:
    assert shades.classify(encode(Image.new(mode, size), "PNG")).predictions


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_rotations_of_exif(shades: Classifier, orientation: int) -> None:
    # What a camera stores for each orientation, so that turning it back shows it upright.
    stored = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    upright = lay_on("white")
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    for form in ("JPEG", "PNG", "TIFF", "WEBP"):
        turned = upright.transpose(stored) if stored is not None else upright
        picture = decode_picture(encode(turned, form, exif=exif), GARMENT_INPUT)
        assert is_letter(to_model_pixels(picture, GARMENT_INPUT)), form


def test_damaged_exif_is_passed_over(shades: Classifier) -> None:
    data = encode(lay_on("white"), "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff\x01")
    assert shades.classify(data).predictions


@pytest.mark.parametrize("item", ["black", "white", "gray"])
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA"])
def test_a_cut_out_item_is_seen_whatever_its_colour(mode: str, item: str) -> None:
    picture = draw_letter(item=item)
    alpha = picture.getchannel("A")
    picture = picture.quantize() if mode == "P" else picture.convert(mode)
    if mode == "PA":
        picture.putalpha(alpha)  # Older releases of Pillow lose it on the way.
    prepared = prepare_picture(picture, GARMENT_INPUT)
    image = prepared.pixels[..., 0].astype(int)
    assert image[:, 8:11].min() > image[:21, 13:].max() + 80
    assert any(note.startswith("transparent: laid on") for note in prepared.notes)


def test_transparency_that_hides_nothing_is_not_mentioned() -> None:
    prepared = prepare_picture(lay_on("white").convert("RGBA"), GARMENT_INPUT)
    assert is_letter(prepared.pixels)
    assert not [note for note in prepared.notes if "transparent" in note]


@pytest.mark.parametrize(
    ("polarity", "item", "color"),
    [("dark-on-light", "black", "white"), ("light-on-dark", "white", "black")],
)
def test_a_stated_polarity_chooses_the_ground_of_a_cut_out(
    polarity: Any, item: str, color: str
) -> None:
    prepared = prepare_picture(draw_letter(item=item), GARMENT_INPUT, polarity)
    assert prepared.notes == (f"transparent: laid on {color} ground",)
    assert is_letter(prepared.pixels)


# Arrays


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((5,), np.uint8), "expected a picture"),
        (np.zeros((2, 28, 28, 1), np.uint8), "expected a picture"),
        (np.zeros((9, 9, 2), np.uint8), "expected a picture"),
        (np.zeros((0, 9), np.uint8), "expected a picture"),
        (np.zeros((0, 9, 4), np.uint8), "expected a picture"),
        (np.zeros((9, 9), np.int64), "uint8 or float, found int64"),
        (np.zeros((9, 9), np.complex64), "uint8 or float, found complex64"),
        (np.full((9, 9), np.nan, np.float32), "NaN"),
        (np.full((9, 9), np.inf, np.float32), "expected values 0.0 to 1.0, found inf"),
        (np.full((9, 9), -0.1, np.float32), "expected values 0.0 to 1.0"),
        (None, "found NoneType"),
        ([[1, 2], [3, 4]], "found list"),
    ],
)
def test_arrays_that_are_no_picture_are_refused(shades: Classifier, array: Any, says: str) -> None:
    with pytest.raises(ImageError, match=says):
        shades.classify(array, value_range=(0.0, 1.0))
    assert shades.classify(np.zeros((28, 28), np.uint8)).top.label == "black"


def test_an_empty_batch_gives_no_answers_and_empty_scores_are_refused(shades: Classifier) -> None:
    assert shades.classify_batch([]) == []
    with pytest.raises(ImageError, match="empty batch"):
        shades.scores(np.zeros((0, 28, 28, 1), np.uint8))


def test_arrays_of_another_size_go_the_way_of_photos() -> None:
    prepared = prepare_picture(Image.fromarray(np.asarray(lay_on("white"))), GARMENT_INPUT)
    np.testing.assert_array_equal(prepared.pixels, REFERENCE)


# Grounds


def build_ground(
    level: float, *, slope: float = 0.0, vignette: float = 0.0, noise: float = 0.0
) -> Image.Image:
    y, x = np.meshgrid(np.linspace(-1, 1, 400), np.linspace(-1, 1, 300), indexing="ij")
    levels = level + slope * (x + y / 2) - vignette * (x * x + y * y)
    levels = levels[..., np.newaxis] + np.random.default_rng(0).normal(0, noise, (400, 300, 3))
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


GROUNDS = {
    "grey": build_ground(200),
    "middle grey": build_ground(128),
    "gradient": build_ground(190, slope=40),
    "vignette": build_ground(220, vignette=50),
    "noise": build_ground(190, noise=15),
    "all at once": build_ground(170, slope=20, vignette=20, noise=10),
}


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize(("item", "note"), [("black", ("negated: dark on light",)), ("white", ())])
def test_an_item_is_found_on_uneven_grounds(ground: str, item: str, note: tuple[str, ...]) -> None:
    prepared = prepare_picture(lay_on(GROUNDS[ground], item), GARMENT_INPUT)
    assert prepared.notes == note
    assert is_letter(prepared.pixels)


def test_an_item_that_reaches_over_the_border_does_not_pass_for_ground() -> None:
    scene = build_ground(200, noise=5)
    ImageDraw.Draw(scene).rectangle((60, 100, 240, 400), fill="black")
    prepared = prepare_picture(scene, GARMENT_INPUT)
    assert prepared.notes == ("negated: dark on light",)
    assert prepared.pixels[14:, 14].min() > 180


def test_models_of_dark_items_get_dark_items() -> None:
    dark = InputSpec(28, 28, 1, "fit", "dark-on-light", trim=True, sharpen=True)
    for item in ("black", "white"):
        pixels = to_model_pixels(lay_on(GROUNDS["middle grey"], item), dark)
        assert is_letter(np.bitwise_not(pixels))


def test_models_of_colour_keep_it() -> None:
    colour = InputSpec(28, 28, 3, "fit", "light-on-dark", trim=True, sharpen=False)
    pixels = to_model_pixels(lay_on("black", "red"), colour)
    assert pixels.shape == (28, 28, 3)
    assert pixels[14, 9].tolist() == [255, 0, 0]


@pytest.mark.parametrize("resize", ["stretch", "crop", "fit"])
def test_models_of_any_polarity_get_the_picture_as_it_is(resize: Any) -> None:
    plain = InputSpec(40, 30, 3, resize)
    prepared = prepare_picture(lay_on("white", "red"), plain)
    assert prepared.notes == ()
    assert prepared.pixels[0, 0].tolist() == [255, 255, 255]
    assert prepared.pixels[20, 11].tolist() == [255, 0, 0]


# Notes


@pytest.mark.parametrize(
    ("picture", "note"),
    [
        (Image.new("RGB", (300, 300), "white"), "nothing stands out from its ground"),
        (lay_on("white").reduce(20), "enlarged: its item has 7 × 12 pixels"),
    ],
)
def test_what_an_owner_may_not_expect_is_said(picture: Image.Image, note: str) -> None:
    assert note in prepare_picture(picture, GARMENT_INPUT).notes


@pytest.mark.parametrize("shade", ["white", "grey", "black"])
def test_an_even_picture_is_only_told_to_be_one(shade: str) -> None:
    notes = prepare_picture(Image.new("RGB", (300, 300), shade), GARMENT_INPUT).notes
    assert notes == ("nothing stands out from its ground",)


def test_small_and_long_items_are_said() -> None:
    scene = Image.new("RGB", (3000, 2000), "white")
    ImageDraw.Draw(scene).rectangle((1000, 1000, 1399, 1019), fill="black")
    small, long = prepare_picture(scene, GARMENT_INPUT).notes[1:]
    assert "its item fills 0." in small
    assert "times as long as wide" in long


def test_classify_hands_the_notes_on(shades: Classifier) -> None:
    assert shades.classify(lay_on("white")).notes == ("negated: dark on light",)
    assert shades.classify(lay_on("white"), polarity="dark-on-light").notes == ()
    assert shades.classify(np.zeros((28, 28), np.uint8)).notes == ()
