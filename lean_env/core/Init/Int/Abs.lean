prelude
import Init.Int.OrderMul
/-!
# `min`, `max`, `natAbs`, `toNat` and `sign` on `Int`
-/
set_option autoImplicit true

namespace Int
variable {a b c : Int}

/-! ## `min` and `max` -/
protected theorem min_def (n m : Int) : min n m = if n ≤ m then n else m := rfl
protected theorem max_def (n m : Int) : max n m = if n ≤ m then m else n := rfl
protected theorem min_eq_left (h : a ≤ b) : min a b = a := if_pos h
protected theorem max_eq_right (h : a ≤ b) : max a b = b := if_pos h
protected theorem min_eq_right (h : b ≤ a) : min a b = b := by
  rw [Int.min_def]; split
  · exact Int.le_antisymm ‹_› h
  · rfl
protected theorem max_eq_left (h : b ≤ a) : max a b = a := by
  rw [Int.max_def]; split
  · exact Int.le_antisymm h ‹_›
  · rfl
protected theorem min_comm (a b : Int) : min a b = min b a :=
  (Int.le_total a b).elim (fun h => (Int.min_eq_left h).trans (Int.min_eq_right h).symm)
    (fun h => (Int.min_eq_right h).trans (Int.min_eq_left h).symm)
protected theorem max_comm (a b : Int) : max a b = max b a :=
  (Int.le_total a b).elim (fun h => (Int.max_eq_right h).trans (Int.max_eq_left h).symm)
    (fun h => (Int.max_eq_left h).trans (Int.max_eq_right h).symm)
instance : Std.Commutative (α := Int) min := ⟨Int.min_comm⟩
instance : Std.Commutative (α := Int) max := ⟨Int.max_comm⟩
protected theorem min_le_left (a b : Int) : min a b ≤ a := by
  rw [Int.min_def]; split
  · exact Int.le_rfl
  · exact Int.le_of_not_le ‹_›
protected theorem min_le_right (a b : Int) : min a b ≤ b := Int.min_comm b a ▸ Int.min_le_left b a
protected theorem le_max_left (a b : Int) : a ≤ max a b := by
  rw [Int.max_def]; split
  · assumption
  · exact Int.le_rfl
protected theorem le_max_right (a b : Int) : b ≤ max a b := Int.max_comm b a ▸ Int.le_max_left b a
protected theorem le_min : a ≤ min b c ↔ a ≤ b ∧ a ≤ c :=
  ⟨fun h => ⟨Int.le_trans h (Int.min_le_left ..), Int.le_trans h (Int.min_le_right ..)⟩,
   fun h => by rw [Int.min_def]; split; exact h.1; exact h.2⟩
protected theorem lt_min : a < min b c ↔ a < b ∧ a < c := Int.le_min
protected theorem max_le : max a b ≤ c ↔ a ≤ c ∧ b ≤ c :=
  ⟨fun h => ⟨Int.le_trans (Int.le_max_left ..) h, Int.le_trans (Int.le_max_right ..) h⟩,
   fun h => by rw [Int.max_def]; split; exact h.2; exact h.1⟩
protected theorem max_lt : max a b < c ↔ a < c ∧ b < c := by
  rw [← Int.not_le, ← Int.not_le, ← Int.not_le, ← not_or]
  refine not_congr ⟨fun h => ?_, fun h => h.elim (Int.le_trans · (Int.le_max_left ..))
    (Int.le_trans · (Int.le_max_right ..))⟩
  rw [Int.max_def] at h
  split at h
  · exact .inr h
  · exact .inl h
@[simp] protected theorem min_self (a : Int) : min a a = a := Int.min_eq_left a.le_refl
@[simp] protected theorem max_self (a : Int) : max a a = a := Int.max_eq_left a.le_refl
instance : Std.IdempotentOp (α := Int) min := ⟨Int.min_self⟩
instance : Std.IdempotentOp (α := Int) max := ⟨Int.max_self⟩

/-! ## Absolute value -/
@[simp, norm_cast] theorem natAbs_natCast (n : Nat) : natAbs ↑n = n := rfl
@[simp] theorem natAbs_negSucc (n : Nat) : natAbs -[n+1] = n.succ := rfl
@[simp] theorem natAbs_zero : natAbs (0 : Int) = 0 := rfl
@[simp] theorem natAbs_one : natAbs (1 : Int) = 1 := rfl
@[simp] theorem natAbs_eq_zero : natAbs a = 0 ↔ a = 0 :=
  ⟨fun h => match a, h with | ofNat _, h => congrArg ofNat h, fun h => h ▸ rfl⟩
theorem natAbs_ne_zero : a.natAbs ≠ 0 ↔ a ≠ 0 := not_congr natAbs_eq_zero
@[simp] theorem natAbs_pos : 0 < natAbs a ↔ a ≠ 0 := Nat.pos_iff_ne_zero.trans natAbs_ne_zero
@[simp] theorem natAbs_neg : ∀ a : Int, natAbs (-a) = natAbs a
  | ofNat 0 => rfl
  | ofNat (_ + 1) => rfl
  | -[_+1] => rfl
theorem natAbs_eq : ∀ a : Int, a = natAbs a ∨ a = -↑(natAbs a)
  | ofNat _ => .inl rfl
  | -[_+1] => .inr rfl
theorem natAbs_of_nonneg (h : 0 ≤ a) : (natAbs a : Int) = a := by
  obtain ⟨n, rfl⟩ := eq_ofNat_of_zero_le h; rfl
theorem eq_natAbs_of_nonneg (h : 0 ≤ a) : a = natAbs a := (natAbs_of_nonneg h).symm
theorem ofNat_natAbs_of_nonpos (h : a ≤ 0) : (natAbs a : Int) = -a := by
  rw [← natAbs_neg, natAbs_of_nonneg (Int.neg_nonneg_of_nonpos h)]
theorem eq_neg_natAbs_of_nonpos (h : a ≤ 0) : a = -natAbs a := by
  rw [ofNat_natAbs_of_nonpos h, Int.neg_neg]
theorem le_natAbs {a : Int} : a ≤ natAbs a :=
  (Int.le_total 0 a).elim (fun h => Int.le_of_eq (eq_natAbs_of_nonneg h))
    (fun h => Int.le_trans h (natCast_nonneg _))
theorem natAbs_mul (a b : Int) : natAbs (a * b) = natAbs a * natAbs b := by
  cases natAbs_eq a with
  | inl ha => cases natAbs_eq b with
    | inl hb => rw [ha, hb]; rfl
    | inr hb => rw [ha, hb, Int.mul_neg, natAbs_neg, natAbs_neg]; rfl
  | inr ha => cases natAbs_eq b with
    | inl hb => rw [ha, hb, Int.neg_mul, natAbs_neg, natAbs_neg]; rfl
    | inr hb => rw [ha, hb, Int.neg_mul_neg, natAbs_neg, natAbs_neg]; rfl
theorem natAbs_mul_self : ∀ {a : Int}, (natAbs a * natAbs a : Int) = a * a
  | ofNat _ => rfl
  | -[_+1] => rfl
theorem natAbs_eq_natAbs_iff {a b : Int} : a.natAbs = b.natAbs ↔ a = b ∨ a = -b := by
  refine ⟨fun h => ?_, fun h => h.elim (congrArg _) fun e => e ▸ natAbs_neg b⟩
  cases natAbs_eq a with
  | inl ha => rw [ha, h]; exact (natAbs_eq b).imp Eq.symm fun e => by rw [← Int.eq_neg_comm]; exact e
  | inr ha => rw [ha, h]; exact (natAbs_eq b).symm.imp Eq.symm fun e => congrArg _ e.symm

/-! ## Truncation at zero -/
@[simp] theorem toNat_natCast (n : Nat) : toNat ↑n = n := rfl
@[simp] theorem toNat_negSucc (n : Nat) : (-[n+1]).toNat = 0 := rfl
@[simp] theorem toNat_zero : (0 : Int).toNat = 0 := rfl
@[simp] theorem toNat_one : (1 : Int).toNat = 1 := rfl
theorem toNat_eq_max : ∀ a : Int, (toNat a : Int) = max a 0
  | ofNat n => (Int.max_eq_left (natCast_nonneg n)).symm
  | -[n+1] => (Int.max_eq_right (negSucc_le_zero n)).symm
@[simp] theorem ofNat_toNat (a : Int) : (a.toNat : Int) = max a 0 := toNat_eq_max a
theorem toNat_of_nonneg (h : 0 ≤ a) : (toNat a : Int) = a := by rw [toNat_eq_max, Int.max_eq_left h]
theorem toNat_of_nonpos (h : a ≤ 0) : toNat a = 0 :=
  ofNat.inj ((toNat_eq_max a).trans (Int.max_eq_right h))
theorem self_le_toNat (a : Int) : a ≤ toNat a := toNat_eq_max a ▸ Int.le_max_left a 0
theorem le_toNat {n : Nat} {z : Int} (h : 0 ≤ z) : n ≤ z.toNat ↔ (n : Int) ≤ z := by
  rw [← ofNat_le, toNat_of_nonneg h]
theorem toNat_lt {n : Nat} {z : Int} (h : 0 ≤ z) : z.toNat < n ↔ z < (n : Int) := by
  rw [← Int.not_le, ← Nat.not_le, le_toNat h]
@[simp] theorem toNat_le {m : Int} {n : Nat} : m.toNat ≤ n ↔ m ≤ n := by
  rw [← ofNat_le, toNat_eq_max, Int.max_le]; exact and_iff_left (natCast_nonneg n)
theorem toNat_add (ha : 0 ≤ a) (hb : 0 ≤ b) : (a + b).toNat = a.toNat + b.toNat := by
  obtain ⟨m, rfl⟩ := eq_ofNat_of_zero_le ha
  obtain ⟨n, rfl⟩ := eq_ofNat_of_zero_le hb
  rfl
theorem toNat_mul (ha : 0 ≤ a) (hb : 0 ≤ b) : (a * b).toNat = a.toNat * b.toNat := by
  obtain ⟨m, rfl⟩ := eq_ofNat_of_zero_le ha
  obtain ⟨n, rfl⟩ := eq_ofNat_of_zero_le hb
  rfl
@[simp] theorem toNat_neg_natCast : ∀ n : Nat, (-(n : Int)).toNat = 0
  | 0 => rfl
  | _ + 1 => rfl
theorem toNat_sub_toNat_neg : ∀ n : Int, ↑n.toNat - ↑(-n).toNat = n
  | ofNat 0 => rfl
  | ofNat (_ + 1) => Int.sub_zero _
  | -[_+1] => Int.zero_sub _
@[simp] theorem toNat_add_toNat_neg_eq_natAbs : ∀ n : Int, n.toNat + (-n).toNat = n.natAbs
  | ofNat 0 => rfl
  | ofNat (_ + 1) => Nat.add_zero _
  | -[_+1] => Nat.zero_add _

/-! ## Sign -/
@[simp] theorem sign_zero : sign 0 = 0 := rfl
@[simp] theorem sign_one : sign 1 = 1 := rfl
theorem sign_neg_one : sign (-1) = -1 := rfl
@[simp] theorem sign_of_add_one (x : Nat) : sign (x + 1) = 1 := rfl
@[simp] theorem sign_negSucc (x : Nat) : sign -[x+1] = -1 := rfl
@[simp] theorem sign_neg : ∀ z : Int, sign (-z) = -sign z
  | ofNat 0 => rfl
  | ofNat (_ + 1) => rfl
  | -[_+1] => rfl
theorem sign_eq_one_of_pos (h : 0 < a) : sign a = 1 := by
  obtain ⟨n, rfl⟩ := eq_succ_of_zero_lt h; rfl
theorem sign_eq_neg_one_of_neg (h : a < 0) : sign a = -1 := by
  obtain ⟨n, rfl⟩ := eq_negSucc_of_lt_zero h; rfl
theorem sign_mul_natAbs : ∀ a : Int, sign a * natAbs a = a
  | ofNat 0 => rfl
  | ofNat (_ + 1) => Int.one_mul _
  | -[_+1] => (Int.neg_eq_neg_one_mul _).symm
@[simp] theorem sign_eq_zero : ∀ {a : Int}, sign a = 0 ↔ a = 0
  | ofNat 0 => Iff.rfl
  | ofNat (_ + 1) => ⟨nofun, nofun⟩
  | -[_+1] => ⟨nofun, nofun⟩

end Int
