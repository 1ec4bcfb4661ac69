/-! Hard for a policy that only guesses: the witness must be thought of. The last one is false, as 0 - 1 = 0
for natural numbers, and no search may prove it. -/

theorem no_largest : ∀ n : Nat, ∃ m, n < m ∧ ∃ k, m = 2 * k := by
  sorry

theorem not_always (a b : Nat) : a - b + b = a := by
  sorry
