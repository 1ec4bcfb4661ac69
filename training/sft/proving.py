"""Validation by proving: how many held-out statements the model proves, as Lean sees it.

A loss says how well the model imitates proofs; this says whether it finds them. The search is plain
sampling, so the figure is the model's own.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from lean_env.errors import LeanEnvError
from lean_env.limits import Limits
from lean_env.pool import CheckPool
from lean_env.toolchain import Toolchain, find_toolchain
from lean_env.values import Theorem
from prover.attempt import Attempt
from prover.driver import Driver, Settings
from prover.policies import PolicyError, Sampling, open_policy
from search import RULES, Budget
from training.errors import TrainError
from training.sft.config import ProvingConfig, SftConfig
from training.sft.dataset import Dataset

CHECK_SECONDS = 20.0


class Proving:
    """The statements to prove, and the Lean to judge with."""

    def __init__(self, config: SftConfig, data: Dataset, warn: Callable[[str], None] | None) -> None:
        """Without Lean on this machine, `warn` hears so and nothing is proved; None: another rank does it."""
        self._config, self._seed = config.proving, config.seed
        self._theorems: list[Theorem] = []
        self._toolchain: Toolchain | None = None
        if not config.proving.statements:
            return
        statements = {record.statement: record for record in data.held_out}
        if not statements:
            raise TrainError("proving.statements needs held-out statements: raise data.held_out")
        chosen = random.Random(config.seed).sample(
            list(statements.values()), min(len(statements), config.proving.statements)
        )
        # A generator's name would tell of which kind a theorem is, and no example for training has one.
        self._theorems = [record.named(f"t_{number}").theorem for number, record in enumerate(chosen)]
        if warn is None:
            return
        try:
            self._toolchain = find_toolchain()
        except LeanEnvError as error:
            warn(f"nothing will be proved for validation, there is no Lean here: {error}")

    @property
    def count(self) -> int:
        """How many statements are to be proved."""
        return len(self._theorems)

    def due(self, step: int) -> bool:
        """Whether to prove behind this step."""
        return bool(self.count and self._config.every) and step % self._config.every == 0

    def run(self, model: Path) -> float | None:
        """The share of the statements that the model at this place proves; None without Lean.

        Raises `TrainError` if the model cannot be used as a policy.
        """
        if self._toolchain is None:
            return None
        try:
            proved = asyncio.run(
                count_proved(self._toolchain, f"moe:{model}", self._theorems, self._config, self._seed)
            )
        except (PolicyError, LeanEnvError) as error:
            raise TrainError(f"validation by proving: {error}") from error
        return proved / self.count


async def count_proved(
    toolchain: Toolchain, policy: str, theorems: Sequence[Theorem], config: ProvingConfig, seed: int
) -> int:
    """How many of the theorems the policy proves by sampling."""
    workers = os.cpu_count() or 1
    settings = Settings(
        rule=RULES["sampling"](),
        budget=Budget(config.samples),
        sampling=Sampling(max_tokens=config.max_tokens, distinct=True),
        seed=seed,
        workers=workers,
    )
    attempts: list[Attempt] = []
    limits = Limits(seconds=CHECK_SECONDS)
    async with (
        open_policy(policy) as opened,
        CheckPool(toolchain, workers=workers, limits=limits) as pool,
        Driver.open(opened, pool, settings) as driver,
    ):
        await driver.prove_all(theorems, [None] * len(theorems), lambda _, attempt: attempts.append(attempt))
    return sum(attempt.proof is not None for attempt in attempts)
