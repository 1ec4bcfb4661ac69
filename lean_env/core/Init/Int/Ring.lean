prelude
import Init.Int.Basic
/-!
# `Int` is a commutative ring

Every integer is a difference `subNatNat m n` of two natural numbers, and two differences are equal
when they agree after adding across. Sum, opposite and product of differences are differences again,
so each ring law becomes an identity between natural numbers that commuting and distributing settles.
-/
set_option autoImplicit true

namespace Int

/-! ## Constructors and casts -/
@[simp, norm_cast] theorem natCast_add (n m : Nat) : (↑(n + m) : Int) = n + m := rfl
@[simp, norm_cast] theorem natCast_mul (n m : Nat) : (↑(n * m) : Int) = n * m := rfl
theorem ofNat_add (n m : Nat) : (↑(n + m) : Int) = n + m := rfl
theorem ofNat_mul (n m : Nat) : (↑(n * m) : Int) = n * m := rfl
@[norm_cast] theorem natCast_succ (n : Nat) : (Nat.succ n : Int) = n + 1 := rfl
theorem ofNat_succ (n : Nat) : (Nat.succ n : Int) = n + 1 := rfl
theorem natCast_add_one (n : Nat) : ((n + 1 : Nat) : Int) = n + 1 := rfl
@[simp] protected theorem neg_zero : -(0 : Int) = 0 := rfl
theorem neg_ofNat_zero : -((0 : Nat) : Int) = 0 := rfl
theorem neg_ofNat_succ (n : Nat) : -(Nat.succ n : Int) = -[n+1] := rfl
theorem neg_negSucc (n : Nat) : -(-[n+1]) = Nat.succ n := rfl
theorem negSucc_coe (n : Nat) : -[n+1] = -↑(n + 1) := rfl
theorem negOfNat_eq : negOfNat n = -ofNat n := rfl
theorem negSucc_eq (n : Nat) : -[n+1] = -((n : Int) + 1) := rfl
@[simp] theorem add_def {a b : Int} : Int.add a b = a + b := rfl
@[simp] theorem mul_def {a b : Int} : Int.mul a b = a * b := rfl
@[simp] theorem neg_def {a : Int} : Int.neg a = -a := rfl
@[simp] theorem sub_def {a b : Int} : Int.sub a b = a - b := rfl
@[norm_cast] theorem ofNat_inj : ((m : Nat) : Int) = (n : Nat) ↔ m = n := ⟨ofNat.inj, congrArg _⟩
@[simp] theorem natCast_inj {m n : Nat} : (m : Int) = n ↔ m = n := ofNat_inj
@[simp] theorem natCast_eq_zero {n : Nat} : (n : Int) = 0 ↔ n = 0 := ofNat_inj
theorem ofNat_eq_zero : ((n : Nat) : Int) = 0 ↔ n = 0 := ofNat_inj
theorem natCast_ne_zero {n : Nat} : (n : Int) ≠ 0 ↔ n ≠ 0 := not_congr ofNat_eq_zero
theorem ofNat_ne_zero : ((n : Nat) : Int) ≠ 0 ↔ n ≠ 0 := not_congr ofNat_eq_zero
theorem negSucc_inj : negSucc m = negSucc n ↔ m = n := ⟨negSucc.inj, congrArg negSucc⟩
@[simp] theorem negSucc_ne_zero (n : Nat) : -[n+1] ≠ 0 := nofun
@[simp] theorem zero_ne_negSucc (n : Nat) : 0 ≠ -[n+1] := nofun
@[simp, norm_cast] theorem Nat.cast_ofNat_Int :
    (Nat.cast (no_index (OfNat.ofNat n)) : Int) = OfNat.ofNat n := rfl
protected theorem sub_eq_add_neg {a b : Int} : a - b = a + -b := rfl
theorem add_neg_one (i : Int) : i + -1 = i - 1 := rfl
theorem negSucc_sub_one (n : Nat) : -[n+1] - 1 = -[n + 1 +1] := rfl

/-! ## Differences of natural numbers -/
private theorem zero_sub_nat : ∀ n : Nat, 0 - n = 0
  | 0 => rfl
  | n + 1 => congrArg Nat.pred (zero_sub_nat n)

private theorem exists_add_of_le {m n : Nat} (h : m ≤ n) : ∃ k, m + k = n := by
  induction h with
  | refl => exact ⟨0, rfl⟩
  | step _ ih => exact ih.elim fun k e => ⟨k + 1, congrArg Nat.succ e⟩

theorem subNatNat_zero (n : Nat) : subNatNat n 0 = n := by
  unfold subNatNat; rw [zero_sub_nat]; rfl

theorem subNatNat_add_add (m n k : Nat) : subNatNat (m + k) (n + k) = subNatNat m n := by
  induction k with
  | zero => rfl
  | succ k ih =>
    rw [← ih]; unfold subNatNat
    rw [← Nat.add_assoc, ← Nat.add_assoc, Nat.add_one, Nat.add_one, Nat.succ_sub_succ_eq_sub,
      Nat.succ_sub_succ_eq_sub]

/-- Two differences are equal when they agree after adding across. -/
private theorem sound {m n k l : Nat} (h : m + l = k + n) : subNatNat m n = subNatNat k l := by
  rw [← subNatNat_add_add m n l, h, Nat.add_comm n l, subNatNat_add_add]

theorem subNatNat_add_left : subNatNat (m + n) m = n :=
  (sound (k := n) (l := 0) (Nat.add_comm m n)).trans (subNatNat_zero n)
theorem subNatNat_add_right : subNatNat m (m + n + 1) = -[n+1] :=
  sound (k := 0) (l := n + 1) (Nat.zero_add _).symm
theorem subNatNat_self (n : Nat) : subNatNat n n = 0 := sound (k := 0) (l := 0) (Nat.add_comm n 0)

@[elab_as_elim]
theorem subNatNat_elim (m n : Nat) (motive : Nat → Nat → Int → Prop)
    (hp : ∀ i n, motive (n + i) n i) (hn : ∀ i m, motive m (m + i + 1) -[i+1]) :
    motive m n (subNatNat m n) := by
  cases Nat.lt_or_ge m n with
  | inl h =>
    obtain ⟨k, rfl⟩ := exists_add_of_le h
    rw [Nat.succ_add, ← Nat.add_one, subNatNat_add_right]; exact hn ..
  | inr h => obtain ⟨k, rfl⟩ := exists_add_of_le h; rw [subNatNat_add_left]; exact hp ..

private theorem rep : ∀ a : Int, ∃ m n, a = subNatNat m n
  | ofNat m => ⟨m, 0, (subNatNat_zero m).symm⟩
  | -[n+1] => ⟨0, n + 1, rfl⟩

private theorem neg_subNatNat (m n : Nat) : -subNatNat m n = subNatNat n m :=
  subNatNat_elim m n (fun m n i => -i = subNatNat n m)
    (fun i n => by cases i with
      | zero => exact (subNatNat_self n).symm
      | succ i => exact subNatNat_add_right.symm)
    (fun _ _ => subNatNat_add_left.symm)

private theorem add_subNatNat (m n k l : Nat) :
    subNatNat m n + subNatNat k l = subNatNat (m + k) (n + l) :=
  subNatNat_elim m n (fun m n a => a + subNatNat k l = subNatNat (m + k) (n + l))
    (fun i n => subNatNat_elim k l (fun k l b => i + b = subNatNat (n + i + k) (n + l))
      (fun j l => (subNatNat_zero (i + j)).symm.trans
        (sound (by simp only [Nat.add_comm, Nat.add_left_comm, Nat.add_zero])))
      (fun j k => sound (k := n + i + k) (l := n + (k + j + 1)) (m := i) (n := j + 1)
        (by simp only [Nat.add_comm, Nat.add_left_comm, Nat.add_assoc])))
    (fun i m => subNatNat_elim k l (fun k l b => -[i+1] + b = subNatNat (m + k) (m + i + 1 + l))
      (fun j l => sound (k := m + (l + j)) (l := m + i + 1 + l) (m := j) (n := i + 1)
        (by simp only [Nat.add_comm, Nat.add_left_comm, Nat.add_assoc]))
      (fun j k => sound (k := m + k) (l := m + i + 1 + (k + j + 1)) (m := 0) (n := i + j + 1 + 1)
        (by simp only [Nat.add_comm, Nat.add_left_comm, Nat.add_assoc, Nat.zero_add])))

private theorem negOfNat_eq_subNatNat (n : Nat) : negOfNat n = subNatNat 0 n := by cases n <;> rfl

private theorem cross (m k p q : Nat) :
    p * q + (m * (k + q) + (m + p) * k) = m * k + (m + p) * (k + q) := by
  rw [Nat.add_mul, Nat.add_mul, Nat.mul_add p, Nat.add_left_comm (m * k), Nat.add_left_comm (p * q),
    ← Nat.add_assoc (m * k), Nat.add_comm (p * q)]
private theorem cross' (m k p q : Nat) :
    p * q + ((m + p) * k + m * (k + q)) = (m + p) * (k + q) + m * k := by
  rw [Nat.add_comm _ (m * (k + q)), cross, Nat.add_comm]

private theorem mul_subNatNat (m n k l : Nat) :
    subNatNat m n * subNatNat k l = subNatNat (m * k + n * l) (m * l + n * k) :=
  subNatNat_elim m n (fun m n a => a * subNatNat k l = subNatNat (m * k + n * l) (m * l + n * k))
    (fun i n => subNatNat_elim k l
      (fun k l b => i * b = subNatNat ((n + i) * k + n * l) ((n + i) * l + n * k))
      (fun j l => (subNatNat_zero (i * j)).symm.trans (sound (cross' n l i j)))
      (fun j k => (negOfNat_eq_subNatNat (i * (j + 1))).trans (sound (l := _ + n * k)
        ((Nat.zero_add _).trans ((cross' n k i (j + 1)).symm.trans (Nat.add_comm ..))))))
    (fun i m => subNatNat_elim k l
      (fun k l b => -[i+1] * b = subNatNat (m * k + (m + i + 1) * l) (m * l + (m + i + 1) * k))
      (fun j l => (negOfNat_eq_subNatNat ((i + 1) * j)).trans (sound
        ((Nat.zero_add _).trans ((cross m l (i + 1) j).symm.trans (Nat.add_comm ..)))))
      (fun j k => (subNatNat_zero ((i + 1) * (j + 1))).symm.trans
        (sound (cross m k (i + 1) (j + 1)))))

/-! ## Addition -/
protected theorem add_comm (a b : Int) : a + b = b + a := by
  obtain ⟨m, n, rfl⟩ := rep a; obtain ⟨k, l, rfl⟩ := rep b
  rw [add_subNatNat, add_subNatNat, Nat.add_comm m, Nat.add_comm n]
instance : Std.Commutative (α := Int) (· + ·) := ⟨Int.add_comm⟩
protected theorem add_assoc (a b c : Int) : a + b + c = a + (b + c) := by
  obtain ⟨m, n, rfl⟩ := rep a; obtain ⟨k, l, rfl⟩ := rep b; obtain ⟨p, q, rfl⟩ := rep c
  rw [add_subNatNat, add_subNatNat, add_subNatNat, add_subNatNat, Nat.add_assoc, Nat.add_assoc]
instance : Std.Associative (α := Int) (· + ·) := ⟨Int.add_assoc⟩
@[simp] protected theorem add_zero : ∀ a : Int, a + 0 = a
  | ofNat _ => rfl
  | -[_+1] => rfl
@[simp] protected theorem zero_add (a : Int) : 0 + a = a := (Int.add_comm 0 a).trans a.add_zero
instance : Std.LawfulIdentity (α := Int) (· + ·) 0 where
  left_id := Int.zero_add
  right_id := Int.add_zero
protected theorem add_left_comm (a b c : Int) : a + (b + c) = b + (a + c) := by
  rw [← Int.add_assoc, Int.add_comm a, Int.add_assoc]
protected theorem add_right_comm (a b c : Int) : a + b + c = a + c + b := by
  rw [Int.add_assoc, Int.add_comm b, ← Int.add_assoc]
protected theorem add_left_neg (a : Int) : -a + a = 0 := by
  obtain ⟨m, n, rfl⟩ := rep a
  rw [neg_subNatNat, add_subNatNat, Nat.add_comm, subNatNat_self]
protected theorem add_right_neg (a : Int) : a + -a = 0 := by rw [Int.add_comm, Int.add_left_neg]

/-! ## Multiplication -/
protected theorem mul_comm (a b : Int) : a * b = b * a := by
  obtain ⟨m, n, rfl⟩ := rep a; obtain ⟨k, l, rfl⟩ := rep b
  rw [mul_subNatNat, mul_subNatNat, Nat.mul_comm k m, Nat.mul_comm l n, Nat.mul_comm k n,
    Nat.mul_comm l m, Nat.add_comm (n * k)]
instance : Std.Commutative (α := Int) (· * ·) := ⟨Int.mul_comm⟩
protected theorem mul_assoc (a b c : Int) : a * b * c = a * (b * c) := by
  obtain ⟨m, n, rfl⟩ := rep a; obtain ⟨k, l, rfl⟩ := rep b; obtain ⟨p, q, rfl⟩ := rep c
  have e (m n k l p q : Nat) :
      (m * k + n * l) * p + (m * l + n * k) * q = m * (k * p + l * q) + n * (k * q + l * p) := by
    rw [Nat.add_mul, Nat.add_mul, Nat.mul_add, Nat.mul_add, Nat.mul_assoc, Nat.mul_assoc, Nat.mul_assoc,
      Nat.mul_assoc, Nat.add_add_add_comm, Nat.add_comm (n * (l * p))]
  rw [mul_subNatNat, mul_subNatNat, mul_subNatNat, mul_subNatNat, e m n, e m n]
instance : Std.Associative (α := Int) (· * ·) := ⟨Int.mul_assoc⟩
protected theorem mul_left_comm (a b c : Int) : a * (b * c) = b * (a * c) := by
  rw [← Int.mul_assoc, ← Int.mul_assoc, Int.mul_comm a]
protected theorem mul_right_comm (a b c : Int) : a * b * c = a * c * b := by
  rw [Int.mul_assoc, Int.mul_assoc, Int.mul_comm b]
@[simp] protected theorem mul_zero : ∀ a : Int, a * 0 = 0
  | ofNat _ => rfl
  | -[_+1] => rfl
@[simp] protected theorem zero_mul (a : Int) : 0 * a = 0 := (Int.mul_comm 0 a).trans a.mul_zero
@[simp] protected theorem mul_one : ∀ a : Int, a * 1 = a
  | ofNat n => congrArg ofNat (Nat.mul_one n)
  | -[n+1] => congrArg negOfNat (Nat.mul_one (n + 1))
@[simp] protected theorem one_mul (a : Int) : 1 * a = a := (Int.mul_comm 1 a).trans a.mul_one
instance : Std.LawfulIdentity (α := Int) (· * ·) 1 where
  left_id := Int.one_mul
  right_id := Int.mul_one
protected theorem mul_add (a b c : Int) : a * (b + c) = a * b + a * c := by
  obtain ⟨m, n, rfl⟩ := rep a; obtain ⟨k, l, rfl⟩ := rep b; obtain ⟨p, q, rfl⟩ := rep c
  rw [mul_subNatNat, mul_subNatNat, add_subNatNat, add_subNatNat, mul_subNatNat, Nat.mul_add,
    Nat.mul_add, Nat.mul_add, Nat.mul_add, Nat.add_add_add_comm, Nat.add_add_add_comm (m * l)]
protected theorem add_mul (a b c : Int) : (a + b) * c = a * c + b * c := by
  rw [Int.mul_comm, Int.mul_add, Int.mul_comm c, Int.mul_comm c]

/-! ## What `subNatNat` is -/
protected theorem subNatNat_eq_coe {m n : Nat} : subNatNat m n = ↑m - ↑n := by
  rw [Int.sub_eq_add_neg, ← subNatNat_zero m, ← subNatNat_zero n, neg_subNatNat, add_subNatNat,
    Nat.zero_add, Nat.add_zero]

end Int
