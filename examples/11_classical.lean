/-! True only because every statement is true or false: their proofs rest on `Classical.choice`. -/

theorem peirce (p q : Prop) : ((p → q) → p) → p := by
  sorry

theorem one_implies_the_other (p q : Prop) : (p → q) ∨ (q → p) := by
  sorry

/-- In every pub there is somebody such that, if he drinks, all drink. -/
theorem drinker {α : Type} (someone : α) (drinks : α → Prop) : ∃ x, drinks x → ∀ y, drinks y := by
  sorry
