"""What a classifier answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prediction:
    """One class that a picture may show.

    Attributes:
        label: The class, in words.
        index: Its place among the model's outputs.
        score: Probability, 0 to 1.
    """

    label: str
    index: int
    score: float


@dataclass(frozen=True, slots=True)
class Timings:
    """How long each stage took, in microseconds.

    Attributes:
        decode_us: Reading and decoding a picture file; 0 for arrays.
        preprocess_us: From the picture to raw pixels of the model's size.
        invoke_us: The model itself, with its conversion to and from stored numbers.
        postprocess_us: From scores to predictions.
    """

    decode_us: float
    preprocess_us: float
    invoke_us: float
    postprocess_us: float


@dataclass(frozen=True, slots=True)
class Classification:
    """The answer for one picture.

    Attributes:
        predictions: Best first; as many as asked for.
        timings: Per stage.
        notes: What was done to the picture that its owner may not expect, in words.
    """

    predictions: tuple[Prediction, ...]
    timings: Timings
    notes: tuple[str, ...] = ()

    @property
    def top(self) -> Prediction:
        """The best prediction."""
        return self.predictions[0]
