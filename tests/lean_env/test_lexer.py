"""Tokens: the text and nothing but the text, and the places where a naive reader goes wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_env.lexer import BLANKS, Kind, code, tokenize

SYMBOLS = """-- /- -/ /-- /-! " ' \\ { } s!" r#" "# « » . ` a x' 0x 1.5e3 sorry theorem ℕ 𝔸 λ :="""
BLANK_LIKE = ["\n", "\r\n", "\t", " ", "\x0c", "\u200b", "\ud800"]
TRICKY = st.lists(st.sampled_from([*SYMBOLS.split(), *BLANK_LIKE])).map("".join)


@given(st.one_of(TRICKY, st.text()))
def test_tokens_and_blanks_are_the_text(text: str) -> None:
    end = 0
    for token in tokenize(text):
        assert not text[end : token.start].strip(BLANKS)
        assert token.text
        assert text[token.start : token.end] == token.text
        end = token.end
    assert not text[end:].strip(BLANKS)


@given(st.one_of(TRICKY, st.text()))
def test_only_the_last_token_can_be_unclosed(text: str) -> None:
    assert all(token.closed for token in tokenize(text)[:-1])


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind.value, token.text) for token in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/- a /- b -/ c -/ d", [("comment", "/- a /- b -/ c -/"), ("word", "d")]),
        ("/-/ a -/ b", [("comment", "/-/ a -/"), ("word", "b")]),
        ("/--/ a -/ b", [("doc", "/--/ a -/"), ("word", "b")]),
        ("/-! a -/ b", [("doc", "/-! a -/"), ("word", "b")]),
        ("a -- b /- c\nd", [("word", "a"), ("comment", "-- b /- c"), ("word", "d")]),
        ("a--b\nc", [("word", "a"), ("comment", "--b"), ("word", "c")]),
        ("<--a", [("symbol", "<-"), ("symbol", "-"), ("word", "a")]),
        ('"a\\"b" c', [("string", '"a\\"b"'), ("word", "c")]),
        ('"a\\\\" c', [("string", '"a\\\\"'), ("word", "c")]),
        ('"-- /-" c', [("string", '"-- /-"'), ("word", "c")]),
        ('"a\\\n   b" c', [("string", '"a\\\n   b"'), ("word", "c")]),
        ('r"\\" c', [("string", 'r"\\"'), ("word", "c")]),
        ('r#"a"b"# c', [("string", 'r#"a"b"#'), ("word", "c")]),
        ('r##"a"#"## c', [("string", 'r##"a"#"##'), ("word", "c")]),
        ('for"a"', [("word", "for"), ("string", '"a"')]),
        ("'\"' a", [("char", "'\"'"), ("word", "a")]),
        ("'\\'' a", [("char", "'\\''"), ("word", "a")]),
        ("x' y''", [("word", "x'"), ("word", "y''")]),
        ("f '' s", [("word", "f"), ("symbol", "'"), ("symbol", "'"), ("word", "s")]),
        ("«a b».c.«d»", [("word", "«a b».c.«d»")]),
        ("a.b .c", [("word", "a.b"), ("symbol", "."), ("word", "c")]),
        ("`a.b ``c", [("name", "`a.b"), ("name", "``c")]),
        ("1.5e-3 0xFF 1_000 2.", [("number", n) for n in ("1.5e-3", "0xFF", "1_000", "2.")]),
        ("h₁ αβ 𝒜 ℕ", [("word", w) for w in ("h₁", "αβ", "𝒜", "ℕ")]),
        ("λx", [("symbol", "λ"), ("word", "x")]),
        ("exact?", [("word", "exact?")]),
        ("a:=b=>c", [("word", "a"), ("symbol", ":="), ("word", "b"), ("symbol", "=>"), ("word", "c")]),
    ],
)
def test_cases(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


def test_holes_of_interpolated_strings_are_code() -> None:
    text = 's!"a {f "b" {c}} \\{ d" e'
    assert [token.text for token in tokenize(text)] == [
        "s!",
        '"a {',
        "f",
        '"b"',
        "{",
        "c",
        "}",
        '} \\{ d"',
        "e",
    ]
    assert [token.text for token in tokenize('"a {b} c" e')] == ['"a {b} c"', "e"]


@pytest.mark.parametrize(
    "text", ["/- a", "/-- a", "/- /- -/", '"a', '"a\\"', 'r#"a"', "«a", 's!"a {b', 's!"a {b} c', 's!"{ "']
)
def test_unclosed(text: str) -> None:
    assert not tokenize(f"x {text}")[-1].closed


def test_code_leaves_comments_out() -> None:
    tokens = code(tokenize("a -- b\n/- c -/ d /-- e -/ f"))
    assert [token.text for token in tokens] == ["a", "d", "f"]
    assert {token.kind for token in tokens} == {Kind.WORD}


def test_long_texts_take_linear_time() -> None:
    """A quadratic or exponential pattern would not come back from these."""
    for text in (
        "a" * 500_000,
        '"' + "\\a" * 250_000,
        "/-" * 250_000,
        "x." * 250_000,
        "'" * 500_000,
        "«" * 2_000,
    ):
        tokenize(text)
