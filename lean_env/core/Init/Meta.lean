prelude
import Init.Coe
import Init.Syntax.Unexpanders
import Init.Syntax.Parts
/-!
# Macros and unexpanders that are not native code

Coercions that elaborated quotations rely on: a user's `notation` or `macro` is elaborated to code that
mixes typed and untyped syntax. Then the `!` variants of `simp`, whose functions in Lean have names that
no source text can spell, and how `∉` and `∃ x ∈ xs, p` are shown.
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

/-- The values of the option `transparency` of `rw` and its like. -/
inductive Meta.TransparencyMode where
  | all | default | reducible | instances | none | implicit

/-! ## `simp!`, `simp_all!`, `dsimp!` -/
@[extern "l_Lean_Syntax_setKind"]
opaque Syntax.setKind (stx : Syntax) (kind : SyntaxNodeKind) : Syntax
@[extern "l_Lean_Syntax_setArg"]
opaque Syntax.setArg (stx : Syntax) (i : Nat) (arg : Syntax) : Syntax

namespace Parser.Tactic

@[extern "l_Lean_Parser_Tactic_appendConfig"]
opaque appendConfig (config more : Syntax) : TSyntax `Lean.Parser.Tactic.optConfig

/-- The tactic `stx`, such as `simp!`, as its `kind` and `word` without `!`, with `+autoUnfold`. -/
def withAutoUnfold (kind : SyntaxNodeKind) (word : String) (stx : Syntax) : MacroM Syntax :=
  bind `(Lean.Parser.Tactic.optConfig| +autoUnfold) fun more =>
    let config := appendConfig (stx.getArg 1) more
    pure (((stx.setKind kind).setArg 0 (mkAtomFrom (stx.getArg 0) word)).setArg 1 config)

@[macro simpAutoUnfold] def expandSimpAutoUnfold : Macro := withAutoUnfold ``simp "simp"
@[macro simpAllAutoUnfold] def expandSimpAllAutoUnfold : Macro := withAutoUnfold ``simpAll "simp_all"
@[macro dsimpAutoUnfold] def expandDSimpAutoUnfold : Macro := withAutoUnfold ``dsimp "dsimp"

end Parser.Tactic

/-! ## `∉` and binders with a predicate -/
namespace PrettyPrinter

@[app_unexpander Not] def unexpandNotMem : Unexpander
  | `($_ $p) => match p with
    | `($x ∈ $xs) => `($x ∉ $xs)
    | _ => throw ()
  | _ => throw ()

/-- `p` if the two variables are one. -/
def ifSame (x y : Ident) (p : UnexpandM Syntax) : UnexpandM Syntax :=
  match x.raw, y.raw with
  | .ident _ _ m _, .ident _ _ n _ => if m == n then p else throw ()
  | _, _ => throw ()

@[app_unexpander Exists] def unexpandExistsBounded : Unexpander
  | `($_ fun $x:ident => $y:ident ∈ $s ∧ $p) => ifSame x y `(∃ $x:ident ∈ $s, $p)
  | `($_ fun $x:ident => $y:ident ∉ $s ∧ $p) => ifSame x y `(∃ $x:ident ∉ $s, $p)
  | `($_ fun $x:ident => $y:ident < $b ∧ $p) => ifSame x y `(∃ $x:ident < $b, $p)
  | `($_ fun $x:ident => $y:ident ≤ $b ∧ $p) => ifSame x y `(∃ $x:ident ≤ $b, $p)
  | `($_ fun $x:ident => $y:ident > $b ∧ $p) => ifSame x y `(∃ $x:ident > $b, $p)
  | `($_ fun $x:ident => $y:ident ≥ $b ∧ $p) => ifSame x y `(∃ $x:ident ≥ $b, $p)
  | `($_ fun $x:ident => $y:ident ≠ $b ∧ $p) => ifSame x y `(∃ $x:ident ≠ $b, $p)
  | _ => throw ()

end PrettyPrinter
end Lean
