"""How models are asked, and how their answers are read: one format for each family of provers.

`registry` knows the formats by name and chooses one for a model; `policy.FormattedPolicy` speaks it for
any policy. `feedback` says what Lean said, and `extraction` finds the proof in a long reply.
"""
