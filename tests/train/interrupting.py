"""Stops a training run between two epochs, as a lost connection or a reboot would."""

from typing import Any

import pytest


def interrupt_before(epoch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let training stop before the epoch of this number, counted from 0."""
    import train.fitting

    whole = train.fitting._run_epoch

    def interrupted(*arguments: Any) -> Any:
        if arguments[5] == epoch:
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr(train.fitting, "_run_epoch", interrupted)
