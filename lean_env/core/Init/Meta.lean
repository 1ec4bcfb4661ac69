prelude
import Init.Coe
/-!
# Coercions that elaborated quotations rely on

A user's `notation` or `macro` is elaborated to code that mixes typed and untyped syntax.
-/
set_option autoImplicit true
namespace Lean

instance : CoeTail SyntaxNodeKind SyntaxNodeKinds where
  coe k := .cons k .nil
instance : CoeOut (TSyntax ks) Syntax where
  coe stx := stx.raw
instance : CoeOut (TSyntaxArray ks) (Array Syntax) where
  coe := TSyntaxArray.raw

abbrev Term := TSyntax `term
abbrev Command := TSyntax `command
abbrev Ident := TSyntax `ident

end Lean
