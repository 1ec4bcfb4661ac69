"""`prover train rlpaf`: from a configuration to a better model, through as many interruptions as there are.

The run folder holds everything, as that of `prover train sft` does: what the run was told, checkpoints,
figures, every proof that was found, held-out scores, and the model as it is used. Calling it again goes on
where the last checkpoint is; what was under way then is written anew.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from lean_env.errors import LeanEnvError
from prover.policies.base import PolicyError
from training.corpus.render import Example
from training.errors import TrainError
from training.files import CHEATS, METRICS, PROOFS, RESULT
from training.model import Transformer
from training.rlpaf.alarm import Alarm
from training.rlpaf.config import RlpafConfig
from training.rlpaf.curriculum import Curriculum
from training.rlpaf.figures import tried_figures
from training.rlpaf.heldout import HeldOut, write_scores
from training.rlpaf.judge import Judge, Tally
from training.rlpaf.learner import Learner
from training.rlpaf.page import write_page
from training.rlpaf.practice import Practice
from training.rlpaf.ranks import Ranks
from training.rlpaf.roles import Roles, open_roles
from training.rlpaf.source import imitations, keep_tokenizer, read_tokenizer
from training.rlpaf.statements import Statements, held_out
from training.rlpaf.store import Store
from training.settings import flat
from training.sft import checkpoint
from training.sft.folder import RunFolder
from training.sft.monitor import Monitor
from training.sft.patience import patience
from training.sft.world import World
from training.transfer import TransferError


class Trainer:
    """One run, on this rank; the leading one has the roles."""

    def __init__(self, config: RlpafConfig, out: Path, world: World, ray: str) -> None:
        self.config, self.world, self.out, self._ray = config, world, out, ray
        self.folder = RunFolder(out)
        source = config.model.checkpoint
        tokenizer = read_tokenizer(source)
        start = checkpoint.start_from(source, tokenizer.get_vocab_size())
        lengths = {"batch.length": config.batch.length, "sampling.max_tokens": config.sampling.max_tokens}
        positions = start.config.max_position_embeddings
        for name, length in lengths.items():
            if length > positions:
                raise TrainError(f"{name} = {length} is more than the model's {positions} positions")
        self.curriculum = Curriculum(config.curriculum, config.seed)
        apart = held_out(config.evaluation, config.theorems)
        self.held_out = HeldOut(out, config.evaluation, apart)
        self.statements = Statements(config.theorems, [theorem for _, theorem in apart])
        if world.leads and not checkpoint.places(out):
            self.curriculum.add(self.statements.beginning())
        if world.leads:
            self.folder.claim(flat(config), partial(keep_tokenizer, source))
        world.wait()
        resumed = checkpoint.latest(out, start.config, self._warn, world)
        try:
            model = Transformer.build(start.config, start if resumed is None else resumed.origin())
            reference = Transformer.build(start.config, start) if config.algorithm.kl else None
        except ValueError as error:
            raise TrainError(str(error)) from error
        self.learner = Learner(model, tokenizer, config, world, reference)
        self.ranks = Ranks(self.learner, world)
        self.batches, self.seconds, self.waited = 0, 0.0, 0.0
        self._alarm = Alarm(out, config.lean.max_disagreement)
        self._heard = time.monotonic()
        """When the judges were asked last what they have done."""
        self._stored: dict[str, Any] = {}
        if resumed is not None:
            self._go_on(resumed)

    def _go_on(self, resumed: checkpoint.Resumed) -> None:
        """Take over what a checkpoint holds. Raises `TrainError`."""
        fields = resumed.fields
        try:
            self.batches, self.seconds, self.waited = resumed.step, fields["seconds"], fields["waited"]
            moments = resumed.moments(self.learner.weights.masters)
            self.learner.restore(fields["version"], fields["optimizer_step"], moments)
            self.curriculum.restore(fields["curriculum"])
            self.statements.restore(fields["statements"])
            self._stored = fields["store"]
            self._alarm.restore(fields["alarm"])
        except (KeyError, TypeError, ValueError) as error:
            place = checkpoint.places(self.out)[0]
            raise TrainError(
                f"{place} has no state that this program can go on from ({error!r}); remove it, or use "
                "another --out"
            ) from error

    def _warn(self, text: str) -> None:
        if self.world.leads:
            print(f"prover: {text}", file=sys.stderr)

    async def run(self) -> None:
        """Learn until the last batch, then export and evaluate the model. For the leading rank."""
        if self.batches >= self.config.run.steps and (self.out / RESULT).exists():
            self._warn(f"this run has ended; the model is in {self.folder.model}")
            return
        try:
            await self._run()
        except (LeanEnvError, PolicyError, TransferError) as error:
            raise TrainError(f"{error}; earlier checkpoints are intact") from error
        except OSError as error:
            said = f"{error.filename or self.out}: {error.strerror or error}"
            raise TrainError(f"{said}; earlier checkpoints are intact") from error

    async def _run(self) -> None:
        config = self.config
        if not self.batches:  # What a run without checkpoints has left counts for nothing.
            for name in (METRICS, PROOFS, CHEATS):
                (self.out / name).unlink(missing_ok=True)
        write_scores(self.out, self.batches + 1, ())
        with (
            patience(self.world) as interrupted,
            Store(self.out / PROOFS) as store,
            Monitor(self.out, config.run.steps, self.batches, silent=False) as monitor,
        ):
            if self._stored:
                store.restore(self._stored)
            try:
                async with open_roles(config, str(self.world.device), self._ray) as roles:
                    await self._work(roles, store, monitor, interrupted)
            finally:
                await self._show()

    async def _work(
        self, roles: Roles, store: Store, monitor: Monitor, interrupted: Callable[[], bool]
    ) -> None:
        if self.batches:
            await roles[0].load(await self._ask("full_state"), self.learner.version)
            await roles[1].forbid(self._alarm.refused)
        if self.batches < self.config.run.steps:
            if self.held_out.is_due(self.batches):
                await self._evaluate(roles, store, monitor)
            await self._learn(roles, store, monitor, interrupted)
        self.folder.export(self.learner.model.config, await self._ask("full_state"))
        figures = await self._evaluate(roles, store, monitor)
        self.folder.write_result(
            {
                "batches": self.batches,
                "optimizer_steps": self.learner.step,
                "training_seconds": round(self.seconds, 1),
                "theorems_proved": len(store),
                "statements_refused": self.statements.refused,
                **figures,
            }
        )
        monitor.say(f"the model is in {self.folder.model}; use it with --policy moe:{self.folder.model}")

    async def _learn(
        self, roles: Roles, store: Store, monitor: Monitor, interrupted: Callable[[], bool]
    ) -> None:
        """The batches that are left, with checkpoints and evaluations between them."""
        run = self.config.run
        practice = Practice(
            self.config,
            *roles,
            self.curriculum,
            self.statements,
            store,
            self.learner.version,
            self.batches,
        )
        kept = self.batches
        async with practice:
            while self.batches < run.steps and not interrupted():
                await self._batch(practice, roles, store, monitor)
                last = self.batches == run.steps
                if last or self.batches % run.checkpoint_every == 0:
                    await self._checkpoint(practice, store)
                    kept = self.batches
                if self.held_out.is_due(self.batches) and not (last or interrupted()):
                    await self._evaluate(roles, store, monitor)
            if self.batches < run.steps:
                if self.batches > kept:
                    await self._checkpoint(practice, store)
                raise KeyboardInterrupt

    async def _batch(self, practice: Practice, roles: Roles, store: Store, monitor: Monitor) -> None:
        """Wait for a batch, learn from it, and give the sampler the new weights."""
        sampler, judge = roles
        began = time.monotonic()
        groups, tried = await practice.take()
        waited = time.monotonic() - began
        figures: dict[str, float] = await self._ask("learn", groups)
        self.batches += 1
        for said in tried.complaints:
            monitor.say(f"not learnt from: {said}")
        expert = self.config.expert
        if expert.every and self.batches % expert.every == 0:
            imitated = await self._ask("imitate", await self._examples(store))
            figures |= {f"imitation_{name}": value for name, value in imitated.items()}
        sending = time.monotonic()
        state = await self._ask("full_state")
        figures["probe"] = await sampler.load(state, self.learner.version)
        await practice.learned(self.learner.version)
        ended = time.monotonic()
        self.seconds += ended - began
        self.waited += waited
        tally = await self._hear(judge, store)
        since, self._heard = ended - self._heard, ended
        figures |= {
            "seconds": self.seconds,
            "batch_seconds": ended - began,
            "wait_share": self.waited / self.seconds,
            "transfer_seconds": ended - sending,
            "sampler_idle_seconds": practice.idle_seconds,
            **practice.depths,
            **tried_figures(tried, tally, since),
            **{f"curriculum_{name}": value for name, value in self.curriculum.figures().items()},
        }
        monitor.record(self.batches, figures)
        share = figures.get("proved_share", 0.0)
        monitor.show(
            self.batches,
            f"proved {share:.1%}  {figures['rollouts_per_second']:.0f} rollouts/s  "
            f"waits {waited:.1f} s  {len(store)} theorems",
        )

    async def _hear(self, judge: Judge, store: Store) -> Tally:
        """What the judge has done; what its audits have refused is no proof any more. Raises `TrainError` if
        that is too much."""
        tally = await judge.tally()
        if tally.refused:
            store.withdraw(tally.refused)
            await judge.forbid(tally.refused)
        self._alarm.hear(self.batches, tally)
        return tally

    async def _examples(self, store: Store) -> list[Example]:
        """Proofs to imitate, as the model would be asked for them."""
        rng = random.Random(f"{self.config.seed} imitate {self.batches}")
        proofs = store.draw(self.config.expert.proofs * self.config.expert.steps, rng)
        return await asyncio.to_thread(imitations, self.config.model.checkpoint, proofs)

    async def _evaluate(self, roles: Roles, store: Store, monitor: Monitor) -> dict[str, float]:
        """Prove the held-out theorems with the weights of now, unless this was done before the run was
        interrupted. What was judged for it is in no other figure."""
        if not self.held_out.theorems:
            return {}
        if known := self.held_out.known(self.batches):
            return known
        figures = await self.held_out.prove(*roles, self.batches, self.config.seed)
        if not self.batches:
            for said in self.held_out.left_out:
                monitor.say(f"held out, and in no figure: {said}")
        await self._hear(roles[1], store)
        self._heard = time.monotonic()
        unusable = {"held_out_unusable": float(len(self.held_out.left_out))}
        monitor.record(self.batches, figures | unusable)
        said = "  ".join(f"{name} {value:.1%}" for name, value in figures.items())
        monitor.say(f"batch {self.batches}: {said}")
        await self._show()
        return figures

    async def _checkpoint(self, practice: Practice, store: Store) -> None:
        state, moments = await self._ask("full_state"), await self._ask("moments")
        fields = {
            "version": self.learner.version,
            "optimizer_step": self.learner.step,
            "seconds": self.seconds,
            "waited": self.waited,
            "alarm": self._alarm.state(),
            **await practice.state(),
            "store": store.state(),
        }
        keep = self.config.run.keep
        await asyncio.to_thread(
            self.folder.save, self.batches, fields, self.learner.model.config, state, moments, keep
        )
        await self._show()

    async def _show(self) -> None:
        """Write the run's page; a run goes on without one."""
        try:
            await asyncio.to_thread(write_page, self.out)
        except TrainError as error:
            self._warn(str(error))

    async def _ask(self, method: str, *arguments: Any) -> Any:
        """Call the learner's method, on all ranks, in a thread."""
        return await asyncio.to_thread(self.ranks.call, method, *arguments)
