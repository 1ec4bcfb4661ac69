/-! For all, there is, and how they change places. -/

theorem forall_and_iff {α : Type} (p q : α → Prop) : (∀ x, p x ∧ q x) ↔ (∀ x, p x) ∧ (∀ x, q x) := by
  sorry

theorem exists_or_iff {α : Type} (p q : α → Prop) : (∃ x, p x ∨ q x) ↔ (∃ x, p x) ∨ (∃ x, q x) := by
  sorry

theorem not_exists_iff {α : Type} (p : α → Prop) : (¬∃ x, p x) ↔ ∀ x, ¬p x := by
  sorry

/-- Somebody loves everybody, so everybody is loved by somebody. (The other way round is false.) -/
theorem loved {α : Type} (loves : α → α → Prop) : (∃ x, ∀ y, loves x y) → ∀ y, ∃ x, loves x y := by
  sorry
