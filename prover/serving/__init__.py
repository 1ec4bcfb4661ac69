"""`prover serve`: a vLLM server for a policy, with the layout over GPUs worked out from its configuration.

From `config.json` the tensors are counted (`model`), from the machine or from flags comes the hardware
(`hardware`), both give a layout or the reason why there is none (`layout`), which is explained (`explain`),
written as commands (`commands`) and started here (`launch`) or on a Ray cluster (`cluster`). Only starting
needs vLLM, nothing needs torch.
"""

from lean_env.errors import LeanEnvError


class ServeError(LeanEnvError):
    """A model that cannot be served here: one line that says why, and what would do."""
