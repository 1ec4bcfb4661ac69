"""Evaluation on a benchmark: a run folder that survives anything, and what a report makes of it."""
