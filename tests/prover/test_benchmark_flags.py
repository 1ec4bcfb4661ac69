"""Where `prover eval` and `prover lint` look for a benchmark, and for what a LeanDojo export was made of."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from lean_env.toolchain import Toolchain
from prover.flags import benchmark_folders, chosen_sources
from prover.settings import load_settings
from tests.data.exports import export
from tests.prover.command import environment, prover, refusal


def test_the_folder_of_benchmarks_is_a_setting(tmp_path: Path) -> None:
    """Flag over variable over file over default."""
    (tmp_path / "prover.toml").write_text('benchmarks = "in_file"\n')

    def searched(*arguments: str, **variables: str) -> str:
        env = environment(PROVER_CACHE=str(tmp_path), **variables)
        told = refusal(prover("lint", "minif2f", *arguments, cwd=tmp_path, env=env))
        return told.split(" in ", 1)[1].split(";")[0]

    assert searched() == f"{tmp_path / 'in_file'}, ., {tmp_path / 'benchmarks'}"
    assert searched(PROVER_BENCHMARKS="/of/variable").startswith("/of/variable, ., ")
    assert searched("--benchmarks", "/of/flag", PROVER_BENCHMARKS="/of/variable").startswith("/of/flag, ., ")
    (tmp_path / "prover.toml").write_text('cache = "c"\n')
    settings = load_settings({}, tmp_path)
    assert benchmark_folders(settings, None)[-1] == tmp_path / "c" / "benchmarks"
    told = refusal(prover("eval", "minif2f", "--benchmarks", str(tmp_path), "--policy", "tactics"))
    assert f" in {tmp_path}, ., " in told


def test_an_export_with_its_sources(toolchain: Toolchain, tmp_path: Path) -> None:
    folder = export(tmp_path / "leandojo_benchmark_4")
    run = ("eval", folder, "--policy", "tactics", "--samples", "8", "--workers", "1", "--json")
    bare = prover(*run, "--out", tmp_path / "bare")
    assert bare.stderr.startswith(
        f"prover: of the contexts of {folder} only imports and namespaces are known; --sources DIR, with a "
        "checkout of https://example.org/demo at 29dcec074de1, gives the rest"
    )
    assert {json.loads(line)["verdict"] for line in bare.stdout.splitlines()} == {"SKIPPED"}
    whole = prover(*run, "--sources", folder / "sources", "--out", tmp_path / "whole")
    assert (whole.returncode, whole.stderr) == (0, "")
    assert [json.loads(line)["verdict"] for line in whole.stdout.splitlines()].count("SKIPPED") == 0
    # What was measured with the sources is not gone on with without them.
    other = prover(*run, "--out", tmp_path / "whole")
    assert other.returncode == 2
    assert "was begun with benchmark_sha256" in other.stderr.splitlines()[-1]
    audit = prover("lint", folder, "--sources", folder / "sources", "--workers", "1")
    assert "2 statements" in audit.stdout
    assert audit.stderr == ""


def test_a_project_that_is_what_was_exported(tmp_path: Path) -> None:
    folder = export(tmp_path / "leandojo_benchmark_4")
    project = folder / "sources"
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (("init", "-q"), ("add", "."), (*identity, "commit", "-q", "-m", "demo")):
        subprocess.run(("git", "-C", project, *command), check=True)
    assert chosen_sources(str(folder), None, project) is None  # Another commit.
    head = subprocess.run(
        ("git", "-C", project, "rev-parse", "HEAD"), capture_output=True, text=True, check=True
    )
    metadata = {"from_repo": {"url": "https://example.org/demo", "commit": head.stdout.strip()}}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    assert chosen_sources(str(folder / "random"), None, project) == project
    assert chosen_sources(str(folder), tmp_path, project) == tmp_path
    assert chosen_sources("minif2f", None, project) is None
