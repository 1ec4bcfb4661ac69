"""Benchmarks and corpora: loaders, the statement linter, generators."""
