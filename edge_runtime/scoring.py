"""One session with its conversions: raw pixels in, real scores out.

Everything here lies on the path of every single call, where a function call of Python costs a
twentieth of a microsecond and what numpy does cost-free elsewhere is felt.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_runtime.backends.protocol import InPlace, InPlaceSession, Session
from edge_runtime.quantization import SIGN_BIT, build_decoder, build_encoder, to_signed

Pixels = npt.NDArray[np.uint8]
Scores = npt.NDArray[np.float32]
Score = Callable[[Pixels], Scores]
_Invoke = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


def build_scorer(session: Session) -> Score:
    """Build the function that answers raw pixels with real scores.

    The function takes uint8 (N, height, width, channels), 0–255, and gives float32 (N, classes), a
    new array. Like its session, it belongs to one thread at a time.
    """
    source, target = session.input, session.output
    encode = build_encoder(source.dtype, source.scale, source.zero_point)
    decode = build_decoder(target.dtype, target.scale, target.zero_point)
    invoke: _Invoke = session.invoke
    if encode is to_signed and min(source.shape[1:]) > 0:
        one = (1, *source.shape[1:])
        if isinstance(session, InPlaceSession) and target.dtype.itemsize == 1:
            return _build_in_place_scorer(one, session, decode)
        return _build_signed_scorer(one, invoke, decode)

    def score(pixels: Pixels) -> Scores:
        return decode(invoke(encode(pixels)))

    return score


def _build_signed_scorer(
    one: tuple[int, ...], invoke: _Invoke, decode: Callable[[npt.NDArray[Any]], Scores]
) -> Score:
    """Do for one picture what `to_signed` does, 0.6 µs faster.

    It writes where the last picture was, and has a sign bit for every pixel: broadcasting a single
    one would cost numpy a third of a microsecond.
    """
    flip, bits, buffer = np.bitwise_xor, np.full(one, SIGN_BIT), np.empty(one, np.uint8)
    signed = buffer.view(np.int8)

    def score(pixels: Pixels) -> Scores:
        if len(pixels) != 1:
            return decode(invoke(to_signed(pixels)))
        flip(pixels, bits, buffer)
        return decode(invoke(signed))

    return score


def _build_in_place_scorer(
    one: tuple[int, ...], session: InPlaceSession, decode: Callable[[npt.NDArray[Any]], Scores]
) -> Score:
    """The same for a session that lets others into its tensors: another 0.7 µs faster.

    The signed picture is written right into the input tensor, and `decode`, which for 8-bit outputs
    makes a new array, reads right from the output tensor.
    """
    flip, bits, invoke = np.bitwise_xor, np.full(one, SIGN_BIT), session.invoke
    takes_one = session.input.shape[0] == 1

    def score(pixels: Pixels) -> Scores:
        in_place = session.in_place
        if in_place is not None:
            source, target, run = in_place
            try:
                if takes_one and len(pixels) > 1:
                    return decode(_run_each(to_signed(pixels), in_place))
                flip(pixels, bits, source)
                run()
            except (ValueError, RuntimeError):
                # A larger batch does not fit; what else fails does so below, explained. An
                # interpreter cannot resize while this is held.
                del in_place, source, target, run
            else:
                return decode(target)
        return decode(invoke(to_signed(pixels)))

    return score


def _run_each(pictures: npt.NDArray[np.int8], in_place: InPlace) -> npt.NDArray[Any]:
    """Run a model that takes one picture on several, (N, …) int8; gives its stored outputs."""
    source, target, run = in_place
    fed, answer = source[0].view(np.int8), target[0]
    answers = np.empty((len(pictures), len(answer)), answer.dtype)
    for picture, place in zip(pictures, answers, strict=True):
        fed[...] = picture
        run()
        place[...] = answer
    return answers
