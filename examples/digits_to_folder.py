"""Write scikit-learn's handwritten digits out as a folder of pictures for each class.

Usage: python examples/digits_to_folder.py FOLDER

A small data set that needs no network: 1,797 gray pictures of 8×8 pixels, light on dark (Alpaydin
and Kaynak, UCI, 1998; CC BY 4.0). It shows how a set of one's own is laid out, and can be trained
on right away:

    python -m train --data FOLDER --input-size 28 --polarity light-on-dark --no-flip
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

# The data set counts ink from 0 to 16.
_FULL_INK = 16
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def main(argv: Sequence[str] | None = None) -> int:
    """Write the pictures; 1 where the folder is not empty, 2 on wrong use."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder to make")
    folder: Path = parser.parse_args(argv).folder
    if folder.exists() and not folder.is_dir():
        print(f"{folder} is a file; name a folder to make", file=sys.stderr)
        return 1
    if folder.exists() and any(folder.iterdir()):
        print(f"{folder} is not empty; name another", file=sys.stderr)
        return 1
    digits = load_digits()
    pixels = np.rint(digits.images * (255 / _FULL_INK)).astype(np.uint8)  # (1797, 8, 8)
    for number, (image, label) in enumerate(zip(pixels, digits.target, strict=True)):
        target = folder / NAMES[label] / f"{number:04}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(target)
    print(f"{len(pixels):,} pictures of {len(NAMES)} digits in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
