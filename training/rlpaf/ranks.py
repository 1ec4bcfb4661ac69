"""A learner on several ranks: one of them runs the loop, the others do what its learner is asked to do."""

from __future__ import annotations

from typing import Any

import torch.distributed as dist

from training.rlpaf.learner import Learner
from training.sft.world import World


class Ranks:
    """Calls a method of the learners of all ranks, and returns what this rank's gives."""

    def __init__(self, learner: Learner, world: World) -> None:
        self._learner, self._world = learner, world
        self._together = True
        """Whether the other ranks wait for what to do next."""

    def call(self, method: str, *arguments: Any) -> Any:
        """Call it everywhere; only the leading rank may. What fails here has failed everywhere, or leaves
        the others in a collective: either way they hear nothing more."""
        self._together = False
        if self._world.size > 1:
            dist.broadcast_object_list([(method, arguments)])
        result = getattr(self._learner, method)(*arguments)
        self._together = True
        return result

    def dismiss(self) -> None:
        """Let the other ranks go. Those that a failure has left alone end with the connection."""
        if self._world.size > 1 and self._together:
            dist.broadcast_object_list([None])

    def follow(self) -> None:
        """Do what the leading rank does, until it lets this one go."""
        while True:
            box: list[Any] = [None]
            dist.broadcast_object_list(box)
            if box[0] is None:
                return
            method, arguments = box[0]
            getattr(self._learner, method)(*arguments)
