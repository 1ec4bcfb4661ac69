"""Stands in for vLLM in tests of `prover serve`: no engine, a server that behaves as a test wants."""
