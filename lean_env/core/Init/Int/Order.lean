prelude
import Init.Int.Lemmas
/-!
# The order on `Int`

`a ≤ b` says that `b - a` is a natural number, so the laws of the order are closure properties of the
natural numbers among the integers.
-/
set_option autoImplicit true

namespace Int

/-! ## Non-negative integers -/
private theorem NonNeg.add : NonNeg a → NonNeg b → NonNeg (a + b)
  | ⟨m⟩, ⟨n⟩ => ⟨m + n⟩
theorem nonneg_def {a : Int} : NonNeg a ↔ ∃ n : Nat, a = n :=
  ⟨fun ⟨n⟩ => ⟨n, rfl⟩, fun ⟨n, h⟩ => h ▸ ⟨n⟩⟩
theorem NonNeg.elim {a : Int} : NonNeg a → ∃ n : Nat, a = n := nonneg_def.1
theorem nonneg_or_nonneg_neg : ∀ a : Int, NonNeg a ∨ NonNeg (-a)
  | ofNat n => .inl ⟨n⟩
  | -[n+1] => .inr ⟨n + 1⟩

theorem le_def {a b : Int} : a ≤ b ↔ NonNeg (b - a) := .rfl
theorem lt_iff_add_one_le {a b : Int} : a < b ↔ a + 1 ≤ b := .rfl
theorem le.intro_sub {a b : Int} (n : Nat) (h : b - a = n) : a ≤ b := le_def.2 (h ▸ ⟨n⟩)
theorem le.dest_sub {a b : Int} (h : a ≤ b) : ∃ n : Nat, b - a = n := nonneg_def.1 h
theorem le.intro {a b : Int} (n : Nat) (h : a + n = b) : a ≤ b :=
  le.intro_sub n (by rw [← h, Int.add_sub_cancel_left])
theorem le.dest {a b : Int} (h : a ≤ b) : ∃ n : Nat, a + n = b :=
  (le.dest_sub h).imp fun n e => by rw [← e, Int.add_comm, Int.sub_add_cancel]

/-! ## A linear order -/
@[simp] protected theorem le_refl (a : Int) : a ≤ a := le.intro 0 (Int.add_zero a)
protected theorem le_rfl {a : Int} : a ≤ a := a.le_refl
protected theorem le_of_eq {a b : Int} (h : a = b) : a ≤ b := h ▸ Int.le_rfl
protected theorem ge_of_eq {a b : Int} (h : a = b) : b ≤ a := h ▸ Int.le_rfl
protected theorem le_trans {a b c : Int} (h₁ : a ≤ b) (h₂ : b ≤ c) : a ≤ c := by
  have := NonNeg.add (le_def.1 h₂) (le_def.1 h₁)
  rwa [← Int.add_sub_assoc, Int.sub_add_cancel] at this
protected theorem le_antisymm {a b : Int} (h₁ : a ≤ b) (h₂ : b ≤ a) : a = b := by
  obtain ⟨m, hm⟩ := le.dest_sub h₁
  obtain ⟨n, hn⟩ := le.dest_sub h₂
  have e : (n : Int) + m = 0 := by rw [← hn, ← hm, ← Int.add_sub_assoc, Int.sub_add_cancel, Int.sub_self]
  rw [Nat.eq_zero_of_add_eq_zero_right (ofNat.inj e)] at hn
  exact Int.eq_of_sub_eq_zero hn
protected theorem le_antisymm_iff {a b : Int} : a = b ↔ a ≤ b ∧ b ≤ a :=
  ⟨fun h => ⟨Int.le_of_eq h, Int.ge_of_eq h⟩, fun h => Int.le_antisymm h.1 h.2⟩
protected theorem eq_iff_le_and_ge {x y : Int} : x = y ↔ x ≤ y ∧ y ≤ x := Int.le_antisymm_iff
protected theorem le_total (a b : Int) : a ≤ b ∨ b ≤ a :=
  (nonneg_or_nonneg_neg (b - a)).imp_right fun h => by rwa [Int.neg_sub] at h
protected theorem lt_succ (a : Int) : a < a + 1 := Int.le_refl _
protected theorem le_of_lt {a b : Int} (h : a < b) : a ≤ b :=
  Int.le_trans (le.intro 1 rfl) (lt_iff_add_one_le.1 h)
@[simp] protected theorem lt_irrefl (a : Int) : ¬a < a := fun h => by
  obtain ⟨n, hn⟩ := le.dest_sub (lt_iff_add_one_le.1 h)
  rw [Int.sub_add_cancel_left] at hn
  cases hn
protected theorem ne_of_lt {a b : Int} (h : a < b) : a ≠ b := fun e => Int.lt_irrefl _ (e ▸ h)
protected theorem ne_of_gt {a b : Int} (h : b < a) : a ≠ b := (Int.ne_of_lt h).symm
protected theorem ne_of_lt' {a b : Int} (h : a < b) : b ≠ a := Int.ne_of_gt h
protected theorem not_le_of_gt {a b : Int} (h : b < a) : ¬a ≤ b := fun h' =>
  Int.lt_irrefl b (Int.le_trans h h')
protected theorem lt_of_le_of_ne {a b : Int} (h : a ≤ b) (hne : a ≠ b) : a < b := by
  obtain ⟨n, e⟩ := le.dest h
  cases n with
  | zero => exact absurd ((Int.add_zero a).symm.trans e) hne
  | succ n => exact le.intro n (by rw [← e, Int.add_assoc, Int.add_comm 1]; rfl)
protected theorem lt_iff_le_and_ne {a b : Int} : a < b ↔ a ≤ b ∧ a ≠ b :=
  ⟨fun h => ⟨Int.le_of_lt h, Int.ne_of_lt h⟩, fun h => Int.lt_of_le_of_ne h.1 h.2⟩
protected theorem lt_of_not_ge {a b : Int} (h : ¬a ≤ b) : b < a :=
  Int.lt_of_le_of_ne ((Int.le_total a b).resolve_left h) fun e => h (Int.ge_of_eq e)
@[simp] protected theorem not_le {a b : Int} : ¬a ≤ b ↔ b < a := ⟨Int.lt_of_not_ge, Int.not_le_of_gt⟩
@[simp] protected theorem not_lt {a b : Int} : ¬a < b ↔ b ≤ a := by
  rw [← Int.not_le, Decidable.not_not]
protected theorem le_of_not_le {a b : Int} : ¬a ≤ b → b ≤ a := (Int.le_total a b).resolve_left
protected theorem le_of_not_gt {a b : Int} (h : ¬a > b) : a ≤ b := Int.not_lt.1 h
protected theorem le_of_not_lt {a b : Int} (h : ¬a < b) : b ≤ a := Int.not_lt.1 h
protected theorem not_lt_of_ge {a b : Int} (h : b ≤ a) : ¬a < b := Int.not_lt.2 h
protected theorem not_le_of_lt {a b : Int} (h : b < a) : ¬a ≤ b := Int.not_le.2 h
protected theorem lt_iff_le_not_le {a b : Int} : a < b ↔ a ≤ b ∧ ¬b ≤ a :=
  ⟨fun h => ⟨Int.le_of_lt h, Int.not_le.2 h⟩, fun h => Int.not_le.1 h.2⟩
protected theorem lt_asymm {a b : Int} (h : a < b) : ¬b < a := Int.not_lt.2 (Int.le_of_lt h)
protected theorem lt_or_ge (a b : Int) : a < b ∨ b ≤ a :=
  (Decidable.em (a < b)).imp_right Int.not_lt.1
protected theorem lt_or_le (a b : Int) : a < b ∨ b ≤ a := Int.lt_or_ge a b
protected theorem le_or_lt (a b : Int) : a ≤ b ∨ b < a := (Int.lt_or_ge b a).symm
protected theorem lt_trichotomy (a b : Int) : a < b ∨ a = b ∨ b < a :=
  if e : a = b then .inr (.inl e) else
    (Int.le_total a b).imp (Int.lt_of_le_of_ne · e) fun h => .inr (Int.lt_of_le_of_ne h (Ne.symm e))
protected theorem ne_iff_lt_or_gt {a b : Int} : a ≠ b ↔ a < b ∨ b < a :=
  ⟨fun h => (Int.lt_trichotomy a b).imp_right (·.resolve_left h),
   fun h => h.elim Int.ne_of_lt Int.ne_of_gt⟩
protected theorem lt_or_gt_of_ne {a b : Int} : a ≠ b → a < b ∨ b < a := Int.ne_iff_lt_or_gt.1
protected theorem lt_or_lt_of_ne {a b : Int} : a ≠ b → a < b ∨ b < a := Int.lt_or_gt_of_ne
protected theorem le_iff_eq_or_lt {a b : Int} : a ≤ b ↔ a = b ∨ a < b :=
  ⟨fun h => (Decidable.em (a = b)).imp_right (Int.lt_of_le_of_ne h),
   fun h => h.elim Int.le_of_eq Int.le_of_lt⟩
protected theorem le_iff_lt_or_eq {a b : Int} : a ≤ b ↔ a < b ∨ a = b := by
  rw [Int.le_iff_eq_or_lt, or_comm]
protected theorem lt_or_eq_of_le {a b : Int} (h : a ≤ b) : a < b ∨ a = b := Int.le_iff_lt_or_eq.1 h
protected theorem lt_of_le_of_lt {a b c : Int} (h₁ : a ≤ b) (h₂ : b < c) : a < c :=
  Int.not_le.1 fun h => Int.not_le.2 h₂ (Int.le_trans h h₁)
protected theorem lt_of_lt_of_le {a b c : Int} (h₁ : a < b) (h₂ : b ≤ c) : a < c := Int.le_trans h₁ h₂
protected theorem lt_trans {a b c : Int} (h₁ : a < b) (h₂ : b < c) : a < c :=
  Int.lt_of_le_of_lt (Int.le_of_lt h₁) h₂

instance : Trans (α := Int) (· ≤ ·) (· ≤ ·) (· ≤ ·) := ⟨Int.le_trans⟩
instance : Trans (α := Int) (· < ·) (· ≤ ·) (· < ·) := ⟨Int.lt_of_lt_of_le⟩
instance : Trans (α := Int) (· ≤ ·) (· < ·) (· < ·) := ⟨Int.lt_of_le_of_lt⟩
instance : Trans (α := Int) (· < ·) (· < ·) (· < ·) := ⟨Int.lt_trans⟩

/-! ## Natural numbers as integers -/
@[simp, norm_cast] theorem ofNat_le {m n : Nat} : (↑m : Int) ≤ ↑n ↔ m ≤ n :=
  ⟨fun h => (le.dest h).elim fun _ e => Nat.le.intro (ofNat.inj e),
   fun h => (Nat.le.dest h).elim fun k e => le.intro k (congrArg Nat.cast e)⟩
@[simp, norm_cast] theorem ofNat_lt {n m : Nat} : (↑n : Int) < ↑m ↔ n < m := ofNat_le (m := n + 1)
@[simp] theorem natCast_nonneg (n : Nat) : 0 ≤ (n : Int) := ofNat_le.2 n.zero_le
theorem ofNat_zero_le (n : Nat) : 0 ≤ (↑n : Int) := natCast_nonneg n
theorem ofNat_nonneg (n : Nat) : 0 ≤ (n : Int) := natCast_nonneg n
@[simp, norm_cast] theorem natCast_pos {n : Nat} : (0 : Int) < n ↔ 0 < n := ofNat_lt
theorem ofNat_pos {n : Nat} : 0 < (↑n : Int) ↔ 0 < n := ofNat_lt
theorem natCast_succ_pos (n : Nat) : 0 < (Nat.succ n : Int) := ofNat_lt.2 (Nat.succ_pos n)
theorem ofNat_succ_pos (n : Nat) : 0 < (Nat.succ n : Int) := natCast_succ_pos n
@[simp] theorem succ_ofNat_pos (n : Nat) : 0 < (n : Int) + 1 := natCast_succ_pos n
theorem not_ofNat_neg (n : Nat) : ¬((n : Int) < 0) := Int.not_lt.2 (natCast_nonneg n)
theorem eq_ofNat_of_zero_le {a : Int} (h : 0 ≤ a) : ∃ n : Nat, a = n := by
  have := le.dest_sub h; rwa [Int.sub_zero] at this
theorem eq_succ_of_zero_lt {a : Int} (h : 0 < a) : ∃ n : Nat, a = n + 1 :=
  (le.dest h).imp fun n e => by rw [← e, Int.add_comm]; rfl
theorem lt_add_succ (a : Int) (n : Nat) : a < a + (n + 1) :=
  le.intro n (by rw [Int.add_assoc, Int.add_comm 1])
theorem lt.intro {a b : Int} {n : Nat} (h : a + (n + 1) = b) : a < b := h ▸ lt_add_succ a n
theorem lt.dest {a b : Int} (h : a < b) : ∃ n : Nat, a + Nat.succ n = b :=
  (le.dest h).imp fun n e => by rw [← e, Int.add_assoc, Int.add_comm 1]; rfl
@[simp] theorem negSucc_lt_zero (n : Nat) : -[n+1] < 0 :=
  Int.not_le.1 fun h => (eq_ofNat_of_zero_le h).elim fun _ e => nomatch e
theorem negSucc_le_zero (n : Nat) : -[n+1] ≤ 0 := Int.le_of_lt (negSucc_lt_zero n)
@[simp] theorem negSucc_not_nonneg (n : Nat) : 0 ≤ -[n+1] ↔ False :=
  iff_false_intro (Int.not_le.2 (negSucc_lt_zero n))
@[simp] theorem negSucc_not_pos (n : Nat) : 0 < -[n+1] ↔ False :=
  iff_false_intro (Int.not_lt.2 (negSucc_le_zero n))
theorem eq_negSucc_of_lt_zero : ∀ {a : Int}, a < 0 → ∃ n : Nat, a = -[n+1]
  | ofNat _, h => absurd h (Int.not_lt.2 (natCast_nonneg _))
  | -[n+1], _ => ⟨n, rfl⟩
protected theorem zero_lt_one : (0 : Int) < 1 := by decide
protected theorem one_pos : 0 < (1 : Int) := Int.zero_lt_one
protected theorem one_ne_zero : (1 : Int) ≠ 0 := nofun
protected theorem one_nonneg : 0 ≤ (1 : Int) := by decide

end Int
