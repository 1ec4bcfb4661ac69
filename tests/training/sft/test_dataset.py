"""From corpus to rows: the same every time, nothing held out is learnt, endless."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.records import CorpusRecord, write_corpus
from tests.training.sft.tiny import record, write
from training.errors import TrainError
from training.sft.config import load_config
from training.sft.dataset import Dataset, load_dataset, split
from training.sft.packing import IGNORED, Rows
from training.sft.stream import Position, RowStream
from training.tokenizer import EOS


def dataset(folder: Path, count: int = 60, **changes: object) -> Dataset:
    config = load_config(write(folder, count, **changes))
    return load_dataset(config.data, None, config.seed)


def texts(data: Dataset, rows: Rows) -> list[tuple[str, str]]:
    """Input and learnt text of every example."""
    found = []
    for tokens, targets, segments in zip(rows.tokens_RL, rows.targets_RL, rows.segments_RL, strict=True):
        for number in range(segments.max() + 1):
            here = segments == number
            learnt = [token for token in targets[here].tolist() if token != IGNORED]
            whole, part = (
                data.tokenizer.decode(ids, skip_special_tokens=False) for ids in (tokens[here], learnt)
            )
            found.append((whole, part))
    return found


def equal(one: Rows, other: Rows) -> bool:
    return bool(
        np.array_equal(one.tokens_RL, other.tokens_RL) and np.array_equal(one.targets_RL, other.targets_RL)
    )


def test_split_keeps_the_proofs_of_a_statement_together_whatever_their_names() -> None:
    records = [record(number) for number in range(400)]
    train, held_out = split(records, 0.25)
    assert 60 < len(held_out) < 140
    renamed = [
        replace(it, name=f"again_{it.name}", statement=it.statement.replace(it.name, f"again_{it.name}"))
        for it in held_out
    ]
    assert split(renamed, 0.25) == ((), tuple(renamed))
    assert set(split(records[:200], 0.25)[1]) <= set(held_out)
    assert len(train) + len(held_out) == 400


def test_learns_the_rest_of_the_proof_the_fence_and_the_end(tmp_path: Path) -> None:
    data = dataset(tmp_path, data__cot_share=0.0)
    rows, too_long = data.epoch(0)
    found = texts(data, rows)
    assert too_long == 0
    assert len(found) == 2 * len(data.train)
    for whole, learnt in found:
        assert learnt.endswith(f"\n```{EOS}")
        assert "theorem" not in learnt
        assert "/- tactic state" not in learnt
        assert (whole + EOS).endswith(learnt)
        assert ("/- tactic state:" in whole) == (learnt.count("\n") == 1)


def test_shares_decide_what_is_rendered(tmp_path: Path) -> None:
    data = dataset(tmp_path, data__cot_share=1.0, data__resumed_share=0.0)
    found = texts(data, data.epoch(0)[0])
    assert len(found) == 2 * len(data.train)
    assert sum("explanatory comments" in whole for whole, _ in found) == len(data.train)


def test_a_detour_is_never_learnt_as_a_whole(tmp_path: Path) -> None:
    detour = replace(record(3), start=len(record(3).proof.split("\n")[0]))
    data = replace(dataset(tmp_path), train=(detour,))
    assert all("/- tactic state:" in whole for whole, _ in texts(data, data.epoch(0)[0]))


def test_epochs_are_repeatable_and_differ(tmp_path: Path) -> None:
    one, other = dataset(tmp_path), dataset(tmp_path)
    assert equal(one.epoch(3)[0], other.epoch(3)[0])
    assert not equal(one.epoch(3)[0], one.epoch(4)[0])
    assert equal(one.validation(), other.validation())


def test_stream_goes_on_from_any_position(tmp_path: Path) -> None:
    data = dataset(tmp_path)
    with RowStream(data) as stream:
        count = stream.epoch_rows
        stream.take(count - 1)
        position = stream.position
        ahead = stream.take(5)
        assert stream.position.epoch == 1
    with RowStream(data, position) as stream:
        assert equal(stream.take(5), ahead)
    assert position == Position(0, count - 1)
    with RowStream(data, Position(0, count + 1)) as stream:
        assert equal(stream.take(2), data.epoch(1)[0][:2])


def test_epochs_made_by_other_processes_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = dataset(tmp_path)
    monkeypatch.setattr("training.sft.stream.SLOW_SECONDS", 0.0)
    with RowStream(data) as stream:
        count = stream.epoch_rows
        rows = stream.take(count + 9)
    assert equal(rows[:count], data.epoch(0)[0])
    assert equal(rows[count:], data.epoch(1)[0][:9])


def test_reads_statements_as_others_write_them(tmp_path: Path) -> None:
    forms = (
        "lemma their_{0}: {0} = {0} := by",
        "@[simp] private theorem their_{0}\n    (n : Nat) : n = {0} → n = {0} := by",
        "theorem\n  their_{0}{{α : Type}} (x : α) (_ : {0} = {0}) : x = x := by",
    )
    config = load_config(write(tmp_path))
    others = [CorpusRecord(f"their_{n}", forms[n % 3].format(n), "  simp") for n in range(60)]
    write_corpus(tmp_path / "corpus.jsonl", others)
    data = load_dataset(config.data, None, config.seed)
    found = [whole for whole, _ in texts(data, data.epoch(0)[0])]
    assert len(found) >= len(data.train)
    for head in ("\nlemma ", "] private theorem ", "\ntheorem\n"):
        assert any(head in whole for whole in found)
    assert not any("their" in whole for whole in found)


def test_refuses_statements_that_no_search_would_ask_for(tmp_path: Path) -> None:
    config = load_config(write(tmp_path))
    other = CorpusRecord("a", "example : True := by", "  trivial")
    write_corpus(tmp_path / "corpus.jsonl", [record(0), other])
    with pytest.raises(
        TrainError, match=r"data\.corpus: .*corpus\.jsonl:2: the statement must say"
    ) as caught:
        load_dataset(config.data, None, config.seed)
    assert "\n" not in str(caught.value)


def test_refuses_what_leaves_nothing(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, data__length=16)).data
    with pytest.raises(TrainError, match=r"fits data\.length = 16"):
        RowStream(load_dataset(config, None, 0))
    (tmp_path / "corpus.jsonl").write_text("\n")
    with pytest.raises(TrainError, match="has no proof"):
        load_dataset(config, None, 0)
    with pytest.raises(TrainError, match=r"held_out leaves no statement"):
        load_dataset(load_config(write(tmp_path, data__held_out=0.9999)).data, None, 0)
