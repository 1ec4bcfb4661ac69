"""The document that Lean sees: its text, and the maps between its places and the proof's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lean_env.assemble import Part, assemble, batchable, is_tactic_statement, rename
from lean_env.values import Theorem

ID = Theorem(name="t", statement="theorem t (p : Prop) : p → p := by", header="open Nat\n")


def test_one_item_keeps_its_name_and_gets_a_sentinel() -> None:
    document = assemble([(ID, "intro h\nexact h")], "n0")
    assert document.text == (
        'open Nat\ntheorem t (p : Prop) : p → p := by\n  intro h\n  exact h\n#print "n0_0"\n'
    )
    assert document.items[0].name == "t"
    assert document.items[0].sentinel == "n0_0"


def test_no_nonce_no_sentinel() -> None:
    assert "#print" not in assemble([(ID, "  intro h")], "").text


def test_several_items_get_names_of_their_own() -> None:
    document = assemble([(ID, "simp"), (ID, "exact id")], "n0")
    assert [item.name for item in document.items] == ["t_n0_0", "t_n0_1"]
    assert "theorem t_n0_1 (p : Prop)" in document.text
    lines = document.text.split("\n")
    for item in document.items:
        assert lines[item.sentinel_line] == f'#print "{item.sentinel}"'
        assert lines[item.statement_line].startswith("theorem")


def test_header_and_footer_are_separated_by_line_ends() -> None:
    theorem = Theorem("A.t", "theorem t : True := by", header="namespace A", footer="end A\n")
    assert (
        assemble([(theorem, "trivial")], "").text == "namespace A\ntheorem t : True := by\n  trivial\nend A\n"
    )


def test_an_indented_statement_stays_indented() -> None:
    theorem = Theorem("A.t", "theorem t : True := by", header="namespace A\n  ")
    assert "\n  theorem t" in assemble([(theorem, "trivial")], "").text


def test_deep_indentation_is_kept_and_shallow_one_shifted_as_a_whole() -> None:
    deep = "      constructor\n      · simp"
    assert deep in assemble([(ID, deep)], "").text
    assert "\n  constructor\n    · simp\n" in assemble([(ID, "constructor\n  · simp")], "").text


def test_lines_inside_of_a_string_are_not_shifted() -> None:
    document = assemble([(ID, 'exact f "a\nb"\nsimp')], "")
    assert '\n  exact f "a\nb"\n  simp\n' in document.text


def test_crlf_becomes_lf_and_offsets_still_speak_of_the_given_text() -> None:
    proof = "intro h\r\nexact h"
    document = assemble([(ID, proof)], "n")
    assert "\r" not in document.text
    line, column = document.position(0, proof.index("exact"))
    assert document.text.split("\n")[line][column:] == "exact h"
    assert document.locate(line, column).offset == proof.index("exact")


def test_a_term_is_kept_to_the_letter() -> None:
    theorem = Theorem("t", "theorem t : 1 = 1 :=")
    document = assemble([(theorem, " rfl -- so\n")], "n")
    assert document.text.startswith("theorem t : 1 = 1 := rfl -- so\n")
    place = document.locate(0, 21)
    assert (place.part, place.offset) == (Part.PROOF, 1)
    assert document.locate(0, 5).part is Part.STATEMENT


def test_parts() -> None:
    document = assemble([(ID, "intro h\nexact h"), (ID, "simp")], "n")
    parts = [document.locate(line, 0).part for line in range(8)]
    item = [Part.STATEMENT, Part.PROOF]
    assert parts == [Part.HEADER, *item, Part.PROOF, Part.SENTINEL, *item, Part.SENTINEL]
    assert [document.locate(line, 0).item for line in (0, 1, 4, 5)] == [-1, 0, 0, 1]
    assert document.locate(99, 0).part is Part.FOOTER


PROOF = st.text(alphabet=st.sampled_from('ab "-/\n\r𝔸ℕ·'), max_size=60)


@given(st.lists(PROOF, min_size=1, max_size=4))
def test_every_offset_has_a_place_and_every_place_its_offset(proofs: list[str]) -> None:
    document = assemble([(ID, proof) for proof in proofs], "n")
    for index, proof in enumerate(proofs):
        for offset, character in enumerate(proof):
            line, column = document.position(index, offset)
            place = document.locate(line, column)
            assert (place.part, place.item) == (Part.PROOF, index)
            if character not in "\r\n":
                assert place.offset == offset
                text = document.text.split("\n")[line]
                assert text.encode("utf-16-le")[2 * column :].decode("utf-16-le")[0] == character
                plain = next(
                    c for c in range(len(text)) if document.locate_message(line + 1, c).offset == offset
                )
                assert plain <= column


def test_a_longer_proof_is_shifted_like_its_beginning() -> None:
    short = assemble([(ID, "intro h\n")], "n").text.split("#print")[0]
    assert assemble([(ID, "intro h\n  exact h\nsimp")], "n").text.startswith(short.rstrip("\n"))


def test_batchable() -> None:
    assert batchable(ID, "intro h; exact h")
    assert not batchable(ID, "exact t p"), "speaks of itself"
    assert not batchable(Theorem("at", "theorem at : p := by"), "simp"), "Lean reads no name there"
    assert not batchable(ID, "exact foo.t"), "may speak of itself"
    assert batchable(ID, "-- t is easy\nintro h; exact h")
    assert not batchable(Theorem("t", "@[simp] theorem t : p := by"), "simp"), "leaves an attribute behind"
    assert not batchable(Theorem("t", "private theorem t : p := by"), "simp")
    assert not batchable(Theorem("t", "theorem t : p :="), "rfl")


def test_rename() -> None:
    assert rename("@[simp] theorem Nat.foo.{u} : p := by", "_x") == "@[simp] theorem Nat.foo_x.{u} : p := by"
    assert rename("theorem «a b» : p := by", "_x") == "theorem «a b_x» : p := by"
    assert rename("/-- theorem y -/ theorem z : p := by", "_x") == "/-- theorem y -/ theorem z_x : p := by"


def test_is_tactic_statement() -> None:
    assert is_tactic_statement("theorem t : p := by -- start")
    assert not is_tactic_statement("theorem t : p := -- by")
    assert not is_tactic_statement("theorem t : p :=")
