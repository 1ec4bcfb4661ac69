"""Whole runs with real Lean that cannot begin, or cannot go on: one line each, and what was kept stays."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from lean_env.values import Theorem
from tests.training.rlpaf.runs import assert_each_once, checkpoints, killed, lines, refusal, run
from tests.training.rlpaf.tiny import THEOREMS, checkpoint, write, write_config, write_theorems
from training.errors import TrainError
from training.rlpaf.config import load_config
from training.rlpaf.run import train
from training.rlpaf.statements import Statements
from training.sft.folder import alone_in


def test_a_full_disk_is_one_line_and_leaves_the_last_checkpoint(
    straight: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, _ = straight
    killed(config, tmp_path, "learn", 1)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for place, said in (
        ("training.model.checkpoint.save_file", "step-00000002 cannot be written: "),
        ("training.rlpaf.trainer.write_scores", "No space left on device; earlier checkpoints are intact"),
        ("training.sft.monitor.Monitor.record", "No space left on device; earlier checkpoints are intact"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, full)
            assert said in refusal(config, tmp_path)
        assert checkpoints(tmp_path) == [1]
    run(config, tmp_path)
    assert_each_once(tmp_path, 3)


def test_without_lean_it_says_so(
    straight: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROVER_PROJECT", str(tmp_path / "nowhere"))
    said = refusal(straight[0], tmp_path / "out")
    assert said.startswith("proofs cannot be judged here: ")


def test_refuses_checkpoints_of_another_run(straight: tuple[Path, Path], tmp_path: Path) -> None:
    config, _ = straight
    shutil.copytree(config.parent, tmp_path / "copy")
    folder, out = tmp_path / "copy", tmp_path / "copy" / "out"
    before = (out / "checkpoints" / "step-00000003" / "model.safetensors").read_bytes()
    assert "curriculum.group was 4 and is now 5" in refusal(write_config(folder, curriculum__group=5), out)
    changed = folder / "start" / "tokenizer.json"
    text = changed.read_text()
    changed.write_text(text.replace(" exact", " exat", 1) if " exact" in text else text + "\n")
    assert "model.checkpoint was 'start " in refusal(write_config(folder), out)
    changed.write_text(text)
    checkpoint(folder / "start", hidden_size=24)
    assert "model.checkpoint was 'start " in refusal(config_in(folder), out)
    assert (out / "checkpoints" / "step-00000003" / "model.safetensors").read_bytes() == before


def config_in(folder: Path) -> Path:
    return folder / "rlpaf.toml"


def test_refuses_rows_longer_than_the_model_reads(straight: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(straight[0].parent / "start", tmp_path / "start")
    config = write_config(tmp_path, batch__length=1024, theorems__generated=3, theorems__files=[])
    said = refusal(config, tmp_path / "out")
    assert said == "batch.length = 1024 is more than the model's 512 positions"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "value"), [("curriculum", {}), ("statements", 3), ("alarm", None)])
def test_a_state_of_somebody_else_is_one_line(
    straight: tuple[Path, Path], tmp_path: Path, name: str, value: Any
) -> None:
    config, whole = straight
    shutil.copytree(whole, tmp_path / "out")
    (tmp_path / "out" / "result.json").unlink()
    place = tmp_path / "out" / "checkpoints" / "step-00000003" / "state.json"
    told = json.loads(place.read_text())
    told["fields"] |= {name: value}
    if value is None:
        del told["fields"][name]
    place.write_text(json.dumps(told))
    assert "step-00000003 has no state that this program can go on from" in refusal(config, tmp_path / "out")
    shutil.rmtree(place.parent)
    run(config, tmp_path / "out")
    assert_each_once(tmp_path / "out", 3)


FALSE = tuple(Theorem(f"f{n}", f"theorem f{n} : {n} + 1 = {n + 9} := by") for n in range(3))


def nonsense(name: str) -> Theorem:
    return Theorem(name, f"theorem {name} : Nonsense {len(name)} := by")


def long(name: str) -> Theorem:
    """Longer than the model reads."""
    return Theorem(name, f"theorem {name} : {' + '.join('1' * (400 + len(name)))} = 400 := by")


def only_these(monkeypatch: pytest.MonkeyPatch) -> None:
    """No new statements are made."""
    monkeypatch.setattr("training.rlpaf.statements.Statements.more", lambda self, count, solved=(): [])


def test_statements_that_cannot_be_used_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_these(monkeypatch)
    config = write(tmp_path, (nonsense("n"), long("l"), *THEOREMS[:4]), curriculum__fresh_share=0.5)
    write_theorems(tmp_path / "held_out.jsonl", (THEOREMS[6], nonsense("none"), long("long")))
    run(config, tmp_path / "out")
    metrics = [line for line in lines(tmp_path / "out" / "metrics.jsonl") if "reward" in line]
    assert sum(line["unusable_theorems"] for line in metrics) == 2
    assert all(line["fault_share"] == 0 for line in metrics)
    scores = {line["name"]: line for line in lines(tmp_path / "out" / "held_out.jsonl")}
    assert scores.keys() == {"t6", "long"}, "a statement that is none is no theorem to prove"
    assert (scores["long"]["proved"], scores["long"]["judged"]) == (0, 2)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Theorems that could not be learnt from, most of which Lean does not understand: 2." in page
    assert "Held-out theorems that Lean does not understand, in no figure: 1." in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "they are too hard; name easier ones in theorems.corpus, or train the model on proofs"),
        ({"algorithm__preset": "paper", "run__steps": 4}, ""),
    ],
)
def test_false_statements_are_retired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    only_these(monkeypatch)
    config = write(tmp_path, FALSE, curriculum__retire_after=1, **changes)
    if said:
        assert refusal(config, tmp_path / "out").endswith(said)
        return
    run(config, tmp_path / "out")
    last = [line for line in lines(tmp_path / "out" / "metrics.jsonl") if "reward" in line][-1]
    assert (last["reward"], last["proved_share"], last["advantage_abs"]) == (0, 0, 0)
    assert last["curriculum_theorems_unsolved"] >= 2


def test_a_source_of_nothing_but_nonsense_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = count()

    def more(self: Statements, wanted: int, solved: Sequence[Theorem] = ()) -> list[Theorem]:
        return [nonsense(f"n{next(numbers)}") for _ in range(wanted)]

    monkeypatch.setattr(Statements, "more", more)
    said = refusal(write(tmp_path, [nonsense("n")]), tmp_path / "out")
    assert "theorems in a row: n" in said
    assert "does not elaborate" in said


def test_no_usable_theorem_at_all_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_these(monkeypatch)
    config = write(tmp_path, (nonsense("n"), long("l")))
    assert refusal(config, tmp_path / "out").startswith("no theorem is left to try; name others")


def test_two_processes_do_not_train_in_one_folder(straight: tuple[Path, Path], tmp_path: Path) -> None:
    config, _ = straight
    with alone_in(tmp_path / "out"):
        assert "another process trains in" in refusal(config, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def copy_of(straight: tuple[Path, Path], tmp_path: Path, last: int = 2) -> Path:
    """The run's folder as it was behind an earlier batch."""
    out = tmp_path / "out"
    shutil.copytree(straight[1], out)
    (out / "result.json").unlink()
    for batch in checkpoints(out):
        if batch > last:
            shutil.rmtree(out / "checkpoints" / f"step-{batch:08}")
    return out


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.pt", "config.json"])
def test_a_checkpoint_that_was_damaged_is_passed_over(
    straight: tuple[Path, Path], tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = copy_of(straight, tmp_path, last=3)
    damaged = out / "checkpoints" / "step-00000003" / name
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    run(straight[0], out)
    assert f"step-00000003 cannot be read and is passed over: {name} is damaged" in capsys.readouterr().err
    assert_each_once(out, 3)


@pytest.mark.parametrize("name", ["metrics.jsonl", "held_out.jsonl", "proofs.jsonl"])
@pytest.mark.parametrize("harm", [b'{"step": 1, "loss"X\n', b"\xff\xfe\n", b"[1]\n"])
def test_a_damaged_line_is_named(straight: tuple[Path, Path], tmp_path: Path, name: str, harm: bytes) -> None:
    out = copy_of(straight, tmp_path)
    content = (out / name).read_bytes()
    (out / name).write_bytes(harm + content)
    assert f"{name}:1 is " in refusal(straight[0], out)
    (out / name).write_bytes(content)
    run(straight[0], out)
    assert_each_once(out, 3)


def test_files_are_known_by_what_they_hold(straight: tuple[Path, Path], tmp_path: Path) -> None:
    shutil.copytree(straight[0].parent, tmp_path / "copy")
    config, out = tmp_path / "copy" / straight[0].name, tmp_path / "copy" / "out"
    theorems = tmp_path / "copy" / "theorems.jsonl"
    theorems.unlink()
    write_theorems(theorems, THEOREMS[:2])
    assert "holds another run: theorems.files was ['theorems.jsonl " in refusal(config, out)


def test_what_a_run_without_checkpoints_has_left_counts_for_nothing(
    straight: tuple[Path, Path], tmp_path: Path
) -> None:
    config, whole = straight
    for name in ("proofs.jsonl", "metrics.jsonl", "held_out.jsonl"):
        shutil.copy(whole / name, tmp_path / name)
    (tmp_path / "proofs.jsonl").write_text((whole / "proofs.jsonl").read_text().replace('"t', '"alien'))
    (tmp_path / "cheats.txt").write_text("of somebody else")
    run(config, tmp_path)
    assert "alien" not in (tmp_path / "proofs.jsonl").read_text()
    assert not (tmp_path / "cheats.txt").exists()
    assert_each_once(tmp_path, 3)


def test_no_folder_is_made_for_a_cluster_that_is_not_there(
    straight: tuple[Path, Path], tmp_path: Path
) -> None:
    pytest.importorskip("ray")
    for address, said in (("127.0.0.1:9", "there is no Ray cluster at"), (":", "HOST:6379")):
        with pytest.raises(TrainError, match=said):
            train(load_config(straight[0]), tmp_path / "out", address)
    assert not (tmp_path / "out").exists()
