prelude
import Init.Int.Abs
import Init.Nat.Dvd
/-!
# Division and remainder in `Int`

`/` and `%` round so that the remainder is never negative (`ediv`, `emod`); `tdiv` rounds towards zero,
`fdiv` downwards, and `bmod` takes the remainder closest to zero. Everything about `/` and `%` follows
from `emod_add_ediv` and the bounds on the remainder, by uniqueness.
-/
set_option autoImplicit true

namespace Int

/-! ## Definitions -/
@[extern "lean_int_ediv"]
def ediv : (@& Int) → (@& Int) → Int
  | ofNat m, ofNat n => ofNat (m / n)
  | ofNat m, -[n+1] => -ofNat (m / Nat.succ n)
  | -[_+1], 0 => 0
  | -[m+1], ofNat (Nat.succ n) => -[m / Nat.succ n +1]
  | -[m+1], -[n+1] => ofNat (Nat.succ (m / Nat.succ n))

@[extern "lean_int_emod"]
def emod : (@& Int) → (@& Int) → Int
  | ofNat m, n => ofNat (m % natAbs n)
  | -[m+1], n => subNatNat (natAbs n) (Nat.succ (m % natAbs n))

instance : Div Int where
  div := Int.ediv
instance : Mod Int where
  mod := Int.emod

@[extern "lean_int_div"]
def tdiv : (@& Int) → (@& Int) → Int
  | ofNat m, ofNat n => ofNat (m / n)
  | ofNat m, -[n+1] => -ofNat (m / Nat.succ n)
  | -[m+1], ofNat n => -ofNat (Nat.succ m / n)
  | -[m+1], -[n+1] => ofNat (Nat.succ m / Nat.succ n)

@[extern "lean_int_mod"]
def tmod : (@& Int) → (@& Int) → Int
  | ofNat m, ofNat n => ofNat (m % n)
  | ofNat m, -[n+1] => ofNat (m % Nat.succ n)
  | -[m+1], ofNat n => -ofNat (Nat.succ m % n)
  | -[m+1], -[n+1] => -ofNat (Nat.succ m % Nat.succ n)

def fdiv : Int → Int → Int
  | 0, _ => 0
  | ofNat m, ofNat n => ofNat (m / n)
  | ofNat (Nat.succ m), -[n+1] => -[m / Nat.succ n +1]
  | -[_+1], 0 => 0
  | -[m+1], ofNat (Nat.succ n) => -[m / Nat.succ n +1]
  | -[m+1], -[n+1] => ofNat (Nat.succ m / Nat.succ n)

def fmod : Int → Int → Int
  | 0, _ => 0
  | ofNat m, ofNat n => ofNat (m % n)
  | ofNat (Nat.succ m), -[n+1] => subNatNat (m % Nat.succ n) n
  | -[m+1], ofNat n => subNatNat n (Nat.succ (m % n))
  | -[m+1], -[n+1] => -ofNat (Nat.succ m % Nat.succ n)

def bmod (x : Int) (m : Nat) : Int :=
  let r := x % m
  if r < (m + 1) / 2 then r else r - m

def bdiv (x : Int) (m : Nat) : Int :=
  if m = 0 then 0
  else
    let q := x / m
    let r := x % m
    if r < (m + 1) / 2 then q else q + 1

@[simp, norm_cast] theorem natCast_ediv (m n : Nat) : (↑(m / n) : Int) = ↑m / ↑n := rfl
@[simp, norm_cast] theorem natCast_emod (m n : Nat) : (↑(m % n) : Int) = ↑m % ↑n := rfl
theorem ofNat_ediv (m n : Nat) : (↑(m / n) : Int) = ↑m / ↑n := rfl
theorem ofNat_emod (m n : Nat) : (↑(m % n) : Int) = ↑m % ↑n := rfl
theorem ofNat_tdiv (m n : Nat) : ↑(m / n) = tdiv ↑m ↑n := rfl
protected theorem div_def (a b : Int) : a / b = Int.ediv a b := rfl
theorem bmod_def (x : Int) (m : Nat) :
    bmod x m = if x % m < (m + 1) / 2 then x % m else x % m - m := rfl

/-! ## Zero -/
@[simp] theorem zero_ediv : ∀ b : Int, 0 / b = 0
  | ofNat n => congrArg ofNat (Nat.zero_div n)
  | -[n+1] => congrArg (-ofNat ·) (Nat.zero_div (n + 1))
@[simp] protected theorem ediv_zero : ∀ a : Int, a / 0 = 0
  | ofNat n => congrArg ofNat (Nat.div_zero n)
  | -[_+1] => rfl
@[simp] theorem zero_emod (b : Int) : 0 % b = 0 := congrArg ofNat (Nat.zero_mod _)
@[simp] theorem emod_zero : ∀ a : Int, a % 0 = a
  | ofNat n => congrArg ofNat (Nat.mod_zero n)
  | -[n+1] => congrArg negSucc (Nat.mod_zero n)

/-! ## The division algorithm -/
@[simp] protected theorem ediv_neg : ∀ a b : Int, a / (-b) = -(a / b)
  | ofNat m, ofNat 0 => by
    show ofNat m / 0 = -(ofNat m / 0)
    rw [Int.ediv_zero, Int.neg_zero]
  | ofNat _, ofNat (_ + 1) => rfl
  | ofNat _, -[_+1] => (Int.neg_neg _).symm
  | -[_+1], ofNat 0 => rfl
  | -[_+1], ofNat (_ + 1) => rfl
  | -[_+1], -[_+1] => rfl
@[simp] theorem emod_neg : ∀ a b : Int, a % -b = a % b
  | ofNat _, b => congrArg (fun n => ofNat (_ % n)) (natAbs_neg b)
  | -[m+1], b => congrArg (fun n => subNatNat n (Nat.succ (m % n))) (natAbs_neg b)

private theorem emod_add_ediv_aux (n r q : Int) : n - (r + 1) + n * -(q + 1) = -(r + n * q + 1) := by
  rw [Int.mul_neg, Int.mul_add, Int.mul_one, Int.neg_add (a := n * q), Int.sub_eq_add_neg,
    Int.add_comm (-(n * q)), ← Int.add_assoc, Int.add_right_comm n, Int.add_right_neg, Int.zero_add,
    ← Int.neg_add, Int.add_right_comm]
private theorem emod_add_ediv_nat : ∀ (a : Int) (n : Nat), a % n + n * (a / n) = a
  | ofNat m, n => congrArg ofNat (Nat.mod_add_div m n)
  | -[m+1], 0 => by rw [natCast_zero, emod_zero, Int.zero_mul, Int.add_zero]
  | -[m+1], n + 1 => by
    show subNatNat (n + 1) (Nat.succ (m % (n + 1))) + (n + 1 : Nat) * -[m / (n + 1) +1] = -[m+1]
    rw [Int.subNatNat_eq_coe]
    refine (emod_add_ediv_aux _ (m % (n + 1) : Nat) (m / (n + 1) : Nat)).trans ?_
    exact congrArg (fun k : Nat => -((k : Int) + 1)) (Nat.mod_add_div m (n + 1))
theorem emod_add_ediv (a b : Int) : a % b + b * (a / b) = a := by
  cases natAbs_eq b with
  | inl h => rw [h]; exact emod_add_ediv_nat a _
  | inr h => rw [h, emod_neg, Int.ediv_neg, Int.neg_mul_neg]; exact emod_add_ediv_nat a _
theorem emod_add_mul_ediv (a b : Int) : a % b + b * (a / b) = a := emod_add_ediv a b
theorem emod_add_ediv' (a b : Int) : a % b + a / b * b = a := by rw [Int.mul_comm, emod_add_ediv]
theorem ediv_add_emod (a b : Int) : b * (a / b) + a % b = a := by rw [Int.add_comm, emod_add_ediv]
theorem mul_ediv_add_emod (a b : Int) : b * (a / b) + a % b = a := ediv_add_emod a b
theorem ediv_add_emod' (a b : Int) : a / b * b + a % b = a := by rw [Int.mul_comm, ediv_add_emod]
theorem emod_def (a b : Int) : a % b = a - b * (a / b) :=
  Int.eq_sub_of_add_eq (emod_add_ediv a b)
theorem mul_ediv_self (a b : Int) : b * (a / b) = a - a % b := by
  rw [emod_def, Int.sub_sub_self]

theorem emod_nonneg : ∀ (a : Int) {b : Int}, b ≠ 0 → 0 ≤ a % b
  | ofNat _, _, _ => natCast_nonneg _
  | -[m+1], b, h => by
    show 0 ≤ subNatNat _ _
    rw [Int.subNatNat_eq_coe, Int.sub_nonneg, ofNat_le]
    exact Nat.mod_lt _ (natAbs_pos.2 h)
theorem emod_lt_of_pos (a : Int) {b : Int} (h : 0 < b) : a % b < b := by
  obtain ⟨n, rfl⟩ := eq_ofNat_of_zero_le (Int.le_of_lt h)
  cases a with
  | ofNat m => exact ofNat_lt.2 (Nat.mod_lt m (ofNat_lt.1 h))
  | negSucc m =>
    show subNatNat n _ < n
    rw [Int.subNatNat_eq_coe]; exact Int.sub_lt_self _ (natCast_succ_pos _)
theorem emod_natAbs (a b : Int) : a % natAbs b = a % b := by
  cases natAbs_eq b with
  | inl h => exact congrArg (a % ·) h.symm
  | inr h => exact (emod_neg a _).symm.trans (congrArg (a % ·) h.symm)
theorem emod_lt (a : Int) {b : Int} (h : b ≠ 0) : a % b < natAbs b :=
  emod_natAbs a b ▸ emod_lt_of_pos a (ofNat_lt.2 (natAbs_pos.2 h))

/-- Quotient and remainder are determined by the equation and the bounds. -/
private theorem ediv_unique {a b q r : Int} (h : r + b * q = a) (h₀ : 0 ≤ r) (h₁ : r < b) :
    a / b = q := by
  have hb : 0 < b := Int.lt_of_le_of_lt h₀ h₁
  have e : b * (a / b) - b * q = r - a % b := by
    rw [mul_ediv_self, ← h, Int.add_comm, Int.sub_sub, Int.add_comm (_ % _), ← Int.sub_sub,
      Int.add_sub_cancel_left]
  rw [← Int.mul_sub] at e
  have lt {x y : Int} (hx : 0 ≤ x) (hy : y < b) : y - x < b :=
    Int.lt_of_le_of_lt (Int.sub_le_self y hx) hy
  have up : b * (a / b - q) < b * 1 := by
    rw [e, Int.mul_one]; exact lt (emod_nonneg a (Int.ne_of_gt hb)) h₁
  have lo : b * (-1) < b * (a / b - q) := by
    rw [e, Int.mul_neg_one, ← Int.neg_sub (a % b)]
    exact Int.neg_lt_neg (lt h₀ (emod_lt_of_pos a hb))
  have up : a / b - q < 0 + 1 := Int.lt_of_mul_lt_mul_left up (Int.le_of_lt hb)
  have lo : 0 ≤ a / b - q := Int.lt_of_mul_lt_mul_left lo (Int.le_of_lt hb)
  have up := lt_add_one_iff.1 up
  exact Int.sub_eq_zero.1 (Int.le_antisymm up lo)

/-! ## Adding multiples -/
private theorem add_mul_ediv_pos (a b : Int) {c : Int} (h : 0 < c) : (a + b * c) / c = a / c + b :=
  ediv_unique (r := a % c) (by rw [Int.mul_add, ← Int.add_assoc, emod_add_ediv, Int.mul_comm])
    (emod_nonneg a (Int.ne_of_gt h)) (emod_lt_of_pos a h)
theorem add_mul_ediv_right (a b : Int) {c : Int} (h : c ≠ 0) : (a + b * c) / c = a / c + b :=
  (Int.lt_or_gt_of_ne h).symm.elim (add_mul_ediv_pos a b) fun h => by
    have := add_mul_ediv_pos a (-b) (Int.neg_pos_of_neg h)
    rwa [Int.neg_mul_neg, Int.ediv_neg, Int.ediv_neg, ← Int.neg_add, Int.neg_inj] at this
theorem add_mul_ediv_left (a : Int) {b : Int} (c : Int) (h : b ≠ 0) : (a + b * c) / b = a / b + c := by
  rw [Int.mul_comm, add_mul_ediv_right _ _ h]
@[simp] theorem mul_ediv_cancel (a : Int) {b : Int} (h : b ≠ 0) : a * b / b = a := by
  have := add_mul_ediv_right 0 a h; rwa [Int.zero_add, zero_ediv, Int.zero_add] at this
@[simp] theorem mul_ediv_cancel_left (b : Int) (h : a ≠ 0) : a * b / a = b := by
  rw [Int.mul_comm, mul_ediv_cancel _ h]
@[simp] protected theorem ediv_self {a : Int} (h : a ≠ 0) : a / a = 1 := by
  have := mul_ediv_cancel 1 h; rwa [Int.one_mul] at this
@[simp] protected theorem ediv_one (a : Int) : a / 1 = a := by
  have := mul_ediv_cancel a (b := 1) nofun; rwa [Int.mul_one] at this
@[simp] theorem add_mul_emod_self_right (a b c : Int) : (a + b * c) % c = a % c := by
  by_cases h : c = 0
  · rw [h, Int.mul_zero, Int.add_zero]
  · rw [emod_def, emod_def, add_mul_ediv_right _ _ h, Int.mul_add, Int.mul_comm c b,
      Int.add_sub_add_right]
@[simp] theorem add_mul_emod_self_left (a b c : Int) : (a + b * c) % b = a % b := by
  rw [Int.mul_comm, add_mul_emod_self_right]
@[simp] theorem mul_add_emod_self_right (a b c : Int) : (a * b + c) % b = c % b := by
  rw [Int.add_comm, add_mul_emod_self_right]
@[simp] theorem mul_add_emod_self_left (a b c : Int) : (a * b + c) % a = c % a := by
  rw [Int.add_comm, add_mul_emod_self_left]
@[simp] theorem add_emod_right (a b : Int) : (a + b) % b = a % b := by
  have := add_mul_emod_self_right a 1 b; rwa [Int.one_mul] at this
@[simp] theorem add_emod_left (a b : Int) : (a + b) % a = b % a := by rw [Int.add_comm, add_emod_right]
@[simp] theorem mul_emod_left (a b : Int) : a * b % b = 0 := by
  rw [← Int.zero_add (a * b), add_mul_emod_self_right, zero_emod]
@[simp] theorem mul_emod_right (a b : Int) : a * b % a = 0 := by rw [Int.mul_comm, mul_emod_left]
@[simp] theorem emod_self {a : Int} : a % a = 0 := by
  have := mul_emod_left 1 a; rwa [Int.one_mul] at this
@[simp] theorem emod_one (a : Int) : a % 1 = 0 := by
  have := mul_emod_left a 1; rwa [Int.mul_one] at this

/-! ## Arithmetic of remainders -/
@[simp] theorem emod_emod_of_dvd (n : Int) {m k : Int} (h : m ∣ k) : n % k % m = n % m := by
  obtain ⟨t, rfl⟩ := h
  have := add_mul_emod_self_left (n % (m * t)) m (t * (n / (m * t)))
  rwa [← Int.mul_assoc, emod_add_ediv, eq_comm] at this
@[simp] theorem emod_emod (a b : Int) : a % b % b = a % b :=
  emod_emod_of_dvd a ⟨1, (Int.mul_one b).symm⟩
@[simp] theorem emod_add_emod (m n k : Int) : (m % n + k) % n = (m + k) % n := by
  have := add_mul_emod_self_left (m % n + k) n (m / n)
  rwa [Int.add_right_comm, emod_add_ediv, eq_comm] at this
@[simp] theorem add_emod_emod (m n k : Int) : (m + n % k) % k = (m + n) % k := by
  rw [Int.add_comm, emod_add_emod, Int.add_comm]
theorem add_emod (a b n : Int) : (a + b) % n = (a % n + b % n) % n := by
  rw [add_emod_emod, emod_add_emod]
theorem emod_add_cancel_right {m n k : Int} (i : Int) :
    (m + i) % n = (k + i) % n ↔ m % n = k % n := by
  refine ⟨fun h => ?_, fun h => by rw [← emod_add_emod, h, emod_add_emod]⟩
  rw [← Int.add_neg_cancel_right m i, ← emod_add_emod, h, emod_add_emod, Int.add_neg_cancel_right]
theorem add_emod_eq_add_emod_right {m n k : Int} (i : Int) (h : m % n = k % n) :
    (m + i) % n = (k + i) % n := (emod_add_cancel_right i).2 h
theorem mul_emod (a b n : Int) : a * b % n = a % n * (b % n) % n := by
  have e : a * b = a % n * (b % n) + n * (a / n * b + a % n * (b / n)) := by
    rw [Int.mul_add, ← Int.mul_assoc, Int.mul_left_comm n, ← Int.add_assoc, Int.add_right_comm,
      ← Int.mul_add, emod_add_ediv, ← Int.add_mul, emod_add_ediv]
  rw [e, add_mul_emod_self_left]
theorem sub_emod (a b n : Int) : (a - b) % n = (a % n - b % n) % n := by
  refine (emod_add_cancel_right (b % n)).1 ?_
  rw [Int.sub_add_cancel, add_emod_emod, Int.sub_add_cancel, emod_emod]
@[simp] theorem sub_emod_emod (m n k : Int) : (m - n % k) % k = (m - n) % k := by
  rw [sub_emod, emod_emod, ← sub_emod]
@[simp] theorem emod_sub_emod (m n k : Int) : (m % n - k) % n = (m - k) % n := by
  rw [sub_emod, emod_emod, ← sub_emod]
theorem emod_eq_of_lt {a b : Int} (h₁ : 0 ≤ a) (h₂ : a < b) : a % b = a := by
  rw [emod_def, ediv_unique (r := a) (q := 0) (by rw [Int.mul_zero, Int.add_zero]) h₁ h₂,
    Int.mul_zero, Int.sub_zero]
theorem ediv_eq_zero_of_lt {a b : Int} (h₁ : 0 ≤ a) (h₂ : a < b) : a / b = 0 :=
  ediv_unique (r := a) (by rw [Int.mul_zero, Int.add_zero]) h₁ h₂
theorem emod_two_eq (x : Int) : x % 2 = 0 ∨ x % 2 = 1 := by
  have h₀ := emod_nonneg x (b := 2) nofun
  have h₁ := le_sub_one_of_lt (emod_lt_of_pos x (b := 2) (by decide))
  exact (Int.le_iff_eq_or_lt.1 h₀).imp Eq.symm fun h => Int.le_antisymm h₁ (add_one_le_of_lt h)
@[simp] theorem bmod_emod {x : Int} {m : Nat} : bmod x m % m = x % m := by
  rw [bmod_def]; split
  · rw [emod_emod]
  · have := add_mul_emod_self_left (x % m) m (-1)
    rwa [Int.mul_neg_one, emod_emod] at this

end Int
