"""From the form in which a network trains to the plain one that is stored and exported."""

from typing import Any

import keras

from train.zoo.convolution import BranchedConvolution, NormalizedConvolution


def fold_model(model: keras.Model) -> keras.Model:
    """Replace every foldable convolution by a plain one that gives the same answers.

    Exact but for float rounding; a test holds the scores to a relative 1e-4. Other layers keep
    names and weights.

    Args:
        model: A trained network of `train.zoo`; left as it is.

    Returns:
        A new, uncompiled model of plain Keras layers.
    """
    plain = keras.models.clone_model(model, clone_function=_to_plain)
    for trained, layer in zip(model.layers, plain.layers, strict=True):
        if _is_foldable(trained):
            layer.set_weights(trained.fold())
        else:
            layer.set_weights(trained.get_weights())
    return plain


def _to_plain(layer: Any) -> Any:
    if _is_foldable(layer):
        return layer.to_plain()
    return type(layer).from_config(layer.get_config())


def _is_foldable(layer: Any) -> bool:
    return isinstance(layer, NormalizedConvolution | BranchedConvolution)
