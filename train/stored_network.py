"""A run's network, read back from its file."""

import keras

from train.errors import RunError
from train.initial_run import InitialRun
from train.run_folder import MODEL


def load_network(run: InitialRun) -> keras.Model:
    """Load the network that a run stored, without what it trained with.

    Raises:
        RunError: The file is damaged, or holds what Keras refuses to load.
    """
    path = run.folder / MODEL
    try:
        return keras.models.load_model(path, compile=False)
    # Whatever zipfile, h5py, json and the layers themselves raise on what they did not write.
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise RunError(f"{path} cannot be read as a Keras model: {reason}") from error
