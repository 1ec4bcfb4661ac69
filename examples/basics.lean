/-! Theorems with proofs, as a user writes them: `prover verify examples/basics.lean`. -/

namespace Basics

variable {p q r : Prop}

theorem and_swap (h : p ∧ q) : q ∧ p := by
  obtain ⟨hp, hq⟩ := h
  exact ⟨hq, hp⟩

theorem or_distributes : p ∧ (q ∨ r) ↔ (p ∧ q) ∨ (p ∧ r) := by
  constructor
  · intro ⟨hp, h⟩
    cases h with
    | inl hq => exact Or.inl ⟨hp, hq⟩
    | inr hr => exact Or.inr ⟨hp, hr⟩
  · intro h
    cases h with
    | inl h => exact ⟨h.1, Or.inl h.2⟩
    | inr h => exact ⟨h.1, Or.inr h.2⟩

/-- Uses `Classical.choice`, one of the three axioms that a proof may use. -/
theorem double_negation : ¬¬p → p := by
  intro h
  cases Classical.em p with
  | inl hp => exact hp
  | inr hn => exact absurd hn h

end Basics

theorem exists_swap {α β : Type} (f : α → β → Prop) : (∃ x y, f x y) → ∃ y x, f x y := by
  rintro ⟨x, y, h⟩
  exact ⟨y, x, h⟩

theorem zero_add' (n : Nat) : 0 + n = n := by
  induction n with
  | zero => rfl
  | succ n ih => rw [Nat.add_succ, ih]
