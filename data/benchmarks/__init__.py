"""Benchmarks: theorems that somebody published to measure provers with."""

from data.benchmarks.values import Benchmark, Problem

__all__ = ["Benchmark", "Problem"]
