"""The tokenizer: exact on any text, short on Lean, and read by transformers as it is."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from data.records import CorpusRecord, write_corpus
from prover.prompts import NON_COT, make_prompt
from training.corpus.render import examples
from training.tokenizer import (
    BOS,
    EOS,
    PAD,
    SYMBOLS,
    completion_ids,
    corpus_texts,
    load_tokenizer,
    main,
    prompt_ids,
    save_tokenizer,
    train_tokenizer,
)

RECORD = CorpusRecord(
    "swap",
    "theorem swap (p q : Prop) (h₁ : p ∧ q) : q ∧ p := by",
    "  constructor\n  · exact h₁.2\n  · exact h₁.1",
    steps=((13, ("case left\np q : Prop\nh₁ : p ∧ q\n⊢ q", "case right\np q : Prop\nh₁ : p ∧ q\n⊢ p")),),
)
TEXTS = tuple(corpus_texts([RECORD] * 20))
VOCABULARY = 800


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(TEXTS, VOCABULARY)


LEARNT = train_tokenizer(TEXTS, VOCABULARY)


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.lists(st.sampled_from(TEXTS)).map("".join))
def test_any_text_comes_back(text: str) -> None:
    ids = LEARNT.encode(text, add_special_tokens=False).ids
    assert LEARNT.decode(ids, skip_special_tokens=False) == text


@given(st.text(st.sampled_from([*SYMBOLS, *"h1. (\n"])))
def test_no_symbol_is_cut(text: str) -> None:
    ids = LEARNT.encode(text, add_special_tokens=False).ids
    pieces = [LEARNT.decode([id_]) for id_ in ids]
    assert "".join(pieces) == text
    assert len(ids) <= len(text)


def test_lean_is_short(tokenizer: Tokenizer) -> None:
    def tokens(text: str) -> list[str]:
        return [tokenizer.decode([id_]) for id_ in tokenizer.encode(text, add_special_tokens=False).ids]

    assert all(tokens(symbol) == [symbol] for symbol in SYMBOLS)
    assert tokens("\n  · exact h₁.2")[:3] == ["\n  ", "·", " exact"]
    assert tokens("1024") == list("1024")
    assert tokens(NON_COT) == [NON_COT]
    prompt = make_prompt(RECORD.theorem, RECORD.proof[:13], ("⊢ q",)).text
    assert tokens(prompt)[-5:] == ["\n  /- tactic state:", "\n    ", "⊢", " q", "\n  -/\n"]


def test_a_text_begins_and_ends(tokenizer: Tokenizer) -> None:
    for example in examples(RECORD, random.Random(0)):
        prompt = prompt_ids(tokenizer, example.prompt)
        completion = completion_ids(tokenizer, example.completion)
        assert (prompt[0], completion[-1]) == (tokenizer.token_to_id(BOS), tokenizer.token_to_id(EOS))
        assert tokenizer.decode(prompt + completion) == example.prompt + example.completion


def test_the_same_texts_give_the_same_tokenizer(tokenizer: Tokenizer) -> None:
    assert train_tokenizer(TEXTS, VOCABULARY).to_str() == tokenizer.to_str()
    assert tokenizer.get_vocab_size() <= VOCABULARY
    with pytest.raises(ValueError, match="too small"):
        train_tokenizer(TEXTS, 256)


def test_transformers_reads_it(tokenizer: Tokenizer, tmp_path: Path) -> None:
    save_tokenizer(tokenizer, tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    assert (theirs.bos_token, theirs.eos_token, theirs.pad_token) == (BOS, EOS, PAD)
    text = f"{RECORD.statement}\n{RECORD.proof} ,\n don't {TEXTS[0]}"
    assert theirs(text)["input_ids"] == prompt_ids(tokenizer, text)
    assert theirs.decode(theirs(text)["input_ids"], skip_special_tokens=True) == text
    assert len(theirs) == tokenizer.get_vocab_size()
    assert load_tokenizer(tmp_path).to_str() == tokenizer.to_str()


def test_what_is_no_tokenizer_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        load_tokenizer(tmp_path)
    path = tmp_path / "tokenizer.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="is no tokenizer"):
        load_tokenizer(tmp_path)
    path.write_text('{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}', encoding="utf-8")
    with pytest.raises(ValueError, match="not of this project"):
        load_tokenizer(tmp_path)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = tmp_path / "corpus.jsonl"
    assert main([str(corpus), "--out", str(tmp_path / "t")]) == 2
    write_corpus(corpus, [RECORD] * 3)
    assert main([str(corpus), "--out", str(tmp_path / "t"), "--vocabulary", "700"]) == 0
    assert "goal" in capsys.readouterr().out
    assert load_tokenizer(tmp_path / "t").get_vocab_size() <= 700
