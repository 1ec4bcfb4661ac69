/-! What `simp` and its relatives do without being told how. -/

theorem simp_literals : 2 ^ 10 - 24 = 1000 ∧ 12 % 5 = 2 ∧ 12 / 5 = 2 := by simp

theorem simp_offsets (x y : Nat) (h : x + 5 = y + 3) : x + 2 = y := by simp at h; exact h

theorem simp_offsets_le (x y : Nat) (h : x + 3 ≤ y + 5) : x ≤ y + 2 := by simp at h; exact h

theorem simp_impossible (x : Nat) (h : x + 5 = 3) : False := by simp at h

theorem simp_cancels (a b : Nat) (h : a + 2 = b + 2) : a = b := by simpa using h

theorem simp_sum_zero (x y : Nat) (h : x + y = 0) : x = 0 ∧ y = 0 := by simpa using h

theorem simp_not_lt (a b : Nat) (h : ¬a < b) : b ≤ a := by simpa using h

theorem simp_not_exists (p : Nat → Prop) (h : ¬∃ x, p x) : ∀ x, ¬p x := by simpa using h

theorem simp_not_forall (p : Nat → Prop) (h : ¬∀ x, p x) : ∃ x, ¬p x := by simpa using h

theorem simp_exists_eq (p : Nat → Prop) : (∃ x, x = 3 ∧ p x) ↔ p 3 := by simp

theorem simp_forall_eq (p : Nat → Prop) : (∀ x, x = 3 → p x) ↔ p 3 := by simp

theorem simp_under_binders (f : Nat → Nat) : (fun x => f (x + 0)) = f := by simp

theorem simp_conditional (f : Nat → Nat) (h : ∀ x, 0 < x → f x = x) (n : Nat) (hn : 0 < n) : f n = n := by
  simp [h, hn]

theorem simp_contextual (p q : Prop) : p → q → p ∧ q := by simp +contextual

theorem simp_reversed (a b : Nat) (h : a = b) : b + 0 = a := by simp [← h]

theorem simp_star (p q r : Prop) (hp : p) (hq : q) (h : p ∧ q → r) : r := by simp [*] at *

theorem simp_discharger (f : Nat → Nat) (h : ∀ x, 3 < x → f x = 0) (n : Nat) (hn : 5 < n) : f n = 0 := by
  simp (disch := omega) [h]

theorem simp_with_definition (n : Nat) : (let m := n + 0; m * 1) = n := by simp

theorem simp_if (n : Nat) (h : n ≠ 0) : (if n = 0 then 1 else 2) = 2 := by simp [h]

theorem simp_match_reduces (n : Nat) : (match n + 1 with | 0 => 0 | m + 1 => m) = n := by simp

theorem simp_structures (a b c d : Nat) : (a, b) = (c, d) ↔ a = c ∧ b = d := by simp

theorem simp_list_program (xs : List Nat) : ((xs.map (· + 1)).reverse ++ []).length = xs.length := by simp

theorem simp_bool (b c : Bool) (h : (b && !c) = true) : b = true ∧ c = false := by simpa using h

theorem simp_all_chains (a b c : Nat) (h : a = b) (k : b = c) : a = c := by simp_all

theorem simp_commutes (a b c : Nat) : a + b + c = c + b + a := by
  simp [Nat.add_comm, Nat.add_left_comm]

theorem simp_decides : ¬(10 < 3) ∧ 3 ∣ 12 := by simp

theorem simp_int (a : Int) : a - a + 0 * a = 0 := by simp

theorem simp_negated (p q : Prop) : ¬(p ∧ q) ↔ p → ¬q := by simp

theorem simp_classical (p : Prop) : ¬¬p ↔ p := by simp

theorem simp_option (x : Option Nat) (h : x.map (· + 1) = some 3) : x = some 2 := by simpa using h
