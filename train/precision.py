"""Narrow arithmetic where it pays: inside convolutions, on hardware made for it."""

import keras


def narrow_convolutions(model: keras.Model) -> None:
    """Let convolutions compute in bfloat16, with their kernels kept in float32.

    Everything else stays float32: above all batch normalization, whose running statistics move by
    a hundredth a step and would stand still in bfloat16's three digits, and the loss. Keras's
    global ``mixed_bfloat16`` policy would take both along.
    """
    _set_policy(model, "mixed_bfloat16")


def widen_convolutions(model: keras.Model) -> None:
    """Let convolutions compute in float32, as a stored model must."""
    _set_policy(model, "float32")


def _set_policy(model: keras.Model, name: str) -> None:
    for layer in model.layers:
        own = (layer,) if isinstance(layer, keras.layers.Conv2D) else ()
        for convolution in getattr(layer, "convolutions", own):
            convolution.dtype_policy = keras.DTypePolicy(name)
