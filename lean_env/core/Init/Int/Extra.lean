prelude
import Init.Int.Pow
import Init.Omega.Tidy
import Init.Omega.Logic
/-!
# `Int`: what `omega` proves

Lemmas of linear arithmetic with Lean's names, and those about absolute value, sign and remainder that
come down to a few of them.
-/
set_option autoImplicit true

namespace Int

/-! ## Casts and truncation -/
@[simp] theorem natCast_le_zero {n : Nat} : (n : Int) ≤ 0 ↔ n = 0 := by omega
@[simp] theorem neg_natCast_le_natCast (n m : Nat) : -(n : Int) ≤ (m : Int) := by omega
@[simp] theorem toNat_sub' (a : Int) (b : Nat) : (a - b).toNat = a.toNat - b := by omega
theorem toNat_sub (m n : Nat) : toNat (m - n) = m - n := by omega
@[simp] theorem toNat_eq_zero {n : Int} : n.toNat = 0 ↔ n ≤ 0 := by omega
@[simp] theorem toNat_lt' {m : Int} {n : Nat} (hn : 0 < n) : m.toNat < n ↔ m < n := by omega
@[simp] theorem toNat_natCast_add_one {n : Nat} : ((n : Int) + 1).toNat = n + 1 := rfl
@[simp] theorem pred_toNat (i : Int) : (i - 1).toNat = i.toNat - 1 := by omega
theorem toNat_add_nat {a : Int} (ha : 0 ≤ a) (n : Nat) : (a + n).toNat = a.toNat + n := by omega
theorem lt_toNat {n : Nat} {a : Int} : n < toNat a ↔ (n : Int) < a := by omega
theorem mem_toNat? : ∀ {a : Int} {n : Nat}, toNat? a = some n ↔ a = n
  | ofNat m, n => by simp [toNat?]
  | -[m+1], n => ⟨nofun, nofun⟩
@[simp] theorem ofNat_max_zero (n : Nat) : max (n : Int) 0 = n := by omega
@[simp] theorem zero_max_ofNat (n : Nat) : max 0 (n : Int) = n := by omega
@[simp] theorem negSucc_max_zero (n : Nat) : max -[n+1] 0 = 0 := Int.max_eq_right (negSucc_le_zero n)
@[simp] theorem zero_max_negSucc (n : Nat) : max 0 -[n+1] = 0 := Int.max_eq_left (negSucc_le_zero n)

/-! ## Minimum and maximum -/
protected theorem min_assoc (a b c : Int) : min (min a b) c = min a (min b c) := by omega
protected theorem max_assoc (a b c : Int) : max (max a b) c = max a (max b c) := by omega
instance : Std.Associative (α := Int) min := ⟨Int.min_assoc⟩
instance : Std.Associative (α := Int) max := ⟨Int.max_assoc⟩
@[simp] protected theorem min_add_right (a b c : Int) : min (a + c) (b + c) = min a b + c := by omega
@[simp] protected theorem min_add_left (a b c : Int) : min (a + b) (a + c) = a + min b c := by omega
@[simp] protected theorem max_add_right (a b c : Int) : max (a + c) (b + c) = max a b + c := by omega
@[simp] protected theorem max_add_left (a b c : Int) : max (a + b) (a + c) = a + max b c := by omega
@[simp] protected theorem neg_min_neg (a b : Int) : min (-a) (-b) = -max a b := by omega
@[simp] protected theorem neg_max_neg (a b : Int) : max (-a) (-b) = -min a b := by omega
protected theorem sub_min_sub_right (a b c : Int) : min (a - c) (b - c) = min a b - c :=
  Int.min_add_right a b (-c)
protected theorem sub_max_sub_right (a b c : Int) : max (a - c) (b - c) = max a b - c :=
  Int.max_add_right a b (-c)
protected theorem sub_min_sub_left (a b c : Int) : min (a - b) (a - c) = a - max b c :=
  (Int.min_add_left a (-b) (-c)).trans (congrArg (a + ·) (Int.neg_min_neg b c))
protected theorem sub_max_sub_left (a b c : Int) : max (a - b) (a - c) = a - min b c :=
  (Int.max_add_left a (-b) (-c)).trans (congrArg (a + ·) (Int.neg_max_neg b c))

/-! ## Absolute value -/
theorem natAbs_add_le (a b : Int) : natAbs (a + b) ≤ natAbs a + natAbs b := by omega
theorem natAbs_sub_le (a b : Int) : natAbs (a - b) ≤ natAbs a + natAbs b := by omega
theorem natAbs_add_of_nonneg {a b : Int} (ha : 0 ≤ a) (hb : 0 ≤ b) :
    natAbs (a + b) = natAbs a + natAbs b := by omega
theorem natAbs_add_of_nonpos {a b : Int} (ha : a ≤ 0) (hb : b ≤ 0) :
    natAbs (a + b) = natAbs a + natAbs b := by omega
theorem natAbs_sub_of_nonneg_of_le {a b : Int} (h₁ : 0 ≤ b) (h₂ : b ≤ a) :
    (a - b).natAbs = a.natAbs - b.natAbs := by omega
theorem natAbs_lt_natAbs_of_nonneg_of_lt {a b : Int} (w₁ : 0 ≤ a) (w₂ : a < b) :
    a.natAbs < b.natAbs := by omega
theorem natAbs_eq_iff {a : Int} {n : Nat} : a.natAbs = n ↔ a = n ∨ a = -↑n := by omega
protected theorem eq_nat_or_neg (a : Int) : ∃ n : Nat, a = n ∨ a = -↑n := ⟨_, natAbs_eq a⟩
theorem natAbs_mul_natAbs_eq {a b : Int} {c : Nat} (h : a * b = (c : Int)) :
    a.natAbs * b.natAbs = c := by rw [← natAbs_mul, h, natAbs_natCast]
@[simp] theorem natAbs_pow (n : Int) (k : Nat) : (n ^ k).natAbs = n.natAbs ^ k := by
  induction k with
  | zero => rw [Int.pow_zero]; rfl
  | succ k ih => rw [Int.pow_succ, natAbs_mul, ih, Nat.pow_succ]
theorem eq_zero_of_dvd_of_natAbs_lt_natAbs {d n : Int} (h : d ∣ n) (h₁ : n.natAbs < d.natAbs) :
    n = 0 := by
  refine Decidable.byContradiction fun hn => ?_
  have := Nat.le_of_dvd (natAbs_pos.2 hn) (natAbs_dvd_natAbs.2 h)
  omega

/-! ## Sign -/
theorem sign_trichotomy (a : Int) : sign a = 1 ∨ sign a = 0 ∨ sign a = -1 :=
  match a with
  | ofNat 0 => .inr (.inl rfl)
  | ofNat (_ + 1) => .inl rfl
  | -[_+1] => .inr (.inr rfl)
theorem eq_zero_of_sign_eq_zero {a : Int} : sign a = 0 → a = 0 := sign_eq_zero.1
theorem pos_of_sign_eq_one : ∀ {a : Int}, sign a = 1 → 0 < a
  | ofNat 0, h => nomatch h
  | ofNat (_ + 1), _ => natCast_succ_pos _
  | -[_+1], h => nomatch h
theorem neg_of_sign_eq_neg_one : ∀ {a : Int}, sign a = -1 → a < 0
  | ofNat 0, h => nomatch h
  | ofNat (_ + 1), h => nomatch h
  | -[_+1], _ => negSucc_lt_zero _
@[simp] theorem sign_eq_one_iff_pos {a : Int} : sign a = 1 ↔ 0 < a :=
  ⟨pos_of_sign_eq_one, sign_eq_one_of_pos⟩
@[simp] theorem sign_eq_neg_one_iff_neg {a : Int} : sign a = -1 ↔ a < 0 :=
  ⟨neg_of_sign_eq_neg_one, sign_eq_neg_one_of_neg⟩
@[simp] theorem sign_mul (a b : Int) : sign (a * b) = sign a * sign b := by
  rcases Int.lt_trichotomy a 0 with ha | rfl | ha
  · rcases Int.lt_trichotomy b 0 with hb | rfl | hb
    · rw [sign_eq_neg_one_of_neg ha, sign_eq_neg_one_of_neg hb,
        sign_eq_one_of_pos (Int.mul_pos_of_neg_of_neg ha hb)]; rfl
    · rw [Int.mul_zero, sign_zero, Int.mul_zero]
    · rw [sign_eq_neg_one_of_neg ha, sign_eq_one_of_pos hb,
        sign_eq_neg_one_of_neg (Int.mul_neg_of_neg_of_pos ha hb)]; rfl
  · rw [Int.zero_mul, sign_zero, Int.zero_mul]
  · rcases Int.lt_trichotomy b 0 with hb | rfl | hb
    · rw [sign_eq_one_of_pos ha, sign_eq_neg_one_of_neg hb,
        sign_eq_neg_one_of_neg (Int.mul_neg_of_pos_of_neg ha hb)]; rfl
    · rw [Int.mul_zero, sign_zero, Int.mul_zero]
    · rw [sign_eq_one_of_pos ha, sign_eq_one_of_pos hb, sign_eq_one_of_pos (Int.mul_pos ha hb)]; rfl
@[simp] theorem mul_sign_self (i : Int) : i * sign i = natAbs i := by
  rcases Int.lt_trichotomy i 0 with h | rfl | h
  · rw [sign_eq_neg_one_of_neg h]; omega
  · rfl
  · rw [sign_eq_one_of_pos h]; omega
@[simp] theorem sign_mul_self (i : Int) : sign i * i = natAbs i := by rw [Int.mul_comm, mul_sign_self]

/-! ## Divisibility of numerals, for `simp` -/
protected theorem dvd_eq_true_of_mod_eq_zero {a b : Int} (h : b % a == 0) : (a ∣ b) = True :=
  eq_true (dvd_of_emod_eq_zero (eq_of_beq h))
protected theorem dvd_eq_false_of_mod_ne_zero {a b : Int} (h : b % a != 0) : (a ∣ b) = False :=
  eq_false fun d => bne_iff_ne.1 h (emod_eq_zero_of_dvd d)

end Int
