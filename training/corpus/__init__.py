"""The corpus: statements are proved by our own search, and the proofs become training text."""
