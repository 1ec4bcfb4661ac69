/-! Natural numbers, with what the library knows about them. -/

theorem zero_plus (n : Nat) : 0 + n = n := by
  sorry

theorem rearrange (a b c : Nat) : a + b + c = c + b + a := by
  sorry

theorem between (a b : Nat) (h : a < b) : a + 1 ≤ b := by
  sorry

theorem parity (n : Nat) : n % 2 = 0 ∨ n % 2 = 1 := by
  sorry

theorem square_of_sum (a b : Nat) : (a + b) * (a + b) = a * a + 2 * (a * b) + b * b := by
  sorry
