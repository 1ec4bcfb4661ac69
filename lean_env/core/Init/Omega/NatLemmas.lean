prelude
import Init.WF
import Init.Nat.Dvd
/-!
# Greatest common divisors

Euclid's algorithm, which the kernel computes with big numbers, and its characterisation: the divisors
of `gcd m n` are the common divisors of `m` and `n`.
-/
set_option autoImplicit true

namespace Nat

@[extern "lean_nat_gcd"]
def gcd (m n : @& Nat) : Nat :=
  if _h : m = 0 then n else gcd (n % m) m
termination_by m
decreasing_by exact mod_lt _ (Nat.pos_of_ne_zero ‹_›)

@[simp] theorem gcd_zero_left (n : Nat) : gcd 0 n = n := by rw [gcd, dif_pos rfl]
theorem gcd_succ (x y : Nat) : gcd (succ x) y = gcd (y % succ x) (succ x) := by
  rw [gcd, dif_neg nofun]
theorem gcd_add_one (x y : Nat) : gcd (x + 1) y = gcd (y % (x + 1)) (x + 1) := gcd_succ x y
@[simp] theorem gcd_zero_right : ∀ n : Nat, gcd n 0 = n
  | 0 => gcd_zero_left 0
  | n + 1 => by rw [gcd_add_one, zero_mod, gcd_zero_left]
theorem gcd_rec (m n : Nat) : gcd m n = gcd (n % m) m := by
  cases m with
  | zero => rw [gcd_zero_left, mod_zero, gcd_zero_right]
  | succ m => rw [gcd_succ]
@[elab_as_elim] theorem gcd.induction {P : Nat → Nat → Prop} (m n : Nat) (H0 : ∀ n, P 0 n)
    (H1 : ∀ m n, 0 < m → P (n % m) m → P m n) : P m n :=
  Nat.strong_induction_on (p := fun m => ∀ n, P m n) m (fun m ih n =>
    (eq_zero_or_pos m).elim (fun e => e ▸ H0 n) fun h => H1 m n h (ih _ (mod_lt n h) m)) n

theorem dvd_gcd_iff : k ∣ gcd m n ↔ k ∣ m ∧ k ∣ n := by
  refine gcd.induction m n (fun n => ?_) (fun m n _ ih => ?_)
  · rw [gcd_zero_left]; exact (and_iff_right (Nat.dvd_zero k)).symm
  · rw [gcd_rec, ih, and_comm]; exact and_congr_right fun h => dvd_mod_iff h
theorem gcd_dvd (m n : Nat) : gcd m n ∣ m ∧ gcd m n ∣ n := dvd_gcd_iff.1 (Nat.dvd_refl _)
theorem gcd_dvd_left (m n : Nat) : gcd m n ∣ m := (gcd_dvd m n).1
theorem gcd_dvd_right (m n : Nat) : gcd m n ∣ n := (gcd_dvd m n).2
theorem dvd_gcd (h₁ : k ∣ m) (h₂ : k ∣ n) : k ∣ gcd m n := dvd_gcd_iff.2 ⟨h₁, h₂⟩
theorem gcd_comm (m n : Nat) : gcd m n = gcd n m :=
  Nat.dvd_antisymm (dvd_gcd (gcd_dvd_right ..) (gcd_dvd_left ..))
    (dvd_gcd (gcd_dvd_right ..) (gcd_dvd_left ..))
theorem gcd_assoc (m n k : Nat) : gcd (gcd m n) k = gcd m (gcd n k) :=
  Nat.dvd_antisymm
    (dvd_gcd_iff.2 ⟨Nat.dvd_trans (gcd_dvd_left ..) (gcd_dvd_left ..),
      dvd_gcd (Nat.dvd_trans (gcd_dvd_left ..) (gcd_dvd_right ..)) (gcd_dvd_right ..)⟩)
    (dvd_gcd_iff.2 ⟨dvd_gcd (gcd_dvd_left ..) (Nat.dvd_trans (gcd_dvd_right ..) (gcd_dvd_left ..)),
      Nat.dvd_trans (gcd_dvd_right ..) (gcd_dvd_right ..)⟩)
instance : Std.Commutative gcd := ⟨gcd_comm⟩
instance : Std.Associative gcd := ⟨gcd_assoc⟩
theorem gcd_eq_left {m n : Nat} (h : m ∣ n) : gcd m n = m :=
  Nat.dvd_antisymm (gcd_dvd_left ..) (dvd_gcd (Nat.dvd_refl m) h)
theorem gcd_eq_right {m n : Nat} (h : n ∣ m) : gcd m n = n := gcd_comm n m ▸ gcd_eq_left h
@[simp] theorem gcd_self (n : Nat) : gcd n n = n := gcd_eq_left (Nat.dvd_refl n)
@[simp] theorem gcd_one_left (n : Nat) : gcd 1 n = 1 := gcd_eq_left (Nat.one_dvd n)
@[simp] theorem gcd_one_right (n : Nat) : gcd n 1 = 1 := gcd_eq_right (Nat.one_dvd n)
theorem gcd_pos_of_pos_left {m : Nat} (n : Nat) (h : 0 < m) : 0 < gcd m n :=
  pos_of_dvd_of_pos (gcd_dvd_left m n) h
theorem gcd_pos_of_pos_right (m : Nat) {n : Nat} (h : 0 < n) : 0 < gcd m n :=
  pos_of_dvd_of_pos (gcd_dvd_right m n) h
theorem gcd_le_left (n : Nat) (h : 0 < m) : gcd m n ≤ m := le_of_dvd h (gcd_dvd_left m n)
theorem gcd_le_right (n : Nat) (h : 0 < n) : gcd m n ≤ n := le_of_dvd h (gcd_dvd_right m n)
theorem gcd_eq_zero_iff {i j : Nat} : gcd i j = 0 ↔ i = 0 ∧ j = 0 := by
  rw [← Nat.zero_dvd, dvd_gcd_iff, Nat.zero_dvd, Nat.zero_dvd]

end Nat
