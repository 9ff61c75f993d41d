"""The names of the optimizers, apart from what builds them: naming one must not load Keras."""

from typing import Literal

OptimizerName = Literal["adam", "muon"]
