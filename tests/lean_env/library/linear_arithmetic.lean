/-! What `omega` decides: linear arithmetic over `Nat` and `Int`. -/

theorem omega_order (a b c : Nat) (h : a < b) (k : b ≤ c) : a + 1 ≤ c := by omega

theorem omega_integers (a b : Int) (h : 3 * a + 5 * b = 1) (k : 0 ≤ b) (l : b ≤ 1) : a = -3 ∧ False ∨ b ≠ 1 := by
  omega

theorem omega_parity (n : Nat) (h : n % 2 = 1) : ∃ k, n = 2 * k + 1 := ⟨n / 2, by omega⟩

theorem omega_subtraction (a b : Nat) (h : b ≤ a) : a - b + b = a := by omega

theorem omega_truncated (a b : Nat) : a - b ≤ a ∧ (a < b → a - b = 0) := by omega

theorem omega_division (n : Nat) : n / 3 * 3 ≤ n ∧ n < n / 3 * 3 + 3 := by omega

theorem omega_divides (n : Nat) (h : 6 ∣ n) : 3 ∣ n ∧ 2 ∣ n := by omega

theorem omega_min_max (a b : Nat) : min a b + max a b = a + b := by omega

theorem omega_logic (a b : Nat) : a < b ∨ a = b ∨ b < a := by omega

theorem omega_negation (a b : Int) (h : ¬a ≤ b) : b < a := by omega

theorem omega_implication (a b : Nat) (h : a = 3 → b = 4) (k : a = 3) : a + b = 7 := by omega

theorem omega_iff (a : Nat) (p : Prop) (h : p ↔ a < 3) (hp : p) : a ≤ 2 := by
  rw [h] at hp
  omega

theorem omega_casts (a b : Nat) (h : (a : Int) < b) : a < b := by omega

theorem omega_negative_remainder (a : Int) : 0 ≤ a % 5 ∧ a % 5 < 5 := by omega

theorem omega_if (a b : Nat) : (if a ≤ b then a else b) ≤ b := by
  split <;> omega

theorem omega_existing_contradiction (a : Nat) (h : 2 * a = 7) : 1 = 2 := by omega

theorem omega_shadows (x y : Int) (h : 2 * x < 3 * y + 1) (k : 3 * y < 2 * x) : 1 = 2 := by omega

theorem omega_powers (n : Nat) (h : n < 2 ^ 5) : n / 2 ^ 4 ≤ 1 := by omega

theorem omega_fin (i : Fin 7) (h : 5 < i.val) : i.val = 6 := by omega

theorem omega_conjunction (a b c : Nat) (h : a ≤ b ∧ b ≤ c) : a ≤ c ∧ (a = c → b = a) := by omega
