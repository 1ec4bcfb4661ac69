prelude
import Init.Omega.Int
import Init.Fin
import Init.Nat.Bitwise
/-!
# Shifts and `Fin` for `omega`

Shifting a natural number is multiplying or dividing by a power of two; arithmetic in `Fin n` is
arithmetic modulo `n`. The tactic refers to the names in `Lean.Omega`.
-/
set_option autoImplicit true

namespace Lean.Omega

theorem Int.ofNat_shiftLeft_eq {x y : Nat} : ((x <<< y : Nat) : Int) = (x : Int) * (2 ^ y : Nat) :=
  congrArg Nat.cast (Nat.shiftLeft_eq x y)
theorem Int.ofNat_shiftRight_eq_div_pow {x y : Nat} :
    ((x >>> y : Nat) : Int) = (x : Int) / (2 ^ y : Nat) :=
  congrArg Nat.cast (Nat.shiftRight_eq_div_pow x y)

namespace Fin

theorem ofNat_val_add {x y : Fin n} : ((x + y : Fin n) : Int) = ((x : Int) + (y : Int)) % n := rfl
theorem ofNat_val_sub {x y : Fin n} :
    ((x - y : Fin n) : Int) = ((n - y : Nat) + (x : Int) : Int) % n := rfl
theorem ofNat_val_mul {x y : Fin n} : ((x * y : Fin n) : Int) = ((x : Int) * (y : Int)) % n := rfl
theorem ofNat_val_natCast {n x y : Nat} (h : y = x % (n + 1)) :
    @Nat.cast Int instNatCastInt (@Fin.val (n + 1) (OfNat.ofNat x)) = OfNat.ofNat y := by
  rw [h]; rfl

end Fin

end Lean.Omega
