"""Checkpoints in shards, in torch's own format: each process writes a part, any layout reads what it needs.

Every weight and both its moments are entries of their own, of experts each expert's part: so what entries
there are does not depend on the number of processes, on the stages, or on who has which experts. An entry is
`model/NAME`, `exp_avg/NAME` or `exp_avg_sq/NAME`, of an expert with `/NUMBER` behind it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save

from training.model import ModelConfig, Transformer
from training.parallel.zero import MODEL, MOMENTS

SHARDS = "sharded"
"""The folder in a checkpoint."""
_EXPERTS = re.compile(r"\.experts\.\w+$")


def entries(kind: str, name: str, value: Tensor, first: int = 0) -> Iterator[tuple[str, Tensor]]:
    """A weight's entries, or those of one of its moments; `first`: the first of the experts in `value`."""
    if not _EXPERTS.search(name):
        yield f"{kind}/{name}", value
        return
    for number, part in enumerate(value, first):
        yield f"{kind}/{name}/{number}", part


def write(place: Path, found: Mapping[str, Tensor]) -> None:
    """Write the entries of all processes, which must all call this; of an entry that several have, one.
    Raises `OSError` on each of them if one could not."""
    try:
        save(dict(found), checkpoint_id=place)
    except CheckpointException as error:
        raise OSError(f"process {min(error.failures)} says: {_why(error)}") from None


def read(place: Path, wanted: Mapping[str, Tensor], *, alone: bool) -> None:
    """Fill tensors with the entries that they are named for. Unless this process reads `alone`, all must call
    this. Raises `ValueError` for an entry that is not there or has another shape."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "torch.distributed is disabled")  # It is, if `alone`.
            load(dict(wanted), checkpoint_id=place, no_dist=alone)
    except CheckpointException as error:
        raise ValueError(f"{place.name}: {_why(error)}") from None


def read_whole(place: Path, config: ModelConfig) -> tuple[Transformer, dict[str, dict[str, Tensor]]]:
    """The model and its moments by name, in FP32 on the CPU, for a layout that has no shards."""
    model = Transformer(config).requires_grad_(requires_grad=False)
    parameters = dict(model.named_parameters())
    moments = {
        name: {kind: torch.empty_like(value) for kind in MOMENTS} for name, value in parameters.items()
    }
    wanted: dict[str, Tensor] = {}
    for name, value in (parameters | dict(model.named_buffers())).items():
        wanted.update(entries(MODEL, name, value))
    for name, both in moments.items():
        for kind, value in both.items():
            wanted.update(entries(kind, name, value))
    read(place, wanted, alone=True)
    return model.requires_grad_(), moments


def state_of(found: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """A whole model's state dict from its entries."""
    with torch.device("meta"):
        wanted = Transformer(config).state_dict()
    state = {}
    for name, like in wanted.items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        parts = [found[entry] for entry, _ in entries(MODEL, name, like)]
        state[name] = torch.stack(parts) if _EXPERTS.search(name) else parts[0]
    if config.tie_word_embeddings:
        state["lm_head.weight"] = state["embed_tokens.weight"]
    return state


def _why(error: CheckpointException) -> str:
    """What the first process that failed says, in one line."""
    failed = error.failures[min(error.failures)][0]
    return " ".join(str(failed).split())
