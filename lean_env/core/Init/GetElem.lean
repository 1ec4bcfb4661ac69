prelude
import Init.Core
/-!
# `xs[i]`, `xs[i]?` and `xs[i]!`

The classes behind indexing, and their instances for lists.
-/
set_option autoImplicit true
universe u v w

class GetElem (coll : Type u) (idx : Type v) (elem : outParam (Type w))
    (valid : outParam (coll → idx → Prop)) where
  getElem (xs : coll) (i : idx) (h : valid xs i) : elem
export GetElem (getElem)

class GetElem? (coll : Type u) (idx : Type v) (elem : outParam (Type w))
    (valid : outParam (coll → idx → Prop)) extends GetElem coll idx elem valid where
  getElem? : coll → idx → Option elem
  getElem! [Inhabited elem] (xs : coll) (i : idx) : elem :=
    match getElem? xs i with
    | some e => e
    | none => default
export GetElem? (getElem? getElem!)

instance : GetElem (List α) Nat α fun as i => i < as.length where
  getElem as i h := as.get ⟨i, h⟩

def List.get?Internal : (as : List α) → (i : Nat) → Option α
  | .cons a _, 0 => some a
  | .cons _ as, n + 1 => get?Internal as n
  | _, _ => none

def List.get!Internal [Inhabited α] : (as : List α) → (i : Nat) → α
  | .cons a _, 0 => a
  | .cons _ as, n + 1 => get!Internal as n
  | _, _ => panic "invalid index"

instance : GetElem? (List α) Nat α fun as i => i < as.length where
  getElem? as i := as.get?Internal i
  getElem! as i := as.get!Internal i
