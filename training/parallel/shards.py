"""Checkpoints in shards, in torch's own format: each process writes a part, any layout reads what it needs.

Every part of the model (`training.model.parts`) and both its moments are entries of their own: so what
entries there are does not depend on the number of processes, on the stages, or on who has which experts. An
entry is `model/PART`, `exp_avg/PART` or `exp_avg_sq/PART`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save

from training.parallel.zero import MODEL

SHARDS = "sharded"
"""The folder in a checkpoint."""


def write(place: Path, found: Mapping[str, Tensor]) -> None:
    """Write the entries of all processes, which must all call this; of an entry that several have, one.
    Raises `OSError` on each of them if one could not."""
    try:
        save(dict(found), checkpoint_id=place)
    except CheckpointException as error:
        raise OSError(f"process {min(error.failures)} says: {_why(error)}") from None


class Shards:
    """One kind of values in shards, as an `Origin`; processes read each for itself."""

    def __init__(self, place: Path, kind: str = MODEL) -> None:
        self._place, self._kind = place, kind

    def fill(self, wanted: Mapping[str, Tensor]) -> None:
        """As `Origin`."""
        entries = {f"{self._kind}/{part}": tensor for part, tensor in wanted.items()}
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "torch.distributed is disabled")
                load(dict(entries), checkpoint_id=self._place, no_dist=True)
        except CheckpointException as error:
            raise ValueError(f"{self._place.parent} cannot be read: {_why(error)}") from None


def _why(error: CheckpointException) -> str:
    """What the first process that failed says, in one line."""
    failed = error.failures[min(error.failures)][0]
    return " ".join(str(failed).split())
