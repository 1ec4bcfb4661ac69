prelude
import Init.Int.Dvd
import Init.Int.Pow
import Init.WF
/-!
# Facts about `Nat` and `Int` that `omega` cites

One direction of familiar equivalences, casts pushed inwards, and case distinctions for truncated
subtraction, minimum, maximum and absolute value. The tactic refers to these names.
-/
set_option autoImplicit true
universe u v

namespace Lean.Omega

namespace Int

theorem ofNat_pow (a b : Nat) : ((a ^ b : Nat) : Int) = (a : Int) ^ b := rfl
theorem pos_pow_of_pos (a : Int) (b : Nat) (h : 0 < a) : 0 < a ^ b := Int.pow_pos h
theorem ofNat_pos {a : Nat} : 0 < (a : Int) ↔ 0 < a := Int.natCast_pos
theorem ofNat_pos_of_pos {a : Nat} (h : 0 < a) : 0 < (a : Int) := Int.natCast_pos.2 h
theorem natCast_ofNat {x : Nat} :
    @Nat.cast Int instNatCastInt (no_index (OfNat.ofNat x)) = OfNat.ofNat x := rfl
theorem ofNat_lt_of_lt {x y : Nat} (h : x < y) : (x : Int) < (y : Int) := Int.ofNat_lt.2 h
theorem ofNat_le_of_le {x y : Nat} (h : x ≤ y) : (x : Int) ≤ (y : Int) := Int.ofNat_le.2 h
theorem emod_ofNat_nonneg {x : Nat} {y : Int} : 0 ≤ (x : Int) % y := Int.natCast_nonneg _

theorem lt_of_not_ge {x y : Int} (h : ¬x ≤ y) : y < x := Int.not_le.1 h
theorem lt_of_not_le {x y : Int} (h : ¬x ≤ y) : y < x := Int.not_le.1 h
theorem not_le_of_lt {x y : Int} (h : y < x) : ¬x ≤ y := Int.not_le.2 h
theorem lt_le_asymm {x y : Int} (h₁ : y < x) (h₂ : x ≤ y) : False := Int.not_le.2 h₁ h₂
theorem le_lt_asymm {x y : Int} (h₁ : y ≤ x) (h₂ : x < y) : False := Int.not_lt.2 h₁ h₂
theorem le_of_not_gt {x y : Int} (h : ¬y > x) : y ≤ x := Int.not_lt.1 h
theorem not_lt_of_ge {x y : Int} (h : y ≥ x) : ¬y < x := Int.not_lt.2 h
theorem le_of_not_lt {x y : Int} (h : ¬x < y) : y ≤ x := Int.not_lt.1 h
theorem not_lt_of_le {x y : Int} (h : y ≤ x) : ¬x < y := Int.not_lt.2 h
theorem lt_of_gt {x y : Int} (h : x > y) : y < x := h
theorem le_of_ge {x y : Int} (h : x ≥ y) : y ≤ x := h

theorem add_congr {a b c d : Int} (h₁ : a = b) (h₂ : c = d) : a + c = b + d := h₁ ▸ h₂ ▸ rfl
theorem mul_congr {a b c d : Int} (h₁ : a = b) (h₂ : c = d) : a * c = b * d := h₁ ▸ h₂ ▸ rfl
theorem mul_congr_left {a b : Int} (h₁ : a = b) (c : Int) : a * c = b * c := h₁ ▸ rfl
theorem sub_congr {a b c d : Int} (h₁ : a = b) (h₂ : c = d) : a - c = b - d := h₁ ▸ h₂ ▸ rfl
theorem neg_congr {a b : Int} (h₁ : a = b) : -a = -b := h₁ ▸ rfl

theorem ofNat_mul_nonneg {a b : Nat} : 0 ≤ (a : Int) * b := Int.natCast_nonneg (a * b)
theorem ofNat_sub_eq_zero {b a : Nat} (h : ¬b ≤ a) : ((a - b : Nat) : Int) = 0 :=
  congrArg Nat.cast (Nat.sub_eq_zero_of_le (Nat.le_of_lt (Nat.not_le.1 h)))
theorem ofNat_sub_dichotomy {a b : Nat} :
    b ≤ a ∧ ((a - b : Nat) : Int) = a - b ∨ a < b ∧ ((a - b : Nat) : Int) = 0 :=
  if h : b ≤ a then .inl ⟨h, Int.natCast_sub h⟩
  else .inr ⟨Nat.not_le.1 h, ofNat_sub_eq_zero h⟩
theorem ofNat_congr {a b : Nat} (h : a = b) : (a : Int) = (b : Int) := congrArg _ h
theorem ofNat_sub_sub {a b c : Nat} : ((a - b - c : Nat) : Int) = ((a - (b + c) : Nat) : Int) :=
  congrArg _ (Nat.sub_sub a b c)
theorem ofNat_min (a b : Nat) : ((min a b : Nat) : Int) = min (a : Int) (b : Int) :=
  if h : a ≤ b then by rw [Nat.min_eq_left h, Int.min_eq_left (Int.ofNat_le.2 h)]
  else by
    have h := Nat.le_of_not_le h
    rw [Nat.min_eq_right h, Int.min_eq_right (Int.ofNat_le.2 h)]
theorem ofNat_max (a b : Nat) : ((max a b : Nat) : Int) = max (a : Int) (b : Int) :=
  if h : a ≤ b then by rw [Nat.max_eq_right h, Int.max_eq_right (Int.ofNat_le.2 h)]
  else by
    have h := Nat.le_of_not_le h
    rw [Nat.max_eq_left h, Int.max_eq_left (Int.ofNat_le.2 h)]
theorem ofNat_natAbs (a : Int) : (a.natAbs : Int) = if 0 ≤ a then a else -a := by
  split
  · exact Int.natAbs_of_nonneg ‹_›
  · exact Int.ofNat_natAbs_of_nonpos (Int.le_of_not_le ‹_›)
theorem natAbs_dichotomy {a : Int} : 0 ≤ a ∧ a.natAbs = a ∨ a < 0 ∧ a.natAbs = -a :=
  if h : 0 ≤ a then .inl ⟨h, Int.natAbs_of_nonneg h⟩
  else .inr ⟨Int.not_le.1 h, Int.ofNat_natAbs_of_nonpos (Int.le_of_not_le h)⟩
theorem neg_le_natAbs {a : Int} : -a ≤ a.natAbs := Int.natAbs_neg a ▸ Int.le_natAbs

theorem add_le_iff_le_sub {a b c : Int} : a + b ≤ c ↔ a ≤ c - b := _root_.Int.add_le_iff_le_sub
theorem le_add_iff_sub_le {a b c : Int} : a ≤ b + c ↔ a - c ≤ b := _root_.Int.le_add_iff_sub_le
theorem add_le_zero_iff_le_neg {a b : Int} : a + b ≤ 0 ↔ a ≤ -b := _root_.Int.add_le_zero_iff_le_neg
theorem add_le_zero_iff_le_neg' {a b : Int} : a + b ≤ 0 ↔ b ≤ -a := _root_.Int.add_le_zero_iff_le_neg'
theorem add_nonnneg_iff_neg_le {a b : Int} : 0 ≤ a + b ↔ -b ≤ a := _root_.Int.add_nonnneg_iff_neg_le
theorem add_nonnneg_iff_neg_le' {a b : Int} : 0 ≤ a + b ↔ -a ≤ b := _root_.Int.add_nonnneg_iff_neg_le'

theorem ofNat_fst_mk {β : Type v} {x : Nat} {y : β} : (Prod.mk x y).fst = (x : Int) := rfl
theorem ofNat_snd_mk {α : Type u} {x : α} {y : Nat} : (Prod.mk x y).snd = (y : Int) := rfl

end Int

namespace Nat

theorem lt_of_gt {x y : Nat} (h : x > y) : y < x := h
theorem le_of_ge {x y : Nat} (h : x ≥ y) : y ≤ x := h

end Nat

namespace Fin

theorem ne_iff_lt_or_gt {i j : Fin n} : i ≠ j ↔ i < j ∨ i > j :=
  (not_congr ⟨Fin.val_eq_of_eq, Fin.eq_of_val_eq⟩).trans Nat.ne_iff_lt_or_gt
protected theorem lt_or_gt_of_ne {i j : Fin n} (h : i ≠ j) : i < j ∨ i > j := ne_iff_lt_or_gt.1 h
theorem not_le {i j : Fin n} : ¬i ≤ j ↔ j < i := Nat.not_le
theorem not_lt {i j : Fin n} : ¬i < j ↔ j ≤ i := Nat.not_lt
protected theorem lt_of_not_le {i j : Fin n} (h : ¬i ≤ j) : j < i := not_le.1 h
protected theorem le_of_not_lt {i j : Fin n} (h : ¬i < j) : j ≤ i := not_lt.1 h

end Fin

namespace Prod

theorem of_lex (w : Prod.Lex r s p q) : r p.fst q.fst ∨ p.fst = q.fst ∧ s p.snd q.snd :=
  Prod.lex_def.1 w
theorem of_not_lex {α : Type u} {r : α → α → Prop} [DecidableEq α] {β : Type v} {s : β → β → Prop}
    {p q : α × β} (w : ¬Prod.Lex r s p q) :
    ¬r p.fst q.fst ∧ (p.fst ≠ q.fst ∨ ¬s p.snd q.snd) :=
  ⟨fun h => w (Prod.lex_def.2 (.inl h)),
   if e : p.1 = q.1 then .inr fun h => w (Prod.lex_def.2 (.inr ⟨e, h⟩)) else .inl e⟩
theorem fst_mk {α : Type u} {x : α} {β : Type v} {y : β} : (Prod.mk x y).fst = x := rfl
theorem snd_mk {α : Type u} {x : α} {β : Type v} {y : β} : (Prod.mk x y).snd = y := rfl

end Prod

end Lean.Omega

/-! ## `Fin`: what a comparison says of the values -/
theorem Fin.val_congr {n : Nat} {a b : Fin n} (h : a = b) : (a : Nat) = (b : Nat) := congrArg _ h
theorem Fin.val_le_of_le {n : Nat} {a b : Fin n} (h : a ≤ b) : (a : Nat) ≤ (b : Nat) := h
theorem Fin.val_le_of_ge {n : Nat} {a b : Fin n} (h : a ≥ b) : (b : Nat) ≤ (a : Nat) := h
theorem Fin.val_add_one_le_of_lt {n : Nat} {a b : Fin n} (h : a < b) : (a : Nat) + 1 ≤ (b : Nat) := h
theorem Fin.val_add_one_le_of_gt {n : Nat} {a b : Fin n} (h : a > b) : (b : Nat) + 1 ≤ (a : Nat) := h
