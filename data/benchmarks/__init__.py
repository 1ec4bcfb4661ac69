"""Benchmarks: theorems that somebody published to measure provers with."""

from data.benchmarks.load import load
from data.benchmarks.registry import KNOWN, Known, known, known_by_hash
from data.benchmarks.values import Benchmark, Problem

__all__ = ["KNOWN", "Benchmark", "Known", "Problem", "known", "known_by_hash", "load"]
