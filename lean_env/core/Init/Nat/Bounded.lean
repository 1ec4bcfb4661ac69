prelude
import Init.Nat.Dvd
import Init.List.Lemmas
/-!
# `Nat`: bounded quantifiers, powers and order, `Fin`

Deciding `∀ x < n` and `∃ x < n`, and what powers do to the order.
-/
set_option autoImplicit true

namespace Nat

theorem forall_lt_succ_right {p : Nat → Prop} :
    (∀ m, m < n + 1 → p m) ↔ (∀ m, m < n → p m) ∧ p n :=
  ⟨fun h => ⟨fun m hm => h m (lt_succ_of_lt hm), h n (lt_succ_self n)⟩,
   fun h m hm => (lt_succ_iff_lt_or_eq.1 hm).elim (h.1 m) fun e => e ▸ h.2⟩
theorem forall_lt_succ_left {p : Nat → Prop} :
    (∀ m, m < n + 1 → p m) ↔ p 0 ∧ (∀ m, m < n → p (m + 1)) :=
  ⟨fun h => ⟨h 0 (zero_lt_succ n), fun m hm => h (m + 1) (succ_lt_succ hm)⟩,
   fun h m hm => match m with | 0 => h.1 | m + 1 => h.2 m (lt_of_succ_lt_succ hm)⟩
theorem exists_lt_succ_right {p : Nat → Prop} :
    (∃ m, m < n + 1 ∧ p m) ↔ (∃ m, m < n ∧ p m) ∨ p n :=
  ⟨fun ⟨m, hm, h⟩ => (lt_succ_iff_lt_or_eq.1 hm).elim (fun x => .inl ⟨m, x, h⟩) (fun e => .inr (e ▸ h)),
   fun h => h.elim (fun ⟨m, hm, h⟩ => ⟨m, lt_succ_of_lt hm, h⟩) (fun h => ⟨n, lt_succ_self n, h⟩)⟩
theorem exists_lt_succ_left {p : Nat → Prop} :
    (∃ m, m < n + 1 ∧ p m) ↔ p 0 ∨ (∃ m, m < n ∧ p (m + 1)) :=
  ⟨fun ⟨m, hm, h⟩ => match m with | 0 => .inl h | m + 1 => .inr ⟨m, lt_of_succ_lt_succ hm, h⟩,
   fun h => h.elim (fun h => ⟨0, zero_lt_succ n, h⟩) (fun ⟨m, hm, h⟩ => ⟨m + 1, succ_lt_succ hm, h⟩)⟩

instance decidableBallLT : ∀ (n : Nat) (P : ∀ k, k < n → Prop) [∀ n h, Decidable (P n h)],
    Decidable (∀ n h, P n h)
  | 0, _, _ => isTrue fun _ h => (not_lt_zero _ h).elim
  | n + 1, P, H =>
    match decidableBallLT n (P := fun k h => P k (lt_succ_of_lt h)) with
    | isFalse h => isFalse fun hn => h fun _ _ => hn _ _
    | isTrue h =>
      match H n (lt_succ_self n) with
      | isFalse p => isFalse fun hn => p (hn _ _)
      | isTrue p => isTrue fun _ h' => (lt_succ_iff_lt_or_eq.1 h').elim (h _) fun hn => hn ▸ p
instance decidableForallFin (P : Fin n → Prop) [DecidablePred P] : Decidable (∀ i, P i) :=
  decidable_of_decidable_of_iff (p := ∀ k h, P ⟨k, h⟩) ⟨fun m ⟨k, h⟩ => m k h, fun m k h => m ⟨k, h⟩⟩
instance decidableBallLE (n : Nat) (P : ∀ k, k ≤ n → Prop) [∀ n h, Decidable (P n h)] :
    Decidable (∀ n h, P n h) :=
  decidable_of_decidable_of_iff (p := ∀ (k) (h : k < succ n), P k (le_of_lt_succ h))
    ⟨fun m k h => m k (lt_succ_of_le h), fun m k _ => m k _⟩
instance decidableExistsLT [h : DecidablePred p] : DecidablePred fun n => ∃ m : Nat, m < n ∧ p m
  | 0 => isFalse fun ⟨_, h, _⟩ => not_lt_zero _ h
  | n + 1 => @decidable_of_decidable_of_iff _ _
      (@instDecidableOr _ _ (decidableExistsLT n) (h n)) exists_lt_succ_right.symm
instance decidableExistsLE [DecidablePred p] : DecidablePred fun n => ∃ m : Nat, m ≤ n ∧ p m :=
  fun n => decidable_of_decidable_of_iff (p := ∃ m, m < n + 1 ∧ p m)
    (exists_congr fun _ => and_congr_left' Nat.lt_succ_iff)

/-! ## Powers and the order -/
theorem pow_le_pow_left {m n : Nat} (h : m ≤ n) : ∀ i : Nat, m ^ i ≤ n ^ i
  | 0 => Nat.le_refl 1
  | i + 1 => Nat.mul_le_mul (pow_le_pow_left h i) h
theorem pow_le_pow_right {n : Nat} (hn : n > 0) {i j : Nat} (h : i ≤ j) : n ^ i ≤ n ^ j := by
  obtain ⟨k, rfl⟩ := exists_eq_add_of_le h
  rw [Nat.pow_add]; exact Nat.le_mul_of_pos_right _ (Nat.pow_pos hn)
theorem pos_pow_of_pos {b : Nat} (n : Nat) (h : 0 < b) : 0 < b ^ n := Nat.pow_pos h
theorem one_le_two_pow {n : Nat} : 1 ≤ 2 ^ n := Nat.pow_pos Nat.two_pos
@[simp] theorem two_pow_pos (w : Nat) : 0 < 2 ^ w := Nat.pow_pos Nat.two_pos
theorem pow_lt_pow_left {a b : Nat} (h : a < b) : ∀ {n : Nat}, n ≠ 0 → a ^ n < b ^ n
  | 0, hn => (hn rfl).elim
  | 1, _ => by rwa [Nat.pow_one, Nat.pow_one]
  | n + 2, _ => Nat.mul_lt_mul'' (pow_lt_pow_left h (succ_ne_zero n)) h
theorem pow_lt_pow_succ {a n : Nat} (h : 1 < a) : a ^ n < a ^ (n + 1) := by
  have := Nat.mul_lt_mul_of_pos_left h (Nat.pow_pos (n := n) (Nat.lt_trans Nat.zero_lt_one h))
  rwa [Nat.mul_one] at this
theorem pow_lt_pow_right {a n m : Nat} (ha : 1 < a) (h : n < m) : a ^ n < a ^ m :=
  Nat.lt_of_lt_of_le (pow_lt_pow_succ ha) (pow_le_pow_right (Nat.lt_trans Nat.zero_lt_one ha) h)
theorem lt_two_pow_self {n : Nat} : n < 2 ^ n := by
  induction n with
  | zero => exact Nat.zero_lt_one
  | succ n ih =>
    rw [Nat.pow_succ, Nat.mul_two]
    exact Nat.add_lt_add_of_lt_of_le ih one_le_two_pow
theorem two_pow_succ (n : Nat) : 2 ^ (n + 1) = 2 ^ n + 2 ^ n := by rw [Nat.pow_succ, Nat.mul_two]
protected theorem pow_eq_zero {a : Nat} : ∀ {n : Nat}, a ^ n = 0 ↔ a = 0 ∧ n ≠ 0
  | 0 => ⟨nofun, fun h => (h.2 rfl).elim⟩
  | n + 1 => by
    rw [Nat.pow_succ, Nat.mul_eq_zero, Nat.pow_eq_zero]
    exact ⟨fun h => ⟨h.elim And.left id, succ_ne_zero n⟩, fun h => .inr h.1⟩
attribute [simp] Nat.pow_eq_zero
protected theorem pow_eq_zero_iff {a n : Nat} : a ^ n = 0 ↔ a = 0 ∧ n ≠ 0 := Nat.pow_eq_zero
protected theorem eq_zero_of_pow_eq_zero {a n : Nat} (h : a ^ n = 0) : a = 0 := (Nat.pow_eq_zero.1 h).1
theorem add_pow_two (a b : Nat) : (a + b) ^ 2 = a ^ 2 + 2 * a * b + b ^ 2 := by
  rw [Nat.pow_two, Nat.pow_two, Nat.pow_two, Nat.add_mul, Nat.mul_add, Nat.mul_add, Nat.mul_assoc 2,
    Nat.two_mul, Nat.mul_comm b a]
  simp only [Nat.add_assoc]
protected theorem pos_pow_iff {a n : Nat} : 0 < a ^ n ↔ 0 < a ∨ n = 0 := by
  rw [pos_iff_ne_zero, pos_iff_ne_zero, ne_eq, Nat.pow_eq_zero, Decidable.not_and_iff_not_or_not,
    ne_eq, Decidable.not_not]
theorem one_lt_two_pow {n : Nat} (hn : n ≠ 0) : 1 < 2 ^ n := by
  have := pow_lt_pow_left (Nat.one_lt_two) hn; rwa [Nat.one_pow] at this
theorem one_lt_mul_iff {m n : Nat} : 1 < m * n ↔ 0 < m ∧ 0 < n ∧ (1 < m ∨ 1 < n) := by
  constructor
  · intro h
    have hm : 0 < m := Nat.pos_of_mul_pos (Nat.lt_trans Nat.zero_lt_one h)
    have hn : 0 < n := Nat.pos_of_mul_pos (Nat.mul_comm m n ▸ Nat.lt_trans Nat.zero_lt_one h)
    refine ⟨hm, hn, (Nat.eq_or_lt_of_le hm).elim (fun e => .inr ?_) .inl⟩
    rwa [← e, succ_eq_add_one, Nat.zero_add, Nat.one_mul] at h
  · intro ⟨hm, hn, h⟩
    exact h.elim (fun h => Nat.lt_of_lt_of_le h (Nat.le_mul_of_pos_right m hn))
      (fun h => Nat.lt_of_lt_of_le h (Nat.le_mul_of_pos_left n hm))

end Nat
