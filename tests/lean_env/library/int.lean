/-! Integers: the ring, its order, division, casts. -/

theorem int_add_commutes (a b : Int) : a + b = b + a := Int.add_comm a b

theorem int_mul_associates (a b c : Int) : a * b * c = a * (b * c) := Int.mul_assoc a b c

theorem int_negation (a : Int) : a + -a = 0 := Int.add_right_neg a

theorem int_neg_neg (a : Int) : - -a = a := Int.neg_neg a

theorem int_sub_self (a : Int) : a - a = 0 := Int.sub_self a

theorem int_distributes (a b c : Int) : a * (b - c) = a * b - a * c := Int.mul_sub a b c

theorem difference_of_squares (a b : Int) : (a + b) * (a - b) = a * a - b * b := by
  rw [Int.add_mul, Int.mul_sub, Int.mul_sub, Int.mul_comm b a]
  omega

theorem int_no_zero_divisors (a b : Int) (h : a * b = 0) : a = 0 ∨ b = 0 := Int.mul_eq_zero.mp h

theorem int_order_total (a b : Int) : a ≤ b ∨ b ≤ a := Int.le_total a b

theorem int_lt_iff (a b : Int) : a < b ↔ a + 1 ≤ b := Int.lt_iff_add_one_le

theorem int_square_nonneg (a : Int) : 0 ≤ a * a := by
  rcases Int.le_total 0 a with h | h
  · exact Int.mul_nonneg h h
  · exact Int.mul_nonneg_of_nonpos_of_nonpos h h

theorem int_computes : (-7 : Int) / 2 = -4 ∧ (-7 : Int) % 2 = 1 ∧ (3 : Int) - 5 = -2 := by decide

theorem int_divides (a b c : Int) (h : a ∣ b) (k : b ∣ c) : a ∣ c := Int.dvd_trans h k

theorem cast_adds (a b : Nat) : ((a + b : Nat) : Int) = (a : Int) + (b : Int) := by simp

theorem cast_le (a b : Nat) : (a : Int) ≤ b ↔ a ≤ b := by norm_cast

theorem cast_injective (a b : Nat) (h : (a : Int) = b) : a = b := Int.ofNat_inj.mp h

theorem nat_abs_of_negative (a : Nat) : (-(a : Int)).natAbs = a := by simp

theorem int_cases (a : Int) : (∃ n : Nat, a = n) ∨ ∃ n : Nat, a = -(n : Int) := by
  cases a with
  | ofNat n => exact .inl ⟨n, rfl⟩
  | negSucc n => exact .inr ⟨n + 1, rfl⟩

theorem int_power (a : Int) : a ^ 2 = a * a := by simp [Int.pow_succ]
