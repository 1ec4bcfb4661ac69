prelude
import Init.Meta
import Init.Int.Basic
/-!
# `Repr`

Enough for `deriving Repr` on a user's types. What would need a library of strings, such as brackets,
is opaque here: the functions are Lean's native ones, and a theorem can say no more of them than their types.
-/
set_option autoImplicit true
universe u v
namespace Std

inductive Format.FlattenBehavior where
  | allOrNone
  | fill

open Format

inductive Format where
  | nil : Format
  | line : Format
  | align (force : Bool) : Format
  | text : String → Format
  | nest (indent : Int) (f : Format) : Format
  | append : Format → Format → Format
  | group : Format → (behavior : FlattenBehavior := FlattenBehavior.allOrNone) → Format
  | tag : Nat → Format → Format

instance : Inhabited Format := ⟨.nil⟩

class ToFormat (α : Type u) where
  format : α → Format
export ToFormat (format)

instance : Append Format := ⟨Format.append⟩
instance : Coe String Format := ⟨Format.text⟩
instance : ToFormat Format := ⟨fun f => f⟩
instance : ToFormat String := ⟨fun s => .text s⟩

@[extern "l_Std_Format_bracket"]
opaque Format.bracket (l : String) (x : Format) (r : String) : Format
@[extern "l_Std_Format_paren"]
opaque Format.paren (x : Format) : Format

end Std

open Std (Format)

class Repr (α : Type u) where
  reprPrec : α → Nat → Format
export Repr (reprPrec)

abbrev repr [Repr α] : α → Format := fun a => reprPrec a 0
abbrev reprArg [Repr α] (x : α) : Format := reprPrec x 1024

@[extern "l_Repr_addAppParen"]
opaque Repr.addAppParen (f : Format) (prec : Nat) : Format

namespace Nat

def digitChar (n : Nat) : Char :=
  if n = 0 then '0' else
  if n = 1 then '1' else
  if n = 2 then '2' else
  if n = 3 then '3' else
  if n = 4 then '4' else
  if n = 5 then '5' else
  if n = 6 then '6' else
  if n = 7 then '7' else
  if n = 8 then '8' else
  if n = 9 then '9' else
  if n = 0xa then 'a' else
  if n = 0xb then 'b' else
  if n = 0xc then 'c' else
  if n = 0xd then 'd' else
  if n = 0xe then 'e' else
  if n = 0xf then 'f' else
  '*'

def toDigitsCore (base : Nat) : Nat → Nat → List Char → List Char
  | 0, _, ds => ds
  | fuel + 1, n, ds =>
    let d := digitChar <| n % base
    let n' := n / base
    if n' = 0 then d :: ds else toDigitsCore base fuel n' (d :: ds)

def toDigits (base : Nat) (n : Nat) : List Char := toDigitsCore base (n + 1) n []

protected def repr (n : Nat) : String := .ofList (toDigits 10 n)

end Nat

instance : Repr Bool where
  reprPrec
    | true, _ => "true"
    | false, _ => "false"
instance : Repr Nat where
  reprPrec n _ := Nat.repr n
instance : Repr PUnit where
  reprPrec _ _ := "PUnit.unit"
instance [Repr α] : Repr (Option α) where
  reprPrec
    | none, _ => "none"
    | some a, prec => Repr.addAppParen ("some " ++ reprArg a) prec
