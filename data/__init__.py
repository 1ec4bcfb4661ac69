"""Benchmarks and corpora: loaders, the statement linter, generators; and the files of the shipped model."""

from pathlib import Path

MODEL = Path(__file__).parent / "models" / "core-7m-rl"
"""The directory of the checkpoint that is shipped."""
