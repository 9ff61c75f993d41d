"""Nine garments of the Fashion-MNIST classes, each drawn in a colour of choice."""

from collections.abc import Sequence

from PIL import Image

from examples.photos.drawing import Color, Garment, Point, darken, mirror

_WHITE: Color = (245, 245, 240)


def _draw_top(color: Color, half: Sequence[Point], folds: Sequence[Sequence[Point]]) -> Garment:
    garment = Garment()
    garment.lay(mirror(half), color)
    for fold in folds:
        for side in (fold, [(100 - x, y) for x, y in fold]):
            garment.stroke(side, 1.2, darken(color, 0.6), soft=0.8)
    return garment


def draw_tshirt(color: Color) -> Image.Image:
    """Short sleeves, round neck."""
    half: list[Point] = [
        (57, 9),
        (57, 9),
        (68, 12),
        (77, 17),
        (90, 34),
        (90, 34),
        (79, 42),
        (79, 42),
    ]
    half += [(73, 35), (73, 35), (74, 60), (74, 91), (74, 91), (60, 92.5)]
    folds: list[list[Point]] = [
        [(73, 36), (69, 47), (66, 52)],
        [(70, 62), (64, 74)],
        [(68, 18), (71, 26), (73, 34)],
    ]
    shirt = _draw_top(color, half, folds)
    neck: list[Point] = [(42, 9), (46, 13.5), (50, 15), (54, 13.5), (58, 9)]
    shirt.lay(
        [(42, 9), (42, 9), (46, 14), (50, 15.5), (54, 14), (58, 9), (58, 9)], darken(color, 0.5)
    )
    shirt.stroke(neck, 1.6, darken(color, 0.85))
    shirt.stroke([(26.5, 88), (50, 89.5), (73.5, 88)], 0.5, darken(color, 0.65))
    return shirt.finish()


def draw_pullover(color: Color) -> Image.Image:
    """Long sleeves along the body, ribbed cuffs and hem."""
    half: list[Point] = [
        (57, 9),
        (57, 9),
        (66, 11.5),
        (75, 17),
        (81, 34),
        (86, 60),
        (89, 84),
        (89, 84),
    ]
    half += [(80, 86), (80, 86), (75, 62), (72, 44), (72, 44), (72, 66), (72, 90), (72, 90)]
    half += [(60, 91)]
    folds: list[list[Point]] = [
        [(72, 43), (68, 54), (66, 60)],
        [(82, 52), (77, 58)],
        [(69, 66), (63, 76)],
    ]
    folds += [[(67, 14), (70, 26), (72, 42)]]
    knit = _draw_top(color, half, folds)
    for x in range(30, 71, 3):
        knit.stroke([(x, 84.5), (x, 90)], 0.5, darken(color, 0.7))
    for sign in (1, -1):
        knit.stroke([(50 + 29 * sign, 80.5), (50 + 38.5 * sign, 78.5)], 0.6, darken(color, 0.6))
    knit.stroke([(28, 84), (50, 85), (72, 84)], 0.6, darken(color, 0.6))
    knit.lay([(43, 9), (43, 9), (50, 13.5), (57, 9), (57, 9)], darken(color, 0.45))
    knit.stroke([(42.5, 9), (46, 13), (50, 14.5), (54, 13), (57.5, 9)], 2.4, darken(color, 0.88))
    return knit.finish()


def draw_shirt(color: Color) -> Image.Image:
    """Long sleeves, collar, buttons and a breast pocket."""
    half: list[Point] = [
        (56, 8),
        (56, 8),
        (66, 11),
        (74, 16),
        (81, 34),
        (86, 58),
        (88, 80),
        (88, 80),
    ]
    half += [(80, 82), (80, 82), (75, 60), (71, 42), (71, 42), (71, 66), (73, 88), (73, 88)]
    half += [(62, 93), (54, 90)]
    folds: list[list[Point]] = [
        [(71, 42), (67, 52), (66, 58)],
        [(82, 50), (77, 57)],
        [(67, 13), (70, 26), (71, 41)],
    ]
    shirt = _draw_top(color, half, folds)
    shirt.stroke([(48, 14), (48, 90)], 0.5, darken(color, 0.6))
    shirt.stroke([(52, 14), (52, 90)], 0.5, darken(color, 0.6))
    for y in range(20, 88, 11):
        shirt.stroke([(49.6, y), (50.4, y)], 1.4, _WHITE)
    for sign in (1, -1):
        collar: list[Point] = [(50, 15), (50, 15), (50 + 5 * sign, 7), (50 + 5 * sign, 7)]
        collar += [
            (50 + 10 * sign, 11),
            (50 + 10 * sign, 11),
            (50 + 7 * sign, 19),
            (50 + 7 * sign, 19),
        ]
        shirt.lay(collar, darken(color, 0.92))
        shirt.stroke([(50 + 30 * sign, 75), (50 + 37.5 * sign, 73.5)], 0.6, darken(color, 0.6))
    shirt.stroke([(58, 32), (58, 44), (67, 44), (67, 32), (58, 32)], 0.5, darken(color, 0.6))
    return shirt.finish()


def draw_coat(color: Color) -> Image.Image:
    """Long, with lapels, an open edge, buttons and flap pockets."""
    half: list[Point] = [
        (56, 5),
        (56, 5),
        (66, 8),
        (73, 13),
        (79, 32),
        (83, 56),
        (85, 74),
        (85, 74),
    ]
    half += [(76, 76), (76, 76), (73, 58), (70, 38), (70, 38), (71, 66), (75, 95), (75, 95)]
    half += [(60, 96)]
    folds: list[list[Point]] = [
        [(70, 38), (67, 52), (66, 60)],
        [(69, 70), (71, 92)],
        [(66, 10), (69, 22), (70, 37)],
    ]
    coat = _draw_top(color, half, folds)
    coat.stroke([(50, 34), (51, 60), (51, 95)], 1.0, darken(color, 0.35))
    for sign in (1, -1):
        lapel: list[Point] = [
            (50 + 5 * sign, 5),
            (50 + 5 * sign, 5),
            (50 + 12 * sign, 12),
            (50 + 12 * sign, 12),
        ]
        lapel += [
            (50 + 11 * sign, 22),
            (50 + 11 * sign, 22),
            (50 + 1 * sign, 36),
            (50 + 1 * sign, 36),
        ]
        coat.lay(lapel, darken(color, 1.2 if max(color) < 200 else 0.85), depth=1.4)
        coat.stroke([(50 + 8 * sign, 62), (50 + 18 * sign, 60)], 1.6, darken(color, 0.6))
        coat.stroke([(50 + 26.5 * sign, 69), (50 + 34.5 * sign, 67.5)], 0.6, darken(color, 0.5))
    coat.lay([(45, 5), (45, 5), (50, 33), (50, 33), (55, 5), (55, 5)], darken(color, 0.35))
    for y in (44, 56, 68):
        coat.stroke([(54, y), (54.8, y)], 1.8, darken(color, 0.3))
    return coat.finish()


def draw_dress(color: Color) -> Image.Image:
    """Sleeveless, with a waist and a skirt that widens a little."""
    half: list[Point] = [
        (55, 4),
        (55, 4),
        (58, 4),
        (58, 4),
        (60, 14),
        (64, 22),
        (64, 22),
        (62, 34),
        (60, 43),
    ]
    half += [(64, 58), (69, 78), (72, 96), (72, 96), (60, 97)]
    dress = _draw_top(
        color,
        half,
        [[(58, 46), (61, 70), (64, 95)], [(53, 47), (54, 75), (55, 96)], [(62, 24), (58, 32)]],
    )
    dress.cut([(45, 3), (45, 3), (46, 12), (50, 15), (54, 12), (55, 3), (55, 3)])
    dress.stroke([(40, 43), (50, 44), (60, 43)], 1.6, darken(color, 0.6))
    return dress.finish()


def draw_trouser(color: Color) -> Image.Image:
    """Two legs, waistband, fly and creases."""
    half: list[Point] = [(64, 4), (64, 4), (66, 20), (67.5, 40), (66, 70), (65, 96), (65, 96)]
    half += [(54, 96.5), (54, 96.5), (53, 66), (50.8, 28), (50.8, 28), (50.4, 27.5)]
    trouser = _draw_top(color, half, [[(60, 24), (60, 60), (59.5, 95)], [(52, 28), (57, 24)]])
    trouser.stroke([(36, 9), (50, 9.8), (64, 9)], 0.7, darken(color, 0.55))
    trouser.stroke([(50, 9.5), (50.3, 18), (50, 28)], 0.7, darken(color, 0.5))
    for sign in (1, -1):
        trouser.stroke([(50 + 8 * sign, 10), (50 + 15.4 * sign, 17)], 0.7, darken(color, 0.5))
    return trouser.finish()


def draw_bag(color: Color) -> Image.Image:
    """A handbag with a flap, a clasp and a handle."""
    bag = Garment()
    bag.stroke([(30, 42), (32, 22), (50, 13), (68, 22), (70, 42)], 3.6, darken(color, 0.75))
    body: list[Point] = [
        (14, 40),
        (14, 40),
        (50, 37),
        (86, 40),
        (86, 40),
        (92, 84),
        (92, 84),
        (50, 88),
    ]
    bag.lay([*body, (8, 84), (8, 84)], color, depth=1.3)
    flap: list[Point] = [
        (14, 40),
        (14, 40),
        (50, 37),
        (86, 40),
        (86, 40),
        (83, 58),
        (50, 66),
        (17, 58),
    ]
    bag.lay(flap, darken(color, 0.88), depth=1.3)
    bag.stroke([(12, 81), (50, 84.5), (88, 81)], 0.5, darken(color, 0.6))
    bag.lay(
        [(46, 60), (46, 60), (54, 60), (54, 60), (54, 69), (54, 69), (46, 69), (46, 69)],
        (214, 180, 90),
    )
    return bag.finish()


def draw_ankle_boot(color: Color) -> Image.Image:
    """A boot with a heel, its toe to the left."""
    boot = Garment()
    upper: list[Point] = [
        (52, 12),
        (52, 12),
        (85, 12),
        (85, 12),
        (86, 34),
        (88, 58),
        (90, 76),
        (90, 76),
    ]
    upper += [(50, 77), (10, 78), (7, 72), (12, 63), (30, 56), (46, 46), (52, 34)]
    boot.lay(upper, color)
    sole: list[Point] = [
        (7, 76),
        (7, 76),
        (50, 77),
        (90, 75),
        (90, 75),
        (91, 90),
        (91, 90),
        (73, 90),
        (73, 90),
    ]
    boot.lay([*sole, (70, 82), (40, 82), (9, 83), (6, 80)], darken(color, 0.5))
    boot.lay([(64, 13), (64, 13), (74, 13), (74, 13), (72, 44), (66, 44)], darken(color, 0.55))
    boot.stroke([(46, 47), (54, 54), (60, 66), (60, 76)], 0.8, darken(color, 0.5))
    boot.stroke([(24, 60), (27, 67), (26, 76)], 0.7, darken(color, 0.55))
    for y in (56, 61):
        boot.stroke([(50, y), (64, y + 4)], 1.0, darken(color, 0.6), soft=0.8)
    return boot.finish()


def draw_sneaker(color: Color) -> Image.Image:
    """A low shoe with laces and a light sole, its toe to the left."""
    shoe = Garment()
    upper: list[Point] = [
        (56, 33),
        (56, 33),
        (66, 40),
        (78, 40),
        (88, 30),
        (88, 30),
        (93, 44),
        (94, 62),
        (94, 62),
    ]
    upper += [(50, 64), (6, 64), (6, 58), (14, 52), (30, 48), (44, 42)]
    shoe.lay(upper, color)
    shoe.lay([(70, 41), (78, 41), (88, 31), (88, 31), (90, 40), (80, 47)], darken(color, 0.5))
    sole: list[Point] = [
        (4, 62),
        (4, 62),
        (50, 63),
        (95, 60),
        (95, 60),
        (96, 69),
        (90, 72),
        (50, 73),
        (10, 73),
    ]
    shoe.lay([*sole, (4, 70)], _WHITE)
    for x, y in ((38, 46), (44, 43.5), (50, 40), (56, 37)):
        shoe.stroke([(x, y), (x + 8, y + 7)], 1.5, _WHITE)
    shoe.stroke([(14, 53), (22, 57), (25, 63)], 0.8, darken(color, 0.5))
    shoe.stroke([(60, 62), (70, 50), (82, 48), (92, 46)], 1.8, _WHITE)
    return shoe.finish()


def draw_sandal(color: Color) -> Image.Image:
    """Straps on a wedge, its toe to the left."""
    sandal = Garment()
    sole: list[Point] = [
        (5, 72),
        (5, 72),
        (30, 73),
        (56, 64),
        (92, 46),
        (92, 46),
        (95, 52),
        (92, 76),
        (92, 76),
    ]
    sandal.lay([*sole, (70, 77), (40, 78), (6, 78), (3, 75)], darken(color, 0.75))
    for strap in (
        [(12, 72), (16, 62), (26, 60), (32, 72)],
        [(26, 73), (32, 58), (44, 54), (52, 66)],
        [(64, 60), (66, 40), (80, 34), (90, 40), (92, 48)],
        [(46, 56), (56, 46), (66, 42)],
    ):
        sandal.stroke(strap, 3.4, color)
    sandal.stroke([(66, 42), (67, 38)], 2.4, (214, 180, 90))
    return sandal.finish()
