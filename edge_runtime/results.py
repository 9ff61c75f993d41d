"""What a classifier answers.

Five of these objects are built for every picture. The `__init__` that a frozen dataclass gets looks
each attribute up by name, which costs twice as much as writing through the slots' own descriptors
does; so these have one of their own. Everything else is a frozen dataclass as usual.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, init=False)
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

    def __init__(self, label: str, index: int, score: float) -> None:
        _set_label(self, label)
        _set_index(self, index)
        _set_score(self, score)


@dataclass(frozen=True, slots=True, init=False)
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

    def __init__(
        self, decode_us: float, preprocess_us: float, invoke_us: float, postprocess_us: float
    ) -> None:
        _set_decode(self, decode_us)
        _set_preprocess(self, preprocess_us)
        _set_invoke(self, invoke_us)
        _set_postprocess(self, postprocess_us)


@dataclass(frozen=True, slots=True, init=False)
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

    def __init__(
        self,
        predictions: tuple[Prediction, ...],
        timings: Timings,
        notes: tuple[str, ...] = (),
    ) -> None:
        _set_predictions(self, predictions)
        _set_timings(self, timings)
        _set_notes(self, notes)

    @property
    def top(self) -> Prediction:
        """The best prediction."""
        return self.predictions[0]


def _find_setters(of: type) -> list[Callable[[object, object], None]]:
    """Give what writes each attribute of a slotted class, in the order of its fields."""
    return [vars(of)[name].__set__ for name in of.__annotations__]


_set_label, _set_index, _set_score = _find_setters(Prediction)
_set_decode, _set_preprocess, _set_invoke, _set_postprocess = _find_setters(Timings)
_set_predictions, _set_timings, _set_notes = _find_setters(Classification)
