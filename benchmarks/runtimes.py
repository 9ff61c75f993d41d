"""Which runtimes could stand in the table here."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_runtime.backends import PREFERENCE, load_backend
from edge_runtime.measurement.trial_process import TRIAL_MODULE


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime by name, with the formats that it reads and the module that opens them.

    Whether it is installed shows when it is asked to load something: what is missing then stands
    in the table with the reason.
    """

    name: str
    formats: tuple[str, ...]
    module: str = TRIAL_MODULE


# Peers of our runtimes; `benchmarks.peers` says why they are here.
PEERS = (
    Runtime("openvino", ("onnx",), "benchmarks.peers.openvino_child"),
    Runtime("keras", ("keras",), "benchmarks.peers.keras_child"),
)


def list_runtimes(with_peers: bool = False) -> Sequence[Runtime]:
    """List the runtimes of `edge_runtime`, in order of preference; imports none of them.

    Args:
        with_peers: List OpenVINO and TensorFlow too.
    """
    ours = [Runtime(name, tuple(load_backend(name).formats)) for name in PREFERENCE]
    return [*ours, *PEERS] if with_peers else ours
