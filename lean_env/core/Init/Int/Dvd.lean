prelude
import Init.Int.DivMod
/-!
# Divisibility in `Int`, and the order of quotients
-/
set_option autoImplicit true

namespace Int

/-! ## Divisibility -/
protected theorem dvd_def (a b : Int) : (a ∣ b) = ∃ c, b = a * c := rfl
@[simp] protected theorem dvd_zero (n : Int) : n ∣ 0 := ⟨0, (Int.mul_zero n).symm⟩
@[simp] protected theorem dvd_refl (n : Int) : n ∣ n := ⟨1, (Int.mul_one n).symm⟩
@[simp] protected theorem one_dvd (n : Int) : 1 ∣ n := ⟨n, (Int.one_mul n).symm⟩
protected theorem dvd_trans {a b c : Int} : a ∣ b → b ∣ c → a ∣ c
  | ⟨d, hd⟩, ⟨e, he⟩ => ⟨d * e, by rw [he, hd, Int.mul_assoc]⟩
@[simp] protected theorem zero_dvd {n : Int} : 0 ∣ n ↔ n = 0 :=
  ⟨fun ⟨k, e⟩ => e.trans (Int.zero_mul k), fun h => h ▸ Int.dvd_refl 0⟩
@[simp] protected theorem dvd_mul_right (a b : Int) : a ∣ a * b := ⟨b, rfl⟩
@[simp] protected theorem dvd_mul_left (a b : Int) : b ∣ a * b := ⟨a, Int.mul_comm a b⟩
protected theorem dvd_mul_of_dvd_left {a b c : Int} (h : a ∣ b) : a ∣ b * c :=
  Int.dvd_trans h (Int.dvd_mul_right b c)
protected theorem dvd_mul_of_dvd_right {a b c : Int} (h : a ∣ b) : a ∣ c * b :=
  Int.dvd_trans h (Int.dvd_mul_left c b)
@[simp] protected theorem dvd_neg {a b : Int} : a ∣ -b ↔ a ∣ b :=
  ⟨fun ⟨k, e⟩ => ⟨-k, by rw [Int.mul_neg, ← e, Int.neg_neg]⟩, fun ⟨k, e⟩ => ⟨-k, by rw [Int.mul_neg, e]⟩⟩
@[simp] protected theorem neg_dvd {a b : Int} : -a ∣ b ↔ a ∣ b :=
  ⟨fun ⟨k, e⟩ => ⟨-k, by rw [e, Int.neg_mul_comm]⟩, fun ⟨k, e⟩ => ⟨-k, by rw [e, Int.neg_mul_neg]⟩⟩
protected theorem dvd_add {a b c : Int} : a ∣ b → a ∣ c → a ∣ b + c
  | ⟨d, hd⟩, ⟨e, he⟩ => ⟨d + e, by rw [hd, he, Int.mul_add]⟩
protected theorem dvd_sub {a b c : Int} (h₁ : a ∣ b) (h₂ : a ∣ c) : a ∣ b - c :=
  Int.dvd_add h₁ (Int.dvd_neg.2 h₂)
protected theorem dvd_add_right {a b c : Int} (h : a ∣ b) : a ∣ b + c ↔ a ∣ c :=
  ⟨fun h' => by have := Int.dvd_sub h' h; rwa [Int.add_sub_cancel_left] at this, Int.dvd_add h⟩
protected theorem dvd_add_left {a b c : Int} (h : a ∣ c) : a ∣ b + c ↔ a ∣ b := by
  rw [Int.add_comm, Int.dvd_add_right h]
protected theorem mul_dvd_mul {a b c d : Int} : a ∣ b → c ∣ d → a * c ∣ b * d
  | ⟨e, he⟩, ⟨f, hf⟩ => ⟨e * f, by
    rw [he, hf, Int.mul_assoc, Int.mul_assoc, Int.mul_left_comm e]⟩
protected theorem mul_dvd_mul_left (a : Int) {b c : Int} (h : b ∣ c) : a * b ∣ a * c :=
  Int.mul_dvd_mul (Int.dvd_refl a) h
protected theorem mul_dvd_mul_right (a : Int) {b c : Int} (h : b ∣ c) : b * a ∣ c * a :=
  Int.mul_dvd_mul h (Int.dvd_refl a)
@[simp] theorem natAbs_dvd_natAbs {a b : Int} : natAbs a ∣ natAbs b ↔ a ∣ b := by
  refine ⟨fun ⟨k, e⟩ => ?_, fun ⟨k, e⟩ => ⟨natAbs k, e ▸ natAbs_mul a k⟩⟩
  have h : natAbs b = natAbs (a * k) := by rw [natAbs_mul]; exact e
  cases natAbs_eq_natAbs_iff.1 h with
  | inl h => exact ⟨k, h⟩
  | inr h => exact ⟨-k, h.trans (Int.mul_neg a k).symm⟩
theorem ofNat_dvd_left {n : Nat} {z : Int} : (↑n : Int) ∣ z ↔ n ∣ z.natAbs :=
  natAbs_dvd_natAbs (a := n).symm
theorem ofNat_dvd_right {n : Nat} {z : Int} : z ∣ (↑n : Int) ↔ z.natAbs ∣ n :=
  natAbs_dvd_natAbs (b := n).symm
@[norm_cast] theorem ofNat_dvd {m n : Nat} : (↑m : Int) ∣ ↑n ↔ m ∣ n := ofNat_dvd_left
theorem natCast_dvd_natCast {m n : Nat} : (↑m : Int) ∣ ↑n ↔ m ∣ n := ofNat_dvd
@[simp] theorem natAbs_dvd {a b : Int} : (a.natAbs : Int) ∣ b ↔ a ∣ b :=
  ofNat_dvd_left.trans natAbs_dvd_natAbs
@[simp] theorem dvd_natAbs {a b : Int} : a ∣ b.natAbs ↔ a ∣ b := ofNat_dvd_right.trans natAbs_dvd_natAbs
theorem dvd_natAbs_self {a : Int} : a ∣ (a.natAbs : Int) := dvd_natAbs.2 (Int.dvd_refl a)
theorem eq_one_of_dvd_one {a : Int} (h : 0 ≤ a) (h' : a ∣ 1) : a = 1 := by
  obtain ⟨n, rfl⟩ := eq_ofNat_of_zero_le h
  exact congrArg ofNat (Nat.eq_one_of_dvd_one (ofNat_dvd.1 h'))
theorem le_of_dvd {a b : Int} (h : 0 < b) (h' : a ∣ b) : a ≤ b := by
  have := Nat.le_of_dvd (natAbs_pos.2 (Int.ne_of_gt h)) (natAbs_dvd_natAbs.2 h')
  rw [← natAbs_of_nonneg (Int.le_of_lt h)]
  exact Int.le_trans le_natAbs (ofNat_le.2 this)
theorem dvd_antisymm {a b : Int} (h₁ : 0 ≤ a) (h₂ : 0 ≤ b) (hab : a ∣ b) (hba : b ∣ a) : a = b := by
  obtain ⟨m, rfl⟩ := eq_ofNat_of_zero_le h₁
  obtain ⟨n, rfl⟩ := eq_ofNat_of_zero_le h₂
  exact congrArg ofNat (Nat.dvd_antisymm (ofNat_dvd.1 hab) (ofNat_dvd.1 hba))

/-! ## Divisibility and remainder -/
theorem mul_ediv_cancel_of_emod_eq_zero {a b : Int} (h : a % b = 0) : b * (a / b) = a := by
  have := emod_add_ediv a b; rwa [h, Int.zero_add] at this
theorem ediv_mul_cancel_of_emod_eq_zero {a b : Int} (h : a % b = 0) : a / b * b = a := by
  rw [Int.mul_comm, mul_ediv_cancel_of_emod_eq_zero h]
theorem dvd_of_emod_eq_zero {a b : Int} (h : b % a = 0) : a ∣ b :=
  ⟨b / a, (mul_ediv_cancel_of_emod_eq_zero h).symm⟩
theorem emod_eq_zero_of_dvd {a b : Int} : a ∣ b → b % a = 0
  | ⟨k, e⟩ => by rw [e, mul_emod_right]
theorem dvd_iff_emod_eq_zero {a b : Int} : a ∣ b ↔ b % a = 0 := ⟨emod_eq_zero_of_dvd, dvd_of_emod_eq_zero⟩
instance decidableDvd : DecidableRel (α := Int) (· ∣ ·) := fun _ _ =>
  decidable_of_decidable_of_iff dvd_iff_emod_eq_zero.symm
theorem emod_pos_of_not_dvd {a b : Int} (h : ¬a ∣ b) : a = 0 ∨ 0 < b % a :=
  (Decidable.em (a = 0)).imp_right fun h₀ =>
    Int.lt_of_le_of_ne (emod_nonneg b h₀) fun e => h (dvd_of_emod_eq_zero e.symm)
theorem dvd_sub_self_of_emod_eq {a b c : Int} (h : a % b = c) : b ∣ a - c :=
  ⟨a / b, by rw [← h, mul_ediv_self]⟩
protected theorem ediv_mul_cancel {a b : Int} (h : b ∣ a) : a / b * b = a :=
  ediv_mul_cancel_of_emod_eq_zero (emod_eq_zero_of_dvd h)
protected theorem mul_ediv_cancel' {a b : Int} (h : a ∣ b) : a * (b / a) = b :=
  mul_ediv_cancel_of_emod_eq_zero (emod_eq_zero_of_dvd h)
protected theorem mul_ediv_assoc (a : Int) {b c : Int} : c ∣ b → (a * b) / c = a * (b / c)
  | ⟨d, e⟩ => by
    by_cases h : c = 0
    · rw [h, Int.ediv_zero, Int.ediv_zero, Int.mul_zero]
    · rw [e, Int.mul_left_comm, mul_ediv_cancel_left _ h, mul_ediv_cancel_left _ h]
protected theorem mul_ediv_assoc' (b : Int) {a c : Int} (h : c ∣ a) : (a * b) / c = a / c * b := by
  rw [Int.mul_comm, Int.mul_ediv_assoc _ h, Int.mul_comm]
theorem add_ediv_of_dvd_right {a b c : Int} : c ∣ b → (a + b) / c = a / c + b / c
  | ⟨k, e⟩ => by
    by_cases h : c = 0
    · rw [h, Int.ediv_zero, Int.ediv_zero, Int.ediv_zero, Int.add_zero]
    · rw [e, add_mul_ediv_left _ _ h, mul_ediv_cancel_left _ h]
theorem add_ediv_of_dvd_left {a b c : Int} (h : c ∣ a) : (a + b) / c = a / c + b / c := by
  rw [Int.add_comm, add_ediv_of_dvd_right h, Int.add_comm]
theorem neg_ediv_of_dvd {a b : Int} : b ∣ a → (-a) / b = -(a / b)
  | ⟨k, e⟩ => by
    by_cases h : b = 0
    · rw [h, Int.ediv_zero, Int.ediv_zero, Int.neg_zero]
    · rw [e, ← Int.mul_neg, mul_ediv_cancel_left _ h, mul_ediv_cancel_left _ h]
theorem sub_ediv_of_dvd (a : Int) {b c : Int} (h : c ∣ b) : (a - b) / c = a / c - b / c := by
  rw [Int.sub_eq_add_neg, Int.sub_eq_add_neg, add_ediv_of_dvd_right (Int.dvd_neg.2 h),
    neg_ediv_of_dvd h]
protected theorem eq_mul_of_ediv_eq_right {a b c : Int} (h₁ : b ∣ a) (h₂ : a / b = c) : a = b * c := by
  rw [← h₂, Int.mul_ediv_cancel' h₁]
protected theorem ediv_eq_of_eq_mul_right {a b c : Int} (h₁ : b ≠ 0) (h₂ : a = b * c) : a / b = c := by
  rw [h₂, mul_ediv_cancel_left _ h₁]
protected theorem ediv_eq_of_eq_mul_left {a b c : Int} (h₁ : b ≠ 0) (h₂ : a = c * b) : a / b = c := by
  rw [h₂, mul_ediv_cancel _ h₁]

/-! ## Quotients and order -/
theorem mul_ediv_self_le {x k : Int} (h : k ≠ 0) : k * (x / k) ≤ x := by
  rw [mul_ediv_self]; exact Int.sub_le_self x (emod_nonneg x h)
theorem lt_mul_ediv_self_add {x k : Int} (h : 0 < k) : x < k * (x / k) + k := by
  rw [mul_ediv_self, Int.sub_add_eq_add_sub, Int.add_sub_assoc]
  exact Int.lt_add_of_pos_right x (Int.sub_pos_of_lt (emod_lt_of_pos x h))
theorem le_ediv_iff_mul_le {a b c : Int} (h : 0 < c) : a ≤ b / c ↔ a * c ≤ b := by
  rw [Int.mul_comm]
  refine ⟨fun h' => Int.le_trans (Int.mul_le_mul_of_nonneg_left h' (Int.le_of_lt h))
    (mul_ediv_self_le (Int.ne_of_gt h)), fun h' => lt_add_one_iff.1 ?_⟩
  refine Int.lt_of_mul_lt_mul_left (a := c) (Int.lt_of_le_of_lt h' ?_) (Int.le_of_lt h)
  rw [Int.mul_add, Int.mul_one]; exact lt_mul_ediv_self_add h
theorem ediv_lt_iff_lt_mul {a b c : Int} (h : 0 < c) : a / c < b ↔ a < b * c := by
  rw [← Int.not_le, le_ediv_iff_mul_le h, Int.not_le]
theorem ediv_nonneg_iff_of_pos {a b : Int} (h : 0 < b) : 0 ≤ a / b ↔ 0 ≤ a := by
  rw [le_ediv_iff_mul_le h, Int.zero_mul]
protected theorem ediv_nonneg {a b : Int} (ha : 0 ≤ a) (hb : 0 ≤ b) : 0 ≤ a / b :=
  (Int.le_iff_eq_or_lt.1 hb).elim (fun e => by rw [← e, Int.ediv_zero]; decide)
    fun h => (ediv_nonneg_iff_of_pos h).2 ha
protected theorem ediv_le_ediv {a b c : Int} (h : 0 < c) (h' : a ≤ b) : a / c ≤ b / c :=
  (le_ediv_iff_mul_le h).2 (Int.le_trans (Int.mul_comm c _ ▸ mul_ediv_self_le (Int.ne_of_gt h)) h')
theorem ediv_neg_of_neg_of_pos {a b : Int} (ha : a < 0) (hb : 0 < b) : a / b < 0 := by
  rw [ediv_lt_iff_lt_mul hb, Int.zero_mul]; exact ha

end Int
