prelude
import Init.Nat.Dvd
import Init.WF
/-!
# `Nat`: greatest common divisor

Euclid's algorithm, which the kernel computes, and what characterises it.
-/
set_option autoImplicit true

namespace Nat

@[extern "lean_nat_gcd"]
def gcd (m n : @& Nat) : Nat :=
  if m = 0 then n else gcd (n % m) m
termination_by m
decreasing_by exact mod_lt _ (zero_lt_of_ne_zero ‹_›)

@[simp] theorem gcd_zero_left (y : Nat) : gcd 0 y = y := by rw [gcd, if_pos rfl]
theorem gcd_succ (x y : Nat) : gcd (succ x) y = gcd (y % succ x) (succ x) := by
  rw [gcd, if_neg (succ_ne_zero x)]
theorem gcd_rec (m n : Nat) : gcd m n = gcd (n % m) m :=
  match m with
  | 0 => by
    rw [mod_zero, gcd_zero_left]
    match n with
    | 0 => exact (gcd_zero_left 0).symm
    | n + 1 => rw [gcd_succ, zero_mod, gcd_zero_left]
  | m + 1 => gcd_succ m n
@[simp] theorem gcd_zero_right (n : Nat) : gcd n 0 = n := by
  match n with
  | 0 => exact gcd_zero_left 0
  | n + 1 => rw [gcd_succ, zero_mod, gcd_zero_left]

@[elab_as_elim] theorem gcd.induction {P : Nat → Nat → Prop} (m n : Nat) (H0 : ∀ n, P 0 n)
    (H1 : ∀ m n, 0 < m → P (n % m) m → P m n) : P m n :=
  Nat.strongRecOn (motive := fun m => ∀ n, P m n) m
    (fun
      | 0, _ => H0
      | _ + 1, IH => fun _ => H1 _ _ (zero_lt_succ _) (IH _ (mod_lt _ (zero_lt_succ _)) _))
    n

theorem gcd_dvd (m n : Nat) : (gcd m n ∣ m) ∧ (gcd m n ∣ n) := by
  induction m, n using gcd.induction with
  | H0 n => rw [gcd_zero_left]; exact ⟨Nat.dvd_zero n, Nat.dvd_refl n⟩
  | H1 m n _ ih => rw [← gcd_rec] at ih; exact ⟨ih.2, (dvd_mod_iff ih.2).1 ih.1⟩
theorem gcd_dvd_left (m n : Nat) : gcd m n ∣ m := (gcd_dvd m n).1
theorem gcd_dvd_right (m n : Nat) : gcd m n ∣ n := (gcd_dvd m n).2
attribute [simp] gcd_dvd_left gcd_dvd_right
theorem dvd_gcd : k ∣ m → k ∣ n → k ∣ gcd m n := by
  induction m, n using gcd.induction with
  | H0 n => intro _ h; rwa [gcd_zero_left]
  | H1 m n _ ih => intro hm hn; rw [gcd_rec]; exact ih ((dvd_mod_iff hm).2 hn) hm
theorem dvd_gcd_iff : k ∣ gcd m n ↔ k ∣ m ∧ k ∣ n :=
  ⟨fun h => ⟨Nat.dvd_trans h (gcd_dvd_left m n), Nat.dvd_trans h (gcd_dvd_right m n)⟩, fun ⟨h₁, h₂⟩ => dvd_gcd h₁ h₂⟩
theorem gcd_comm (m n : Nat) : gcd m n = gcd n m :=
  Nat.dvd_antisymm (dvd_gcd (gcd_dvd_right m n) (gcd_dvd_left m n)) (dvd_gcd (gcd_dvd_right n m) (gcd_dvd_left n m))
instance : Std.Commutative gcd := ⟨gcd_comm⟩
theorem gcd_assoc (m n k : Nat) : gcd (gcd m n) k = gcd m (gcd n k) :=
  Nat.dvd_antisymm
    (dvd_gcd (Nat.dvd_trans (gcd_dvd_left ..) (gcd_dvd_left m n))
      (dvd_gcd (Nat.dvd_trans (gcd_dvd_left ..) (gcd_dvd_right m n)) (gcd_dvd_right ..)))
    (dvd_gcd (dvd_gcd (gcd_dvd_left ..) (Nat.dvd_trans (gcd_dvd_right m _) (gcd_dvd_left n k)))
      (Nat.dvd_trans (gcd_dvd_right m _) (gcd_dvd_right n k)))
@[simp] theorem gcd_self (n : Nat) : gcd n n = n :=
  Nat.dvd_antisymm (gcd_dvd_left n n) (dvd_gcd (Nat.dvd_refl n) (Nat.dvd_refl n))
@[simp] theorem gcd_one_left (n : Nat) : gcd 1 n = 1 := eq_one_of_dvd_one (gcd_dvd_left 1 n)
@[simp] theorem gcd_one_right (n : Nat) : gcd n 1 = 1 := eq_one_of_dvd_one (gcd_dvd_right n 1)
theorem gcd_eq_zero_iff {i j : Nat} : gcd i j = 0 ↔ i = 0 ∧ j = 0 :=
  ⟨fun h => ⟨Nat.eq_zero_of_zero_dvd (h ▸ gcd_dvd_left i j), Nat.eq_zero_of_zero_dvd (h ▸ gcd_dvd_right i j)⟩,
   fun ⟨h₁, h₂⟩ => by rw [h₁, h₂, gcd_zero_left]⟩
theorem gcd_pos_of_pos_left {m : Nat} (n : Nat) (h : 0 < m) : 0 < gcd m n :=
  pos_of_dvd_of_pos (gcd_dvd_left m n) h

def lcm (m n : Nat) : Nat := m * n / gcd m n
abbrev Coprime (m n : Nat) : Prop := gcd m n = 1
theorem Coprime.symm : Coprime n m → Coprime m n := (gcd_comm m n).trans

end Nat
