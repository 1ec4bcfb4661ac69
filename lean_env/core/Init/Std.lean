prelude
import Init.Core
/-!
# Algebraic laws as classes

What `ac_rfl` and folds ask of an operation.
-/
universe u v
namespace Std
variable {α : Sort u} {β : Sort v}

class Associative (op : α → α → α) : Prop where
  assoc : (a b c : α) → op (op a b) c = op a (op b c)
class Commutative (op : α → α → α) : Prop where
  comm : (a b : α) → op a b = op b a
class IdempotentOp (op : α → α → α) : Prop where
  idempotent : (x : α) → op x x = x
class LeftIdentity (op : α → β → β) (o : outParam α) : Prop
class LawfulLeftIdentity (op : α → β → β) (o : outParam α) : Prop extends LeftIdentity op o where
  left_id : ∀ a, op o a = a
class RightIdentity (op : α → β → α) (o : outParam β) : Prop
class LawfulRightIdentity (op : α → β → α) (o : outParam β) : Prop extends RightIdentity op o where
  right_id : ∀ a, op a o = a
class Identity (op : α → α → α) (o : outParam α) : Prop extends LeftIdentity op o, RightIdentity op o
class LawfulIdentity (op : α → α → α) (o : outParam α) : Prop extends
    Identity op o, LawfulLeftIdentity op o, LawfulRightIdentity op o
class LawfulCommIdentity (op : α → α → α) (o : outParam α) [hc : Commutative op] : Prop extends
    LawfulIdentity op o where
  left_id a := Eq.trans (hc.comm o a) (right_id a)
  right_id a := Eq.trans (hc.comm a o) (left_id a)
class Refl (r : α → α → Prop) : Prop where
  refl : ∀ a, r a a
class Irrefl (r : α → α → Prop) : Prop where
  irrefl : ∀ a, ¬r a a
class Antisymm (r : α → α → Prop) : Prop where
  antisymm (a b : α) : r a b → r b a → a = b
class Asymm (r : α → α → Prop) : Prop where
  asymm : ∀ a b, r a b → ¬r b a
class Total (r : α → α → Prop) : Prop where
  total : ∀ a b, r a b ∨ r b a
class Symm (r : α → α → Prop) : Prop where
  symm : ∀ a b, r a b → r b a
end Std
