"""Small Keras 3 classifiers of every shape that people bring, and one that collapses in int8."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

Shape = tuple[int, int, int]
layers = keras.layers


@keras.saving.register_keras_serializable("zoo")
class TwoStage(keras.Model):  # type: ignore[misc]
    """A subclassed model."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.scale = layers.Rescaling(1 / 255)
        self.conv = layers.Conv2D(8, 3, activation="relu")
        self.pool = layers.GlobalAveragePooling2D()
        self.head = layers.Dense(10, activation="softmax")

    def call(self, inputs: Any) -> Any:
        return self.head(self.pool(self.conv(self.scale(inputs))))


@dataclass(frozen=True)
class ZooModel:
    """One kind of model.

    Attributes:
        build: Makes it, untrained, with 10 classes.
        shape: What it takes.
        kind: What it answers.
        pixel_scaling: The flag that it needs.
    """

    build: Callable[[], Any]
    shape: Shape = (28, 28, 1)
    kind: str = "probabilities"
    pixel_scaling: str = "none"


def _sequential(*stack: Any, shape: Shape = (28, 28, 1)) -> Any:
    return keras.Sequential([keras.Input(shape), *stack])


def build_sequential_cnn() -> Any:
    return _sequential(
        layers.Rescaling(1 / 255),
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(32, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(10, activation="softmax"),
    )


def build_residual() -> Any:
    inputs = keras.Input((28, 28, 1))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same", use_bias=False)(y))
    x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10)(x))


def build_inception() -> Any:
    inputs = keras.Input((32, 24, 3))
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Concatenate()(
        [
            layers.Conv2D(4, 1, padding="same", activation="relu")(x),
            layers.Conv2D(4, 3, padding="same", activation="elu")(x),
            layers.AveragePooling2D(3, 1, padding="same")(x),
        ]
    )
    x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def build_mobile() -> Any:
    return _sequential(
        layers.Rescaling(1 / 255),
        layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(6.0),
        layers.DepthwiseConv2D(3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(6.0),
        layers.SeparableConv2D(16, 3, padding="same", activation="relu6"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(10),
        shape=(32, 32, 3),
    )


def build_squeeze_excite() -> Any:
    inputs = keras.Input((28, 28, 1))
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Conv2D(8, 3, activation="swish")(x)
    weights = layers.GlobalAveragePooling2D(keepdims=True)(x)
    weights = layers.Conv2D(8, 1, activation="sigmoid")(weights)
    x = layers.Multiply()([x, weights])
    x = layers.Conv2D(8, 3, strides=2, activation="hard_silu")(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))


def build_activations() -> Any:
    return _sequential(
        layers.Rescaling(1 / 255),
        layers.Conv2D(4, 3, activation="tanh"),
        layers.Conv2D(4, 3, activation="leaky_relu"),
        layers.Conv2D(4, 3),
        layers.PReLU(shared_axes=(1, 2)),
        layers.Conv2D(4, 3, activation="gelu"),
        layers.Conv2D(4, 3, activation="softplus"),
        layers.Conv2D(4, 3, activation="selu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(10, activation="softmax"),
    )


def build_normalized() -> Any:
    normalize = layers.Normalization(mean=[120.0, 110.0, 100.0], variance=[60.0**2] * 3)
    return _sequential(
        normalize,
        layers.Conv2D(8, 5, strides=2, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(10),
        layers.Softmax(),
        shape=(20, 20, 3),
    )


def build_without_scaling() -> Any:
    return _sequential(
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    )


def build_dense_only() -> Any:
    return _sequential(
        layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(16, "relu"), layers.Dense(10)
    )


def build_padded() -> Any:
    return _sequential(
        layers.Rescaling(1 / 255),
        layers.ZeroPadding2D(1),
        layers.Conv2D(8, 3, dilation_rate=2, activation="relu"),
        layers.Cropping2D(1),
        layers.UpSampling2D(2),
        layers.Conv2D(8, 3, strides=2, groups=2, activation="relu"),
        layers.LayerNormalization(),
        layers.GlobalAveragePooling2D(),
        layers.Dense(10, activation="softmax"),
        shape=(16, 16, 1),
    )


def build_nested() -> Any:
    inside = keras.Sequential(
        [
            keras.Input((28, 28, 3)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.BatchNormalization(),
        ]
    )
    inputs = keras.Input((28, 28, 3))
    x = inside(layers.Rescaling(1 / 255)(inputs))
    x = layers.Reshape((26 * 26, 8))(x)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def build_mixed_precision() -> Any:
    policy = keras.mixed_precision.DTypePolicy("mixed_bfloat16")
    return _sequential(
        layers.Rescaling(1 / 255),
        layers.Conv2D(8, 3, activation="relu", dtype=policy),
        layers.GlobalAveragePooling2D(dtype=policy),
        layers.Dense(10, activation="softmax", dtype="float32"),
    )


def build_subclassed() -> Any:
    model = TwoStage()
    model(keras.ops.zeros((1, 28, 28, 1)))
    return model


ZOO: dict[str, ZooModel] = {
    "sequential-cnn": ZooModel(build_sequential_cnn),
    "residual": ZooModel(build_residual, kind="logits"),
    "inception": ZooModel(build_inception, (32, 24, 3)),
    "mobile": ZooModel(build_mobile, (32, 32, 3), "logits"),
    "squeeze-excite": ZooModel(build_squeeze_excite),
    "activations": ZooModel(build_activations),
    "normalized": ZooModel(build_normalized, (20, 20, 3)),
    "without-scaling": ZooModel(build_without_scaling, pixel_scaling="0..1"),
    "dense-only": ZooModel(build_dense_only, kind="logits"),
    "padded": ZooModel(build_padded, (16, 16, 1)),
    "nested": ZooModel(build_nested, (28, 28, 3)),
    "subclassed": ZooModel(build_subclassed),
    "mixed-precision": ZooModel(build_mixed_precision),
}


def build_collapsing() -> Any:
    """A network whose static int8 form answers nonsense: channels of wildly different range.

    One channel carries values ten thousand times larger than the others and is then ignored; a
    range for the whole tensor leaves the others less than one step.
    """
    inputs = keras.Input((28, 28, 1))
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Conv2D(8, 5, strides=2, activation="relu")(x)
    wild = layers.DepthwiseConv2D(1, use_bias=False, name="wild")
    x = wild(x)
    tame = layers.DepthwiseConv2D(1, use_bias=False, name="tame")
    x = tame(layers.MaxPooling2D()(x))
    x = layers.Flatten()(x)
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    gains = keras.ops.convert_to_tensor([[[[30000.0]] + [[1.0]] * 7]])
    wild.kernel.assign(gains)
    tame.kernel.assign(1.0 / gains)
    wild.trainable = tame.trainable = False
    return model
