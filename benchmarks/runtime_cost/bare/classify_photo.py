"""Classify a photo of a garment with numpy, Pillow and LiteRT.

    classify_photo.py MODEL PHOTO probabilities|logits

The photo goes the way that Fashion-MNIST was made (arXiv 1708.07747, section 2).
"""

import json
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageFilter, ImageOps

LABELS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
SIDE = 28

model, photo, output = sys.argv[1:]
interpreter = Interpreter(model_path=model, num_threads=1)
interpreter.allocate_tensors()
taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

picture = ImageOps.exif_transpose(Image.open(photo)).convert("RGB")
colors = np.asarray(picture, np.float32)
ground = colors[0, 0]
item = np.sqrt(((colors - ground) ** 2).mean(axis=2)) > 0.05 * 255
rows, columns = (item.any(axis=axis).nonzero()[0] for axis in (1, 0))
picture = picture.crop((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
scale = min(SIDE / picture.width, SIDE / picture.height)
size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
picture = picture.resize(size, Image.Resampling.BOX).filter(ImageFilter.UnsharpMask(1.0, 100, 0))
canvas = Image.new("RGB", (SIDE, SIDE), tuple(int(level) for level in ground))
canvas.paste(picture, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
if ground.mean() > 127.5:
    canvas = ImageOps.invert(canvas)
pixels = np.asarray(canvas.convert("L"), np.int16).reshape(1, SIDE, SIDE, 1)

interpreter.set_tensor(taken["index"], (pixels - 128).astype(np.int8))
interpreter.invoke()
step, zero = given["quantization"]
scores = (interpreter.get_tensor(given["index"])[0].astype(np.float32) - zero) * step
if output == "logits":
    scores = np.exp(scores - scores.max())
    scores /= scores.sum()
best = np.argsort(-scores, kind="stable")[:3]
predictions = [
    {"label": LABELS[index], "index": int(index), "score": round(float(scores[index]), 6)}
    for index in best
]
print(json.dumps({"file": photo, "predictions": predictions}))
