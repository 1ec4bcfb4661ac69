/-! Natural numbers: arithmetic, order, subtraction, division, induction. -/

theorem add_zero_left (n : Nat) : 0 + n = n := Nat.zero_add n

theorem add_assoc_comm (a b c : Nat) : a + b + c = c + (b + a) := by
  rw [Nat.add_comm (a + b), Nat.add_comm a]

theorem mul_distributes (a b c : Nat) : a * (b + c) = a * b + a * c := Nat.mul_add a b c

theorem mul_commutes (a b : Nat) : a * b = b * a := by
  induction b with
  | zero => simp
  | succ b ih => rw [Nat.mul_succ, ih, Nat.succ_mul]

theorem square_of_sum (a b : Nat) : (a + b) ^ 2 = a ^ 2 + 2 * a * b + b ^ 2 := by
  simp only [Nat.pow_two, Nat.add_mul, Nat.mul_add, Nat.mul_comm b a, Nat.two_mul]
  omega

theorem pow_adds (a m n : Nat) : a ^ (m + n) = a ^ m * a ^ n := Nat.pow_add a m n

theorem pow_positive (a n : Nat) (h : 0 < a) : 0 < a ^ n := Nat.pow_pos h

theorem order_is_total (a b : Nat) : a ≤ b ∨ b ≤ a := Nat.le_total a b

theorem order_antisymmetric (a b : Nat) (h : a ≤ b) (k : b ≤ a) : a = b := Nat.le_antisymm h k

theorem order_trans (a b c : Nat) (h : a < b) (k : b ≤ c) : a < c := Nat.lt_of_lt_of_le h k

theorem trichotomy (a b : Nat) : a < b ∨ a = b ∨ b < a := Nat.lt_trichotomy a b

theorem le_is_sum (a b : Nat) : a ≤ b ↔ ∃ c, b = a + c :=
  ⟨Nat.exists_eq_add_of_le, fun ⟨c, h⟩ => h ▸ Nat.le_add_right a c⟩

theorem not_le_is_lt (a b : Nat) : ¬a ≤ b ↔ b < a := Nat.not_le

theorem cancel_addition (a b c : Nat) (h : a + b = a + c) : b = c := Nat.add_left_cancel h

theorem cancel_multiplication (a b c : Nat) (ha : 0 < a) (h : a * b = a * c) : b = c :=
  Nat.eq_of_mul_eq_mul_left ha h

theorem product_zero (a b : Nat) (h : a * b = 0) : a = 0 ∨ b = 0 := Nat.mul_eq_zero.mp h

theorem subtraction_truncates : 3 - 5 = 0 := rfl

theorem sub_then_add (a b : Nat) (h : b ≤ a) : a - b + b = a := Nat.sub_add_cancel h

theorem sub_sub_adds (a b c : Nat) : a - b - c = a - (b + c) := Nat.sub_sub a b c

theorem min_le_max (a b : Nat) : min a b ≤ max a b :=
  Nat.le_trans (Nat.min_le_left a b) (Nat.le_max_left a b)

theorem max_commutes (a b : Nat) : max a b = max b a := Nat.max_comm a b

theorem division_with_remainder (a b : Nat) : b * (a / b) + a % b = a := Nat.div_add_mod a b

theorem remainder_is_small (a b : Nat) (h : 0 < b) : a % b < b := Nat.mod_lt a h

theorem divides_transitive (a b c : Nat) (h : a ∣ b) (k : b ∣ c) : a ∣ c := Nat.dvd_trans h k

theorem divides_sum (a b c : Nat) (h : a ∣ b) (k : a ∣ c) : a ∣ b + c := Nat.dvd_add h k

theorem divisor_is_smaller (a b : Nat) (hb : 0 < b) (h : a ∣ b) : a ≤ b := Nat.le_of_dvd hb h

theorem divides_decided : 7 ∣ 91 ∧ ¬7 ∣ 92 := by decide

theorem even_or_odd (n : Nat) : (∃ k, n = 2 * k) ∨ ∃ k, n = 2 * k + 1 := by
  induction n with
  | zero => exact .inl ⟨0, rfl⟩
  | succ n ih =>
    rcases ih with ⟨k, rfl⟩ | ⟨k, rfl⟩
    · exact .inr ⟨k, rfl⟩
    · exact .inl ⟨k + 1, rfl⟩

theorem gcd_computes : Nat.gcd 84 36 = 12 := by decide

theorem big_numbers : 10 ^ 40 < 10 ^ 41 ∧ 123456789 * 987654321 = 121932631112635269 := by decide

theorem strong_induction (p : Nat → Prop) (h : ∀ n, (∀ m, m < n → p m) → p n) (n : Nat) : p n :=
  Nat.strongRecOn n h

theorem successor_injective (a b : Nat) (h : a.succ = b.succ) : a = b := Nat.succ.inj h

theorem zero_is_no_successor (n : Nat) : n + 1 ≠ 0 := Nat.succ_ne_zero n

theorem positive_has_predecessor (n : Nat) (h : 0 < n) : ∃ m, n = m + 1 :=
  ⟨n - 1, (Nat.sub_add_cancel h).symm⟩

theorem sum_of_odds (n : Nat) : ((List.range n).map fun k => 2 * k + 1).sum = n * n := by
  induction n with
  | zero => rfl
  | succ n ih =>
    rw [List.range_succ, List.map_append, List.sum_append_nat, ih]
    simp [Nat.add_mul, Nat.mul_add]
    omega
