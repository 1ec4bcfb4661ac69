prelude
import Init.Int.Ring
import Init.Nat.Order
/-!
# Opposites, subtraction and cancellation in `Int`

Group theory from the ring laws; products with opposites; when a product vanishes.
-/
set_option autoImplicit true

namespace Int

/-! ## Opposites -/
protected theorem add_left_cancel {a b c : Int} (h : a + b = a + c) : b = c := by
  have := congrArg (-a + ·) h
  simpa only [← Int.add_assoc, Int.add_left_neg, Int.zero_add] using this
protected theorem add_right_cancel {a b c : Int} (h : a + b = c + b) : a = c := by
  rw [Int.add_comm a, Int.add_comm c] at h; exact Int.add_left_cancel h
protected theorem neg_eq_of_add_eq_zero {a b : Int} (h : a + b = 0) : -a = b :=
  Int.add_left_cancel ((Int.add_right_neg a).trans h.symm)
@[simp] protected theorem neg_neg : ∀ a : Int, -(-a) = a
  | ofNat 0 => rfl
  | ofNat (_ + 1) => rfl
  | -[_+1] => rfl
protected theorem neg_inj {a b : Int} : -a = -b ↔ a = b :=
  ⟨fun h => by rw [← Int.neg_neg a, h, Int.neg_neg], congrArg _⟩
attribute [simp] Int.neg_inj
@[simp] protected theorem neg_eq_zero {a : Int} : -a = 0 ↔ a = 0 := Int.neg_inj (b := 0)
protected theorem neg_ne_zero {a : Int} : -a ≠ 0 ↔ a ≠ 0 := not_congr Int.neg_eq_zero
protected theorem eq_neg_of_eq_neg {a b : Int} (h : a = -b) : b = -a := by rw [h, Int.neg_neg]
protected theorem eq_neg_comm {a b : Int} : a = -b ↔ b = -a :=
  ⟨Int.eq_neg_of_eq_neg, Int.eq_neg_of_eq_neg⟩
protected theorem neg_eq_comm {a b : Int} : -a = b ↔ -b = a := by
  rw [eq_comm, Int.eq_neg_comm, eq_comm]
protected theorem neg_add_cancel_left (a b : Int) : -a + (a + b) = b := by
  rw [← Int.add_assoc, Int.add_left_neg, Int.zero_add]
protected theorem add_neg_cancel_left (a b : Int) : a + (-a + b) = b := by
  rw [← Int.add_assoc, Int.add_right_neg, Int.zero_add]
protected theorem add_neg_cancel_right (a b : Int) : a + b + -b = a := by
  rw [Int.add_assoc, Int.add_right_neg, Int.add_zero]
protected theorem neg_add_cancel_right (a b : Int) : a + -b + b = a := by
  rw [Int.add_assoc, Int.add_left_neg, Int.add_zero]
protected theorem neg_add {a b : Int} : -(a + b) = -a + -b :=
  Int.neg_eq_of_add_eq_zero (by
    rw [Int.add_comm (-a), Int.add_assoc, Int.add_neg_cancel_left, Int.add_right_neg])
theorem add_neg_eq_sub {a b : Int} : a + -b = a - b := rfl

/-! ## Subtraction -/
@[simp] protected theorem sub_self (a : Int) : a - a = 0 := Int.add_right_neg a
@[simp] protected theorem sub_zero (a : Int) : a - 0 = a := Int.add_zero a
@[simp] protected theorem zero_sub (a : Int) : 0 - a = -a := Int.zero_add (-a)
@[simp] protected theorem sub_neg (a b : Int) : a - -b = a + b := by
  rw [Int.sub_eq_add_neg, Int.neg_neg]
@[simp] protected theorem sub_add_cancel (a b : Int) : a - b + b = a := Int.neg_add_cancel_right a b
@[simp] protected theorem add_sub_cancel (a b : Int) : a + b - b = a := Int.add_neg_cancel_right a b
protected theorem add_sub_assoc (a b c : Int) : a + b - c = a + (b - c) := Int.add_assoc a b (-c)
protected theorem sub_add_eq_add_sub {a b c : Int} : a - b + c = a + c - b := Int.add_right_comm ..
protected theorem add_sub_right_comm (a b c : Int) : a + b - c = a - c + b := Int.add_right_comm ..
protected theorem sub_sub (a b c : Int) : a - b - c = a - (b + c) := by
  rw [Int.sub_eq_add_neg (b := b + c), Int.neg_add, ← Int.add_assoc]; rfl
protected theorem sub_right_comm (a b c : Int) : a - b - c = a - c - b := Int.add_right_comm ..
protected theorem neg_sub (a b : Int) : -(a - b) = b - a := by
  rw [Int.sub_eq_add_neg, Int.neg_add, Int.neg_neg, Int.add_comm]; rfl
attribute [simp] Int.neg_sub
protected theorem sub_sub_self (a b : Int) : a - (a - b) = b := by
  rw [Int.sub_eq_add_neg, Int.neg_sub, Int.add_comm, Int.sub_add_cancel]
protected theorem sub_add_cancel_left (a b : Int) : a - (a + b) = -b := by
  rw [← Int.sub_sub, Int.sub_self, Int.zero_sub]
@[simp] protected theorem add_sub_cancel_left (a b : Int) : a + b - a = b := by
  rw [Int.add_comm, Int.add_sub_cancel]
protected theorem add_sub_add_right (a b c : Int) : a + c - (b + c) = a - b := by
  rw [Int.add_comm b, ← Int.sub_sub, Int.add_sub_cancel]
protected theorem add_sub_add_left (a b c : Int) : c + a - (c + b) = a - b := by
  rw [Int.add_comm c, Int.add_comm c, Int.add_sub_add_right]
protected theorem sub_sub_sub_cancel_right (a b c : Int) : a - c - (b - c) = a - b :=
  Int.add_sub_add_right a b (-c)
protected theorem neg_sub_left (a b : Int) : -a - b = -(b + a) := by
  rw [Int.add_comm, Int.neg_add]; rfl
protected theorem sub_eq_zero_of_eq {a b : Int} (h : a = b) : a - b = 0 := h ▸ Int.sub_self a
protected theorem eq_of_sub_eq_zero {a b : Int} (h : a - b = 0) : a = b := by
  rw [← Int.sub_add_cancel a b, h, Int.zero_add]
protected theorem sub_eq_zero {a b : Int} : a - b = 0 ↔ a = b :=
  ⟨Int.eq_of_sub_eq_zero, Int.sub_eq_zero_of_eq⟩
protected theorem sub_eq_iff_eq_add {b a c : Int} : a - b = c ↔ a = c + b :=
  ⟨fun h => h ▸ (Int.sub_add_cancel a b).symm, fun h => h ▸ Int.add_sub_cancel c b⟩
protected theorem sub_eq_iff_eq_add' {b a c : Int} : a - b = c ↔ a = b + c := by
  rw [Int.add_comm]; exact Int.sub_eq_iff_eq_add
protected theorem eq_sub_of_add_eq {a b c : Int} (h : a + c = b) : a = b - c :=
  (Int.sub_eq_iff_eq_add.2 h.symm).symm
protected theorem sub_eq_of_eq_add {a b c : Int} (h : a = c + b) : a - b = c :=
  Int.sub_eq_iff_eq_add.2 h
protected theorem eq_add_of_sub_eq {a b c : Int} (h : a - c = b) : a = b + c :=
  Int.sub_eq_iff_eq_add.1 h
protected theorem add_eq_of_eq_sub {a b c : Int} (h : a = c - b) : a + b = c :=
  (Int.eq_add_of_sub_eq h.symm).symm

@[simp] protected theorem add_left_inj {i j : Int} (k : Int) : i + k = j + k ↔ i = j :=
  ⟨Int.add_right_cancel, congrArg (· + k)⟩
@[simp] protected theorem add_right_inj {i j : Int} (k : Int) : k + i = k + j ↔ i = j :=
  ⟨Int.add_left_cancel, congrArg (k + ·)⟩
@[simp] protected theorem sub_right_inj {i j : Int} (k : Int) : k - i = k - j ↔ i = j :=
  (Int.add_right_inj k).trans Int.neg_inj
@[simp] protected theorem sub_left_inj {i j : Int} (k : Int) : i - k = j - k ↔ i = j :=
  Int.add_left_inj (-k)
protected theorem add_eq_left {a b : Int} : a + b = a ↔ b = 0 := by
  rw [← Int.add_right_inj (i := b) a, Int.add_zero]
protected theorem add_eq_right {a b : Int} : a + b = b ↔ a = 0 := by rw [Int.add_comm, Int.add_eq_left]
attribute [simp] Int.add_eq_left Int.add_eq_right

@[norm_cast] theorem natCast_sub {m n : Nat} (h : m ≤ n) : ((n - m : Nat) : Int) = n - m := by
  obtain ⟨k, rfl⟩ := Nat.le.dest h
  rw [natCast_add, Int.add_sub_cancel_left]
  induction m with
  | zero => rw [Nat.zero_add]; rfl
  | succ m ih => rw [Nat.succ_add, Nat.add_one, Nat.succ_sub_succ_eq_sub]; exact ih (Nat.le_add_right ..)
theorem ofNat_sub {m n : Nat} (h : m ≤ n) : ((n - m : Nat) : Int) = n - m := natCast_sub h
theorem negSucc_coe' (n : Nat) : -[n+1] = -↑n - 1 := by
  rw [Int.sub_eq_add_neg, ← Int.neg_add]; rfl
@[norm_cast] theorem natCast_pred_of_pos {n : Nat} (h : 0 < n) : ((n - 1 : Nat) : Int) = n - 1 :=
  natCast_sub h

/-! ## Products -/
protected theorem neg_mul_eq_neg_mul (a b : Int) : -(a * b) = -a * b :=
  Int.neg_eq_of_add_eq_zero (by rw [← Int.add_mul, Int.add_right_neg, Int.zero_mul])
protected theorem neg_mul_eq_mul_neg (a b : Int) : -(a * b) = a * -b :=
  Int.neg_eq_of_add_eq_zero (by rw [← Int.mul_add, Int.add_right_neg, Int.mul_zero])
@[simp] protected theorem neg_mul (a b : Int) : -a * b = -(a * b) := (Int.neg_mul_eq_neg_mul a b).symm
@[simp] protected theorem mul_neg (a b : Int) : a * -b = -(a * b) := (Int.neg_mul_eq_mul_neg a b).symm
protected theorem neg_mul_neg (a b : Int) : -a * -b = a * b := by
  rw [Int.neg_mul, Int.mul_neg, Int.neg_neg]
protected theorem neg_mul_comm (a b : Int) : -a * b = a * -b := by rw [Int.neg_mul, Int.mul_neg]
protected theorem mul_sub (a b c : Int) : a * (b - c) = a * b - a * c := by
  rw [Int.sub_eq_add_neg, Int.mul_add, Int.mul_neg]; rfl
protected theorem sub_mul (a b c : Int) : (a - b) * c = a * c - b * c := by
  rw [Int.sub_eq_add_neg, Int.add_mul, Int.neg_mul]; rfl
protected theorem mul_neg_one (a : Int) : a * -1 = -a := by rw [Int.mul_neg, Int.mul_one]
protected theorem neg_one_mul (a : Int) : -1 * a = -a := by rw [Int.neg_mul, Int.one_mul]
protected theorem neg_eq_neg_one_mul (a : Int) : -a = -1 * a := (Int.neg_one_mul a).symm
protected theorem mul_two (a : Int) : a * 2 = a + a := by
  rw [show (2 : Int) = 1 + 1 from rfl, Int.mul_add, Int.mul_one]
protected theorem two_mul (a : Int) : 2 * a = a + a := by rw [Int.mul_comm, Int.mul_two]
@[simp] theorem ofNat_mul_negSucc (m n : Nat) : (m : Int) * -[n+1] = -↑(m * Nat.succ n) := rfl
@[simp] theorem negSucc_mul_ofNat (m n : Nat) : -[m+1] * n = -↑(Nat.succ m * n) := rfl
@[simp] theorem negSucc_mul_negSucc (m n : Nat) : -[m+1] * -[n+1] = Nat.succ m * Nat.succ n := rfl

protected theorem mul_eq_zero {a b : Int} : a * b = 0 ↔ a = 0 ∨ b = 0 := by
  refine ⟨fun h => ?_, fun h => h.elim (fun e => e ▸ Int.zero_mul b) (fun e => e ▸ Int.mul_zero a)⟩
  cases a with
  | ofNat m =>
    cases b with
    | ofNat n => exact (Nat.mul_eq_zero.1 (ofNat.inj h)).imp (congrArg ofNat) (congrArg ofNat)
    | negSucc n =>
      rw [show ofNat m * -[n+1] = -((m * (n + 1) : Nat) : Int) from rfl, Int.neg_eq_zero] at h
      exact .inl (congrArg ofNat ((Nat.mul_eq_zero.1 (ofNat.inj h)).resolve_right nofun))
  | negSucc m =>
    cases b with
    | ofNat n =>
      rw [show -[m+1] * ofNat n = -(((m + 1) * n : Nat) : Int) from rfl, Int.neg_eq_zero] at h
      exact .inr (congrArg ofNat ((Nat.mul_eq_zero.1 (ofNat.inj h)).resolve_left nofun))
    | negSucc n => cases ofNat.inj h
attribute [simp] Int.mul_eq_zero
protected theorem mul_ne_zero {a b : Int} (a0 : a ≠ 0) (b0 : b ≠ 0) : a * b ≠ 0 :=
  fun h => (Int.mul_eq_zero.1 h).elim a0 b0
protected theorem mul_ne_zero_iff {a b : Int} : a * b ≠ 0 ↔ a ≠ 0 ∧ b ≠ 0 := by
  rw [ne_eq, Int.mul_eq_zero, not_or]
protected theorem eq_of_mul_eq_mul_right {a b c : Int} (ha : a ≠ 0) (h : b * a = c * a) : b = c := by
  rw [← Int.sub_eq_zero, ← Int.sub_mul, Int.mul_eq_zero] at h
  exact Int.sub_eq_zero.1 (h.resolve_right ha)
protected theorem eq_of_mul_eq_mul_left {a b c : Int} (ha : a ≠ 0) (h : a * b = a * c) : b = c := by
  rw [Int.mul_comm a, Int.mul_comm a] at h; exact Int.eq_of_mul_eq_mul_right ha h
theorem mul_eq_mul_left_iff {a b c : Int} (h : c ≠ 0) : c * a = c * b ↔ a = b :=
  ⟨Int.eq_of_mul_eq_mul_left h, congrArg (c * ·)⟩
theorem mul_eq_mul_right_iff {a b c : Int} (h : c ≠ 0) : a * c = b * c ↔ a = b :=
  ⟨Int.eq_of_mul_eq_mul_right h, congrArg (· * c)⟩
theorem eq_one_of_mul_eq_self_left {a b : Int} (Hpos : a ≠ 0) (H : b * a = a) : b = 1 :=
  Int.eq_of_mul_eq_mul_right Hpos (H.trans (Int.one_mul a).symm)
theorem eq_one_of_mul_eq_self_right {a b : Int} (Hpos : b ≠ 0) (H : b * a = b) : a = 1 :=
  Int.eq_of_mul_eq_mul_left Hpos (H.trans (Int.mul_one b).symm)

end Int
