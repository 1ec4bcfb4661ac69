/-! A definition of our own, so that no library lemma fits: the proof must be by induction. `@[simp]` lets
`simp` compute with it. -/

/-- 0 + 1 + … + n -/
@[simp] def total : Nat → Nat
  | 0 => 0
  | n + 1 => total n + (n + 1)

theorem total_two : total 2 = 3 := by
  sorry

theorem total_grows (n : Nat) : total n ≤ total (n + 1) := by
  sorry

theorem at_least (n : Nat) : n ≤ total n := by
  sorry

/-- Gauss, aged nine. -/
theorem gauss (n : Nat) : 2 * total n = n * (n + 1) := by
  sorry
