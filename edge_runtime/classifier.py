"""The classifier: one artifact, one runtime, and the ways to ask it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Sequence
from math import isfinite
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from edge_runtime.choice import resolve_choice
from edge_runtime.errors import ArtifactError, ImageError
from edge_runtime.pictures.preprocessing import (
    Image,
    check_batch,
    check_several,
    check_size,
    to_channels,
    to_uint8,
)
from edge_runtime.quantization import exponentials, softmax
from edge_runtime.results import Classification, Prediction, Timings

if TYPE_CHECKING:
    # Needed for loading alone, and most of what importing this class would cost.
    import numpy.typing as npt

    from edge_runtime.backends.protocol import Backend
    from edge_runtime.contract import ArtifactMetadata, InputSpec, OutputSpec, Polarity
    from edge_runtime.pool import RunnerPool
    from edge_runtime.streaming import StreamResult

    Pixels = npt.NDArray[np.uint8]
    Scores = npt.NDArray[np.float32]

_UINT8 = np.dtype(np.uint8)
# Up to this many classes Python's own sort is faster than a call into numpy.
_FEW_CLASSES = 64


class Classifier:
    """Answers what a picture shows. Build it with `load`; safe to share between threads.

    Attributes:
        metadata: The artifact's description of itself; None where it carries none.
        labels: One per class, in the order of the scores.
        input: What the model is fed.
        output: Whether the model answers probabilities or logits.
        backend: Name of the runtime's backend, such as ``litert``.
        threads: Threads that one invocation uses.
        output_scale: Real size of one step of the stored scores; 0.0 where they are floats.
        workers: Most threads that work on one large batch.
    """

    def __init__(
        self,
        pools: tuple[RunnerPool, RunnerPool],
        backend: Backend,
        *,
        labels: tuple[str, ...],
        input_spec: InputSpec,
        output_spec: OutputSpec,
        metadata: ArtifactMetadata | None,
        threads: int,
        output_scale: float,
    ) -> None:
        self.metadata = metadata
        self.labels = labels
        self.input = input_spec
        self.output = output_spec
        self.backend = backend.name
        self.threads = threads
        self.output_scale = output_scale
        self._backend = backend
        self._pool, self._bulk_pool = pools
        self.workers = self._bulk_pool.limit
        # Looked up once, for the fast path.
        self._run: Callable[[Pixels], Scores] = self._pool.score
        self._one = (1, *input_spec.shape)
        self._is_logits = output_spec.kind == "logits"
        self._shapes = {input_spec.shape, input_spec.shape[: 2 if input_spec.channels == 1 else 3]}

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        backend: str = "auto",
        threads: int | Literal["auto"] = "auto",
        labels: Sequence[str] | None = None,
        fast_int8: bool = False,
    ) -> Self:
        """Open an artifact.

        Args:
            path: A ``.tflite`` or ``.onnx`` file, a profile that ``edge-runtime tune`` saved, or
                ``default`` for the model that this package carries.
            backend: ``litert``, ``tflite``, ``onnx`` or ``fake``; ``auto`` takes the best one
                that is installed, or what the profile chose.
            threads: Threads for one invocation and for large batches. ``auto`` invokes on one
                thread (small models lose by more) and works on large batches with every core that
                this process may use; of a profile it takes the profile's number.
            labels: One per class, for a model that carries no description of itself; or to
                replace those that it carries.
            fast_int8: Let ONNX Runtime take int8 kernels that saturate on x86 processors without
                VNNI. They are up to 1.4 times as fast there and change predictions; other
                processors and runtimes ignore this.

        Raises:
            ArtifactError: The file is missing, damaged or no image classifier.
            ProfileError: The profile cannot be read, or its artifact has changed.
            BackendUnavailableError: The runtime asked for, or every fitting one, is missing.
            IncompatibleArtifactError: The runtime refuses the model.
            ValueError: `threads` is neither ``auto`` nor a number that there can be.
            TypeError: The labels are no texts, or a single one, such as the name of a file.
        """
        # Imported here: reading artifacts brings zipfile and json along, and the pool threading;
        # most of what importing this class would cost.
        from edge_runtime.loading import open_artifact

        path, backend, threads = resolve_choice(path, backend, threads)
        opened = open_artifact(
            path, backend=backend, threads=threads, labels=labels, fast_int8=fast_int8
        )
        return cls(
            opened.pools,
            opened.backend,
            labels=opened.labels,
            input_spec=opened.input,
            output_spec=opened.output,
            metadata=opened.metadata,
            threads=opened.threads,
            output_scale=opened.output_scale,
        )

    @property
    def backend_version(self) -> str:
        """Version of the runtime."""
        return self._backend.version()

    def scores(self, batch: Pixels) -> Scores:
        """Answer the model's own outputs: the bare, fast path.

        Args:
            batch: Raw pixels 0–255, uint8 (N, height, width, channels), or (N, height, width)
                for models of one channel.

        Returns:
            float32 (N, classes), dequantized; probabilities or logits as `output` says.

        Raises:
            ImageError: Another shape or dtype, or an empty batch.
            ArtifactError: The runtime fails on this model.
            ClosedError: After `close`.
        """
        try:
            if batch.shape == self._one and batch.dtype is _UINT8:
                run = self._run
                return run(batch)
        except AttributeError:
            pass  # No array: said properly below.
        return self._score_many(batch)

    def _score_many(self, batch: Any) -> Scores:
        pixels = check_batch(batch, self.input)
        if len(pixels) >= self._bulk_pool.least_parallel and self.workers > 1:
            return self._bulk_pool.score_in_parallel(pixels, len(self.labels))
        return self._run(pixels)

    def probabilities(self, batch: Pixels) -> Scores:
        """Answer probabilities, float32 (N, classes), whatever the model gives; see `scores`."""
        scores = self.scores(batch)
        return softmax(scores) if self._is_logits else scores

    def classify(
        self,
        image: Image,
        top_k: int = 3,
        *,
        value_range: tuple[float, float] | None = None,
        polarity: Polarity | None = None,
    ) -> Classification:
        """Answer what one picture shows.

        Args:
            image: A path, the bytes of a picture file, a PIL picture, or an array (H, W),
                (H, W, 1), (H, W, 3) or (H, W, 4) of uint8 0–255 or float.
            top_k: How many predictions to give, best first.
            value_range: For arrays of floats: the values of black and white.
            polarity: What the picture shows: ``light-on-dark`` or ``dark-on-light``; None finds
                out from its border. An array of the model's own size is used as it is unless
                this is stated.

        Raises:
            ImageError: It cannot be used as a picture.
            MissingExtraError: Pillow is needed and missing.
            ArtifactError: The runtime fails on this model, or its scores are no finite numbers.
            ValueError: `top_k` is below 1, or there is no such `polarity`.
            ClosedError: After `close`.
        """
        start = perf_counter_ns()
        decoded = start
        notes: tuple[str, ...] = ()
        if (
            type(image) is np.ndarray
            and image.dtype is _UINT8
            and image.shape in self._shapes
            and polarity is None
        ):
            pixels = image.reshape(self._one)
        else:
            picture = self._decode(image)
            decoded = perf_counter_ns()
            pixels, notes = self._prepare(picture, value_range, polarity)
        prepared = perf_counter_ns()
        scores = self._run(pixels)
        invoked = perf_counter_ns()
        predictions = self._predict(scores, top_k)
        timings = Timings(
            (decoded - start) / 1e3,
            (prepared - decoded) / 1e3,
            (invoked - prepared) / 1e3,
            (perf_counter_ns() - invoked) / 1e3,
        )
        return Classification(predictions, timings, notes)

    def classify_batch(
        self,
        images: Iterable[Image],
        top_k: int = 3,
        *,
        value_range: tuple[float, float] | None = None,
        polarity: Polarity | None = None,
    ) -> list[Classification]:
        """Answer each of several pictures; a single one is a TypeError. See `classify`."""
        check_several(images)
        return [
            self.classify(image, top_k, value_range=value_range, polarity=polarity)
            for image in images
        ]

    def stream(
        self,
        frames: Iterable[Image],
        top_k: int = 3,
        *,
        value_range: tuple[float, float] | None = None,
        polarity: Polarity | None = None,
        drop_stale: bool = True,
    ) -> Generator[StreamResult, None, None]:
        """Answer frames as they come, always the newest.

        A frame that cannot be used is a result with its `error`. An exception of the source is
        raised here, after the last frame that it gave. Closing the generator ends the reader
        thread; the source stays the caller's to close.

        Args:
            frames: Pictures as `classify` takes them, each a new object. They set the pace: hand
                in a source that waits for its next frame, as cameras do.
            top_k: As for `classify`, like `value_range` and `polarity`.
            value_range: As for `classify`.
            polarity: As for `classify`.
            drop_stale: Whether frames that come while another is answered are dropped and counted,
                save the newest. False answers each in turn, without a thread: for sources that
                can wait, such as files.

        Raises:
            TypeError: `frames` is a single picture, or nothing that gives frames.
            ArtifactError: From the generator, like all else that `classify` raises but ImageError.
        """
        from edge_runtime.streaming import stream_answers

        return stream_answers(
            lambda frame: self.classify(frame, top_k, value_range=value_range, polarity=polarity),
            frames,
            drop_stale=drop_stale,
        )

    def _decode(self, image: Image) -> Any:
        if isinstance(image, np.ndarray):
            return np.asarray(image)  # a matrix would stay flat whatever its new shape
        from edge_runtime.pictures.photo import decode_picture

        if isinstance(image, str | os.PathLike | bytes):
            return decode_picture(image, self.input)
        if not hasattr(image, "getbands"):
            raise ImageError(
                "expected a picture as path, bytes, PIL picture or array, found "
                f"{type(image).__name__}"
            )
        return image

    def _prepare(
        self, picture: Any, value_range: tuple[float, float] | None, polarity: Polarity | None
    ) -> tuple[Pixels, tuple[str, ...]]:
        if isinstance(picture, np.ndarray):
            if picture.ndim > 1 and picture.size:
                check_size("the picture", picture.shape[1], picture.shape[0])
            pixels = to_uint8(picture, value_range)
            size = (self.input.height, self.input.width)
            has_alpha = pixels.ndim == 3 and pixels.shape[2] == 4 and pixels.size > 0
            if pixels.shape[:2] == size and not has_alpha and polarity is None:
                return to_channels(pixels, self.input.channels).reshape(self._one), ()
            from edge_runtime.pictures.photo import import_pillow

            picture = import_pillow().fromarray(pixels if has_alpha else to_channels(pixels, 3))
        from edge_runtime.pictures.photo import prepare_picture

        prepared = prepare_picture(picture, self.input, polarity)
        return prepared.pixels.reshape(self._one), prepared.notes

    def _predict(self, scores: Scores, top_k: int) -> tuple[Prediction, ...]:
        if top_k < 1:
            raise ValueError(f"top_k must be 1 or more, found {top_k}")
        labels = self.labels
        if len(labels) > _FEW_CLASSES:
            row = softmax(scores[0]) if self._is_logits else scores[0]
            if not isfinite(row.sum()):
                raise _refuse_scores()
            order = np.argsort(-row, kind="stable")[:top_k].tolist()
            return tuple([Prediction(labels[i], i, float(row[i])) for i in order])
        values: list[float] = scores.tolist()[0]
        if self._is_logits:
            values = exponentials(values)
        # One sum shows it for all: a NaN or infinite value makes the sum so.
        total = sum(values)
        if not isfinite(total):
            raise _refuse_scores()
        divisor = total if self._is_logits else 1.0
        order = sorted(range(len(values)), key=values.__getitem__, reverse=True)[:top_k]
        return tuple([Prediction(labels[i], i, values[i] / divisor) for i in order])

    def close(self) -> None:
        """Let go of the model, once calls under way have ended; a second call does nothing."""
        self._pool.close()
        if self._bulk_pool is not self._pool:
            self._bulk_pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        name = self.metadata.model.name if self.metadata else "a model without description"
        return f"<Classifier {name}, {len(self.labels)} classes, {self.backend}>"


def _refuse_scores() -> ArtifactError:
    return ArtifactError(
        "the model answers scores that are no finite numbers, so they tell nothing; check this "
        "device with edge-runtime verify, or export the model again"
    )
