"""New weights for a running vLLM engine, and the proof that they arrived: send, then probe, or refuse.

    async with WeightLink(EngineControl(engine), model, NcclBroadcast("cuda:1")) as link:
        …                                   # the learner takes a step
        await link.send(model, "step-200")  # raises TransferError unless the engine computes the same

vLLM is imported by what needs it only; `probe` needs nothing but torch.
"""

from __future__ import annotations

from training.transfer.control import Control, EngineControl, ServerControl
from training.transfer.errors import TransferError
from training.transfer.link import WeightLink
from training.transfer.means import CheckpointReload, Means, NcclBroadcast
from training.transfer.probe import Disagreement, Probe

__all__ = [
    "CheckpointReload",
    "Control",
    "Disagreement",
    "EngineControl",
    "Means",
    "NcclBroadcast",
    "Probe",
    "ServerControl",
    "TransferError",
    "WeightLink",
]
