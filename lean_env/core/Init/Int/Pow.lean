prelude
import Init.Int.OrderMul
import Init.Nat.Dvd
/-!
# Powers of integers

`Int.pow` takes a power of the absolute value and decides the sign by the parity of the exponent; here
is the recursion that one expects of a power, and the usual laws.
-/
set_option autoImplicit true

namespace Int

@[simp, norm_cast] theorem natCast_pow (m n : Nat) : (m ^ n : Nat) = (m : Int) ^ n := rfl
theorem negSucc_pow (m n : Nat) : (-[m+1] : Int) ^ n =
    if n % 2 = 0 then ofNat (m.succ ^ n) else negOfNat (m.succ ^ n) := rfl
@[simp] protected theorem pow_zero : ∀ m : Int, m ^ 0 = 1
  | ofNat _ => rfl
  | -[_+1] => rfl

/-- The parity of `n` changes with every step, which is all that `%` has to say here. -/
private theorem mod_two_step (n : Nat) :
    n % 2 = 0 ∧ (n + 1) % 2 ≠ 0 ∨ n % 2 ≠ 0 ∧ (n + 1) % 2 = 0 := by
  induction n with
  | zero => exact .inl ⟨rfl, nofun⟩
  | succ n ih => rw [Nat.add_assoc, Nat.add_mod_right]; exact ih.symm.imp And.symm And.symm
protected theorem pow_succ (m : Int) (n : Nat) : m ^ n.succ = m ^ n * m := by
  cases m with
  | ofNat m => rfl
  | negSucc m =>
    rw [negSucc_pow, negSucc_pow]
    cases mod_two_step n with
    | inl h => rw [if_pos h.1, if_neg h.2]; rfl
    | inr h => rw [if_neg h.1, if_pos h.2, negOfNat_eq, Int.neg_mul, ← Int.mul_neg]; rfl
protected theorem pow_succ' (b : Int) (e : Nat) : b ^ (e + 1) = b * b ^ e := by
  rw [Int.mul_comm, Int.pow_succ]
@[simp] protected theorem pow_one (a : Int) : a ^ 1 = a := by rw [Int.pow_succ, Int.pow_zero, Int.one_mul]
protected theorem pow_two (a : Int) : a ^ 2 = a * a := by rw [Int.pow_succ, Int.pow_one]
protected theorem pow_add (a : Int) (m n : Nat) : a ^ (m + n) = a ^ m * a ^ n := by
  induction n with
  | zero => rw [Nat.add_zero, Int.pow_zero, Int.mul_one]
  | succ n ih => rw [← Nat.add_assoc, Int.pow_succ, Int.pow_succ, ih, Int.mul_assoc]
protected theorem pow_mul {a : Int} {n m : Nat} : a ^ (n * m) = (a ^ n) ^ m := by
  induction m with
  | zero => rw [Nat.mul_zero, Int.pow_zero, Int.pow_zero]
  | succ m ih => rw [Int.pow_succ, Nat.mul_add_one, Int.pow_add, ih]
protected theorem mul_pow {a b : Int} {n : Nat} : (a * b) ^ n = a ^ n * b ^ n := by
  induction n with
  | zero => simp only [Int.pow_zero, Int.mul_one]
  | succ n ih =>
    rw [Int.pow_succ, Int.pow_succ, Int.pow_succ, ih, Int.mul_assoc, Int.mul_assoc,
      Int.mul_left_comm (b ^ n)]
protected theorem zero_pow : {n : Nat} → n ≠ 0 → (0 : Int) ^ n = 0
  | 0, h => (h rfl).elim
  | _ + 1, _ => by rw [Int.pow_succ, Int.mul_zero]
@[simp] protected theorem one_pow {n : Nat} : (1 : Int) ^ n = 1 := by
  induction n with
  | zero => rfl
  | succ n ih => rw [Int.pow_succ, ih, Int.mul_one]
protected theorem pow_pos {n : Int} {m : Nat} (h : 0 < n) : 0 < n ^ m := by
  induction m with
  | zero => rw [Int.pow_zero]; decide
  | succ m ih => rw [Int.pow_succ]; exact Int.mul_pos ih h
protected theorem pow_nonneg {n : Int} {m : Nat} (h : 0 ≤ n) : 0 ≤ n ^ m := by
  induction m with
  | zero => rw [Int.pow_zero]; decide
  | succ m ih => rw [Int.pow_succ]; exact Int.mul_nonneg ih h
protected theorem pow_ne_zero {n : Int} {m : Nat} (h : n ≠ 0) : n ^ m ≠ 0 := by
  induction m with
  | zero => rw [Int.pow_zero]; decide
  | succ m ih => rw [Int.pow_succ]; exact Int.mul_ne_zero ih h
protected theorem sq_nonneg (m : Int) : 0 ≤ m ^ 2 :=
  Int.pow_two m ▸ (Int.le_total 0 m).elim (fun h => Int.mul_nonneg h h)
    (fun h => Int.mul_nonneg_of_nonpos_of_nonpos h h)
protected theorem sq_nonnneg (m : Int) : 0 ≤ m ^ 2 := Int.sq_nonneg m

end Int
