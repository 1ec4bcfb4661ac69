"""What training on a cluster will take, before it is tried: time, memory, traffic, cost."""

from __future__ import annotations

from training.parallel.plan.config import PlanConfig, load_config
from training.parallel.plan.step import Step, compare, plan, sensitivity

__all__ = ["PlanConfig", "Step", "compare", "load_config", "plan", "sensitivity"]
