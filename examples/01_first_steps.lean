/-! The first three: `prover prove examples/01_first_steps.lean`. -/

theorem and_swap (p q : Prop) (h : p ∧ q) : q ∧ p := by
  sorry

theorem or_swap (p q : Prop) : p ∨ q → q ∨ p := by
  sorry

theorem modus_tollens (p q : Prop) (h : p → q) (hq : ¬q) : ¬p := by
  sorry
