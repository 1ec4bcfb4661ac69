prelude
import Init.Nat.Dvd
import Init.WF
/-!
# `Nat`: bits and logarithm

The kernel computes `land`, `lor`, `xor`, the shifts and `log2` by name. They must therefore be
declared here, with Lean's meaning, or a file could declare them with another and derive a
contradiction. For the same reason the two names by which the kernel runs compiled code are taken.
-/
set_option autoImplicit true

namespace Nat

theorem bitwise_rec_lemma {n : Nat} (hNe : n ≠ 0) : n / 2 < n :=
  Nat.div_lt_self (Nat.zero_lt_of_ne_zero hNe) (Nat.lt_succ_self _)

def bitwise (f : Bool → Bool → Bool) (n m : Nat) : Nat :=
  if n = 0 then
    if f false true then m else 0
  else if m = 0 then
    if f true false then n else 0
  else
    let n' := n / 2
    let m' := m / 2
    let b₁ := n % 2 = 1
    let b₂ := m % 2 = 1
    let r := bitwise f n' m'
    if f b₁ b₂ then
      r + r + 1
    else
      r + r
termination_by n
decreasing_by apply bitwise_rec_lemma; assumption

@[extern "lean_nat_land"] def land : @& Nat → @& Nat → Nat := bitwise and
@[extern "lean_nat_lor"] def lor : @& Nat → @& Nat → Nat := bitwise or
@[extern "lean_nat_lxor"] def xor : @& Nat → @& Nat → Nat := bitwise bne
@[extern "lean_nat_shiftl"] def shiftLeft : @& Nat → @& Nat → Nat
  | n, 0 => n
  | n, succ m => shiftLeft (2 * n) m
@[extern "lean_nat_shiftr"] def shiftRight : @& Nat → @& Nat → Nat
  | n, 0 => n
  | n, succ m => shiftRight n m / 2

instance : AndOp Nat := ⟨Nat.land⟩
instance : OrOp Nat := ⟨Nat.lor⟩
instance : XorOp Nat := ⟨Nat.xor⟩
instance : ShiftLeft Nat := ⟨Nat.shiftLeft⟩
instance : ShiftRight Nat := ⟨Nat.shiftRight⟩

@[simp] theorem shiftLeft_zero (n : Nat) : n <<< 0 = n := rfl
theorem shiftLeft_succ (m n : Nat) : m <<< (n + 1) = (2 * m) <<< n := rfl
@[simp] theorem shiftRight_zero (n : Nat) : n >>> 0 = n := rfl
theorem shiftRight_succ (m n : Nat) : m >>> (n + 1) = (m >>> n) / 2 := rfl
theorem shiftLeft_eq (a b : Nat) : a <<< b = a * 2 ^ b := by
  induction b generalizing a with
  | zero => rw [shiftLeft_zero, Nat.pow_zero, Nat.mul_one]
  | succ b ih => rw [shiftLeft_succ, ih, Nat.pow_succ', Nat.mul_comm 2 a, Nat.mul_assoc]
theorem shiftRight_eq_div_pow (m n : Nat) : m >>> n = m / 2 ^ n := by
  induction n with
  | zero => rw [shiftRight_zero, Nat.pow_zero, Nat.div_one]
  | succ n ih => rw [shiftRight_succ, ih, Nat.div_div_eq_div_mul, Nat.pow_succ]

def testBit (m n : Nat) : Bool := 1 &&& (m >>> n) != 0

@[extern "lean_nat_log2"]
def log2 (n : @& Nat) : Nat :=
  n.rec (motive := fun _ => Nat → Nat) (fun _ => 0)
    (fun _ ih n => (Nat.ble 2 n).rec (motive := fun _ => Nat) 0 (Nat.succ (ih (n / 2)))) n

end Nat

/-! ## Names that the kernel would hand to compiled code -/
def Lean.reduceBool : Unit := ()
def Lean.reduceNat : Unit := ()
