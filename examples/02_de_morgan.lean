/-! De Morgan's laws. One direction of the second needs the excluded middle: look at its axioms. -/

theorem not_or_iff (p q : Prop) : ¬(p ∨ q) ↔ ¬p ∧ ¬q := by
  sorry

theorem not_and_iff (p q : Prop) : ¬(p ∧ q) ↔ ¬p ∨ ¬q := by
  sorry
