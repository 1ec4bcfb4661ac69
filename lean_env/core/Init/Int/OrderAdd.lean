prelude
import Init.Int.Order
/-!
# The order of `Int` and addition

Sums, opposites and differences are monotone; moving a summand across `≤` or `<`; the discrete steps
`a < b ↔ a + 1 ≤ b`.
-/
set_option autoImplicit true

namespace Int
variable {a b c d : Int}

/-! ## Sums -/
@[simp] protected theorem add_le_add_iff_left (a : Int) : a + b ≤ a + c ↔ b ≤ c := by
  rw [le_def, le_def, Int.add_sub_add_left]
@[simp] protected theorem add_le_add_iff_right (c : Int) : a + c ≤ b + c ↔ a ≤ b := by
  rw [le_def, le_def, Int.add_sub_add_right]
@[simp] protected theorem add_lt_add_iff_left (a : Int) : a + b < a + c ↔ b < c := by
  rw [lt_iff_add_one_le, Int.add_assoc, Int.add_le_add_iff_left]; rfl
@[simp] protected theorem add_lt_add_iff_right (c : Int) : a + c < b + c ↔ a < b := by
  rw [Int.add_comm a, Int.add_comm b, Int.add_lt_add_iff_left]
protected theorem add_le_add_left {a b : Int} (h : a ≤ b) (c : Int) : c + a ≤ c + b :=
  (Int.add_le_add_iff_left c).2 h
protected theorem add_le_add_right {a b : Int} (h : a ≤ b) (c : Int) : a + c ≤ b + c :=
  (Int.add_le_add_iff_right c).2 h
protected theorem add_lt_add_left {a b : Int} (h : a < b) (c : Int) : c + a < c + b :=
  (Int.add_lt_add_iff_left c).2 h
protected theorem add_lt_add_right {a b : Int} (h : a < b) (c : Int) : a + c < b + c :=
  (Int.add_lt_add_iff_right c).2 h
protected theorem le_of_add_le_add_left (h : a + b ≤ a + c) : b ≤ c := (Int.add_le_add_iff_left a).1 h
protected theorem le_of_add_le_add_right (h : a + b ≤ c + b) : a ≤ c := (Int.add_le_add_iff_right b).1 h
protected theorem lt_of_add_lt_add_left (h : a + b < a + c) : b < c := (Int.add_lt_add_iff_left a).1 h
protected theorem lt_of_add_lt_add_right (h : a + b < c + b) : a < c := (Int.add_lt_add_iff_right b).1 h
protected theorem add_le_add (h₁ : a ≤ b) (h₂ : c ≤ d) : a + c ≤ b + d :=
  Int.le_trans (Int.add_le_add_right h₁ c) (Int.add_le_add_left h₂ b)
protected theorem add_lt_add (h₁ : a < b) (h₂ : c < d) : a + c < b + d :=
  Int.lt_trans (Int.add_lt_add_right h₁ c) (Int.add_lt_add_left h₂ b)
protected theorem add_lt_add_of_le_of_lt (h₁ : a ≤ b) (h₂ : c < d) : a + c < b + d :=
  Int.lt_of_le_of_lt (Int.add_le_add_right h₁ c) (Int.add_lt_add_left h₂ b)
protected theorem add_lt_add_of_lt_of_le (h₁ : a < b) (h₂ : c ≤ d) : a + c < b + d :=
  Int.lt_of_lt_of_le (Int.add_lt_add_right h₁ c) (Int.add_le_add_left h₂ b)
protected theorem add_le_add_three {e f : Int} (h₁ : a ≤ d) (h₂ : b ≤ e) (h₃ : c ≤ f) :
    a + b + c ≤ d + e + f := Int.add_le_add (Int.add_le_add h₁ h₂) h₃
protected theorem le_add_of_nonneg_right (h : 0 ≤ b) : a ≤ a + b := by
  have := Int.add_le_add_left h a; rwa [Int.add_zero] at this
protected theorem le_add_of_nonneg_left (h : 0 ≤ b) : a ≤ b + a := by
  rw [Int.add_comm]; exact Int.le_add_of_nonneg_right h
protected theorem lt_add_of_pos_right (a : Int) {b : Int} (h : 0 < b) : a < a + b := by
  have := Int.add_lt_add_left h a; rwa [Int.add_zero] at this
protected theorem lt_add_of_pos_left (a : Int) {b : Int} (h : 0 < b) : a < b + a := by
  rw [Int.add_comm]; exact Int.lt_add_of_pos_right a h
protected theorem lt_add_of_le_of_pos (hbc : b ≤ c) (ha : 0 < a) : b < c + a :=
  Int.lt_of_le_of_lt hbc (Int.lt_add_of_pos_right c ha)
protected theorem add_nonneg (ha : 0 ≤ a) (hb : 0 ≤ b) : 0 ≤ a + b := Int.add_le_add ha hb
protected theorem add_pos (ha : 0 < a) (hb : 0 < b) : 0 < a + b := Int.add_lt_add ha hb
protected theorem add_pos_of_pos_of_nonneg (ha : 0 < a) (hb : 0 ≤ b) : 0 < a + b :=
  Int.add_lt_add_of_lt_of_le ha hb
protected theorem add_pos_of_nonneg_of_pos (ha : 0 ≤ a) (hb : 0 < b) : 0 < a + b :=
  Int.add_lt_add_of_le_of_lt ha hb
protected theorem add_nonpos (ha : a ≤ 0) (hb : b ≤ 0) : a + b ≤ 0 := Int.add_le_add ha hb
protected theorem add_neg (ha : a < 0) (hb : b < 0) : a + b < 0 := Int.add_lt_add ha hb
protected theorem add_neg_of_neg_of_nonpos (ha : a < 0) (hb : b ≤ 0) : a + b < 0 :=
  Int.add_lt_add_of_lt_of_le ha hb
protected theorem add_neg_of_nonpos_of_neg (ha : a ≤ 0) (hb : b < 0) : a + b < 0 :=
  Int.add_lt_add_of_le_of_lt ha hb

/-! ## Opposites -/
@[simp] protected theorem neg_le_neg_iff : -a ≤ -b ↔ b ≤ a := by
  rw [le_def, le_def, Int.sub_neg, Int.add_comm]; rfl
@[simp] protected theorem neg_lt_neg_iff : -a < -b ↔ b < a := by
  rw [← Int.not_le, Int.neg_le_neg_iff, Int.not_le]
protected theorem neg_le_neg (h : a ≤ b) : -b ≤ -a := Int.neg_le_neg_iff.2 h
protected theorem neg_lt_neg (h : a < b) : -b < -a := Int.neg_lt_neg_iff.2 h
protected theorem le_of_neg_le_neg (h : -b ≤ -a) : a ≤ b := Int.neg_le_neg_iff.1 h
protected theorem lt_of_neg_lt_neg (h : -b < -a) : a < b := Int.neg_lt_neg_iff.1 h
@[simp] protected theorem neg_le_zero_iff : -a ≤ 0 ↔ 0 ≤ a := Int.neg_le_neg_iff (b := 0)
@[simp] protected theorem zero_le_neg_iff : 0 ≤ -a ↔ a ≤ 0 := Int.neg_le_neg_iff (a := 0)
@[simp] protected theorem neg_lt_zero_iff : -a < 0 ↔ 0 < a := Int.neg_lt_neg_iff (b := 0)
@[simp] protected theorem zero_lt_neg_iff : 0 < -a ↔ a < 0 := Int.neg_lt_neg_iff (a := 0)
protected theorem neg_nonneg : 0 ≤ -a ↔ a ≤ 0 := Int.zero_le_neg_iff
protected theorem neg_pos : 0 < -a ↔ a < 0 := Int.zero_lt_neg_iff
protected theorem neg_neg_iff_pos : -a < 0 ↔ 0 < a := Int.neg_lt_zero_iff
protected theorem neg_nonpos_iff (i : Int) : -i ≤ 0 ↔ 0 ≤ i := Int.neg_le_zero_iff
protected theorem neg_nonpos_of_nonneg (h : 0 ≤ a) : -a ≤ 0 := Int.neg_le_zero_iff.2 h
protected theorem neg_nonneg_of_nonpos (h : a ≤ 0) : 0 ≤ -a := Int.zero_le_neg_iff.2 h
protected theorem neg_neg_of_pos (h : 0 < a) : -a < 0 := Int.neg_lt_zero_iff.2 h
protected theorem neg_pos_of_neg (h : a < 0) : 0 < -a := Int.zero_lt_neg_iff.2 h
protected theorem nonneg_of_neg_nonpos (h : -a ≤ 0) : 0 ≤ a := Int.neg_le_zero_iff.1 h
protected theorem nonpos_of_neg_nonneg (h : 0 ≤ -a) : a ≤ 0 := Int.zero_le_neg_iff.1 h
protected theorem pos_of_neg_neg (h : -a < 0) : 0 < a := Int.neg_lt_zero_iff.1 h
protected theorem neg_of_neg_pos (h : 0 < -a) : a < 0 := Int.zero_lt_neg_iff.1 h
protected theorem le_neg_of_le_neg (h : a ≤ -b) : b ≤ -a := by
  rw [← Int.neg_neg b]; exact Int.neg_le_neg h
protected theorem neg_le_of_neg_le (h : -a ≤ b) : -b ≤ a := by
  rw [← Int.neg_neg a]; exact Int.neg_le_neg h
protected theorem lt_neg_of_lt_neg (h : a < -b) : b < -a := by
  rw [← Int.neg_neg b]; exact Int.neg_lt_neg h
protected theorem neg_lt_of_neg_lt (h : -a < b) : -b < a := by
  rw [← Int.neg_neg a]; exact Int.neg_lt_neg h

/-! ## Differences -/
protected theorem add_le_iff_le_sub : a + b ≤ c ↔ a ≤ c - b := by
  rw [← Int.add_le_add_iff_right (a := a) b, Int.sub_add_cancel]
protected theorem le_add_iff_sub_le : a ≤ b + c ↔ a - c ≤ b := by
  rw [← Int.add_le_add_iff_right (a := a - c) c, Int.sub_add_cancel]
private theorem add_lt_iff_lt_sub : a + b < c ↔ a < c - b := by
  rw [← Int.add_lt_add_iff_right (a := a) b, Int.sub_add_cancel]
private theorem lt_add_iff_sub_lt : a < b + c ↔ a - c < b := by
  rw [← Int.add_lt_add_iff_right (a := a - c) c, Int.sub_add_cancel]
@[simp] protected theorem sub_nonneg : 0 ≤ a - b ↔ b ≤ a := by
  rw [← Int.add_le_iff_le_sub, Int.zero_add]
@[simp] protected theorem sub_pos : 0 < a - b ↔ b < a := by
  rw [← add_lt_iff_lt_sub, Int.zero_add]
private theorem sub_nonpos : a - b ≤ 0 ↔ a ≤ b := by rw [← Int.le_add_iff_sub_le, Int.zero_add]
private theorem sub_neg_iff_lt : a - b < 0 ↔ a < b := by rw [← lt_add_iff_sub_lt, Int.zero_add]
protected theorem sub_nonneg_of_le (h : b ≤ a) : 0 ≤ a - b := Int.sub_nonneg.2 h
protected theorem le_of_sub_nonneg (h : 0 ≤ a - b) : b ≤ a := Int.sub_nonneg.1 h
protected theorem sub_pos_of_lt (h : b < a) : 0 < a - b := Int.sub_pos.2 h
protected theorem lt_of_sub_pos (h : 0 < a - b) : b < a := Int.sub_pos.1 h
protected theorem sub_nonpos_of_le (h : a ≤ b) : a - b ≤ 0 := sub_nonpos.2 h
protected theorem le_of_sub_nonpos (h : a - b ≤ 0) : a ≤ b := sub_nonpos.1 h
protected theorem sub_neg_of_lt (h : a < b) : a - b < 0 := sub_neg_iff_lt.2 h
protected theorem lt_of_sub_neg (h : a - b < 0) : a < b := sub_neg_iff_lt.1 h
protected theorem sub_left_le_of_le_add (h : a ≤ b + c) : a - b ≤ c :=
  Int.le_add_iff_sub_le.1 (Int.add_comm b c ▸ h)
protected theorem sub_right_le_of_le_add (h : a ≤ b + c) : a - c ≤ b := Int.le_add_iff_sub_le.1 h
protected theorem le_add_of_sub_left_le (h : a - b ≤ c) : a ≤ b + c :=
  Int.add_comm c b ▸ Int.le_add_iff_sub_le.2 h
protected theorem le_add_of_sub_right_le (h : a - c ≤ b) : a ≤ b + c := Int.le_add_iff_sub_le.2 h
protected theorem add_le_of_le_sub_left (h : b ≤ c - a) : a + b ≤ c :=
  Int.add_comm b a ▸ Int.add_le_iff_le_sub.2 h
protected theorem add_le_of_le_sub_right (h : a ≤ c - b) : a + b ≤ c := Int.add_le_iff_le_sub.2 h
protected theorem le_sub_left_of_add_le (h : a + b ≤ c) : b ≤ c - a :=
  Int.add_le_iff_le_sub.1 (Int.add_comm a b ▸ h)
protected theorem le_sub_right_of_add_le (h : a + b ≤ c) : a ≤ c - b := Int.add_le_iff_le_sub.1 h
protected theorem sub_left_lt_of_lt_add (h : a < b + c) : a - b < c :=
  lt_add_iff_sub_lt.1 (Int.add_comm b c ▸ h)
protected theorem sub_right_lt_of_lt_add (h : a < b + c) : a - c < b := lt_add_iff_sub_lt.1 h
protected theorem lt_add_of_sub_left_lt (h : a - b < c) : a < b + c :=
  Int.add_comm c b ▸ lt_add_iff_sub_lt.2 h
protected theorem lt_add_of_sub_right_lt (h : a - c < b) : a < b + c := lt_add_iff_sub_lt.2 h
protected theorem add_lt_of_lt_sub_left (h : b < c - a) : a + b < c :=
  Int.add_comm b a ▸ add_lt_iff_lt_sub.2 h
protected theorem add_lt_of_lt_sub_right (h : a < c - b) : a + b < c := add_lt_iff_lt_sub.2 h
protected theorem lt_sub_left_of_add_lt (h : a + b < c) : b < c - a :=
  add_lt_iff_lt_sub.1 (Int.add_comm a b ▸ h)
protected theorem lt_sub_right_of_add_lt (h : a + b < c) : a < c - b := add_lt_iff_lt_sub.1 h
protected theorem sub_le_sub_left (h : a ≤ b) (c : Int) : c - b ≤ c - a :=
  Int.add_le_add_left (Int.neg_le_neg h) c
protected theorem sub_le_sub_right (h : a ≤ b) (c : Int) : a - c ≤ b - c := Int.add_le_add_right h (-c)
protected theorem sub_le_sub (hab : a ≤ b) (hcd : c ≤ d) : a - d ≤ b - c :=
  Int.add_le_add hab (Int.neg_le_neg hcd)
protected theorem sub_lt_sub_left (h : a < b) (c : Int) : c - b < c - a :=
  Int.add_lt_add_left (Int.neg_lt_neg h) c
protected theorem sub_lt_sub_right (h : a < b) (c : Int) : a - c < b - c := Int.add_lt_add_right h (-c)
protected theorem sub_lt_sub (hab : a < b) (hcd : c < d) : a - d < b - c :=
  Int.add_lt_add hab (Int.neg_lt_neg hcd)
protected theorem sub_lt_sub_of_le_of_lt (hab : a ≤ b) (hcd : c < d) : a - d < b - c :=
  Int.add_lt_add_of_le_of_lt hab (Int.neg_lt_neg hcd)
protected theorem sub_lt_sub_of_lt_of_le (hab : a < b) (hcd : c ≤ d) : a - d < b - c :=
  Int.add_lt_add_of_lt_of_le hab (Int.neg_le_neg hcd)
@[simp] protected theorem sub_le_sub_left_iff : c - a ≤ c - b ↔ b ≤ a :=
  (Int.add_le_add_iff_left c).trans Int.neg_le_neg_iff
@[simp] protected theorem sub_le_sub_right_iff : a - c ≤ b - c ↔ a ≤ b := Int.add_le_add_iff_right (-c)
@[simp] protected theorem sub_lt_sub_left_iff : c - a < c - b ↔ b < a :=
  (Int.add_lt_add_iff_left c).trans Int.neg_lt_neg_iff
@[simp] protected theorem sub_lt_sub_right_iff : a - c < b - c ↔ a < b := Int.add_lt_add_iff_right (-c)
protected theorem sub_le_self (a : Int) {b : Int} (h : 0 ≤ b) : a - b ≤ a :=
  Int.sub_left_le_of_le_add (Int.le_add_of_nonneg_left h)
protected theorem sub_lt_self (a : Int) {b : Int} (h : 0 < b) : a - b < a :=
  Int.sub_left_lt_of_lt_add (Int.lt_add_of_pos_left a h)
protected theorem add_le_zero_iff_le_neg : a + b ≤ 0 ↔ a ≤ -b := by
  rw [Int.add_le_iff_le_sub, Int.zero_sub]
protected theorem add_le_zero_iff_le_neg' : a + b ≤ 0 ↔ b ≤ -a := by
  rw [Int.add_comm, Int.add_le_zero_iff_le_neg]
protected theorem add_nonnneg_iff_neg_le : 0 ≤ a + b ↔ -b ≤ a := by
  rw [Int.le_add_iff_sub_le, Int.zero_sub]
protected theorem add_nonnneg_iff_neg_le' : 0 ≤ a + b ↔ -a ≤ b := by
  rw [Int.add_comm, Int.add_nonnneg_iff_neg_le]

/-! ## Steps of one -/
theorem add_one_le_of_lt {a b : Int} (h : a < b) : a + 1 ≤ b := h
theorem lt_of_add_one_le {a b : Int} (h : a + 1 ≤ b) : a < b := h
theorem add_one_le_iff {a b : Int} : a + 1 ≤ b ↔ a < b := .rfl
theorem lt_add_one_iff {a b : Int} : a < b + 1 ↔ a ≤ b := Int.add_le_add_iff_right 1
protected theorem le_iff_lt_add_one {a b : Int} : a ≤ b ↔ a < b + 1 := lt_add_one_iff.symm
theorem lt_add_one_of_le {a b : Int} : a ≤ b → a < b + 1 := lt_add_one_iff.2
theorem le_of_lt_add_one {a b : Int} : a < b + 1 → a ≤ b := lt_add_one_iff.1
theorem le_add_one {a b : Int} (h : a ≤ b) : a ≤ b + 1 := Int.le_of_lt (lt_add_one_of_le h)
theorem sub_one_lt_iff {m n : Int} : m - 1 < n ↔ m ≤ n := lt_add_iff_sub_lt.symm.trans lt_add_one_iff
theorem le_sub_one_iff {m n : Int} : m ≤ n - 1 ↔ m < n := Int.add_le_iff_le_sub.symm
theorem sub_one_lt_of_le {a b : Int} : a ≤ b → a - 1 < b := sub_one_lt_iff.2
theorem le_of_sub_one_lt {a b : Int} : a - 1 < b → a ≤ b := sub_one_lt_iff.1
theorem le_sub_one_of_lt {a b : Int} : a < b → a ≤ b - 1 := le_sub_one_iff.2
theorem lt_of_le_sub_one {a b : Int} : a ≤ b - 1 → a < b := le_sub_one_iff.1
theorem le_add_one_iff {m n : Int} : m ≤ n + 1 ↔ m ≤ n ∨ m = n + 1 := by
  rw [Int.le_iff_lt_or_eq, lt_add_one_iff]
theorem exists_eq_neg_ofNat {a : Int} (h : a ≤ 0) : ∃ n : Nat, a = -(n : Int) :=
  (eq_ofNat_of_zero_le (Int.neg_nonneg_of_nonpos h)).imp fun _ e => Int.eq_neg_of_eq_neg e.symm

end Int
