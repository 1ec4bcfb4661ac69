prelude
import Init.Injective
/-!
# `sizeOf`

The default measure of structural size. Lean derives an instance for each inductive type declared
after this file; the older ones get theirs here.
-/
set_option autoImplicit true
universe u v

class SizeOf (α : Sort u) where
  sizeOf : α → Nat
export SizeOf (sizeOf)

protected def default.sizeOf (α : Sort u) : α → Nat
  | _ => 0
instance (priority := low) instSizeOfDefault (α : Sort u) : SizeOf α where
  sizeOf := default.sizeOf α
@[simp] theorem sizeOf_default (n : α) : sizeOf n = 0 := rfl
instance : SizeOf Nat where
  sizeOf n := n
@[simp] theorem sizeOf_nat (n : Nat) : sizeOf n = n := rfl
instance [SizeOf α] : SizeOf (Unit → α) where
  sizeOf f := sizeOf (f ())
@[simp] theorem sizeOf_thunk [SizeOf α] (f : Unit → α) : sizeOf f = sizeOf (f ()) := rfl

deriving instance SizeOf for PUnit, Bool, Char, Prod, PProd, MProd, PLift, ULift, Option, List, Array,
  Sum, PSum, Sigma, PSigma, Subtype, String, Except, Fin
