prelude
import Init.Int.OrderAdd
/-!
# The order of `Int`: multiplication

Signs of products, monotonicity and cancellation.
-/
set_option autoImplicit true

namespace Int
variable {a b c d : Int}

/-! ## Signs of products -/
protected theorem mul_nonneg (ha : 0 ≤ a) (hb : 0 ≤ b) : 0 ≤ a * b := by
  obtain ⟨m, rfl⟩ := eq_ofNat_of_zero_le ha
  obtain ⟨n, rfl⟩ := eq_ofNat_of_zero_le hb
  exact natCast_nonneg (m * n)
protected theorem mul_pos (ha : 0 < a) (hb : 0 < b) : 0 < a * b :=
  Int.lt_of_le_of_ne (Int.mul_nonneg (Int.le_of_lt ha) (Int.le_of_lt hb))
    (Int.mul_ne_zero (Int.ne_of_gt ha) (Int.ne_of_gt hb)).symm
protected theorem mul_nonpos_of_nonneg_of_nonpos (ha : 0 ≤ a) (hb : b ≤ 0) : a * b ≤ 0 := by
  have := Int.mul_nonneg ha (Int.neg_nonneg_of_nonpos hb)
  rwa [Int.mul_neg, Int.zero_le_neg_iff] at this
protected theorem mul_nonpos_of_nonpos_of_nonneg (ha : a ≤ 0) (hb : 0 ≤ b) : a * b ≤ 0 :=
  Int.mul_comm b a ▸ Int.mul_nonpos_of_nonneg_of_nonpos hb ha
protected theorem mul_nonneg_of_nonpos_of_nonpos (ha : a ≤ 0) (hb : b ≤ 0) : 0 ≤ a * b := by
  rw [← Int.neg_mul_neg]
  exact Int.mul_nonneg (Int.neg_nonneg_of_nonpos ha) (Int.neg_nonneg_of_nonpos hb)
protected theorem mul_neg_of_pos_of_neg (ha : 0 < a) (hb : b < 0) : a * b < 0 := by
  have := Int.mul_pos ha (Int.neg_pos_of_neg hb)
  rwa [Int.mul_neg, Int.zero_lt_neg_iff] at this
protected theorem mul_neg_of_neg_of_pos (ha : a < 0) (hb : 0 < b) : a * b < 0 :=
  Int.mul_comm b a ▸ Int.mul_neg_of_pos_of_neg hb ha
protected theorem mul_pos_of_neg_of_neg (ha : a < 0) (hb : b < 0) : 0 < a * b := by
  rw [← Int.neg_mul_neg]; exact Int.mul_pos (Int.neg_pos_of_neg ha) (Int.neg_pos_of_neg hb)

/-! ## Monotonicity -/
protected theorem mul_le_mul_of_nonneg_left (h₁ : a ≤ b) (h₂ : 0 ≤ c) : c * a ≤ c * b := by
  have := Int.mul_nonneg h₂ (Int.sub_nonneg_of_le h₁)
  rwa [Int.mul_sub, Int.sub_nonneg] at this
protected theorem mul_le_mul_of_nonneg_right (h₁ : a ≤ b) (h₂ : 0 ≤ c) : a * c ≤ b * c := by
  rw [Int.mul_comm a, Int.mul_comm b]; exact Int.mul_le_mul_of_nonneg_left h₁ h₂
protected theorem mul_lt_mul_of_pos_left (h₁ : a < b) (h₂ : 0 < c) : c * a < c * b := by
  have := Int.mul_pos h₂ (Int.sub_pos_of_lt h₁)
  rwa [Int.mul_sub, Int.sub_pos] at this
protected theorem mul_lt_mul_of_pos_right (h₁ : a < b) (h₂ : 0 < c) : a * c < b * c := by
  rw [Int.mul_comm a, Int.mul_comm b]; exact Int.mul_lt_mul_of_pos_left h₁ h₂
protected theorem mul_le_mul_of_nonpos_left (ha : a ≤ 0) (h : c ≤ b) : a * b ≤ a * c := by
  have := Int.mul_nonneg_of_nonpos_of_nonpos ha (Int.sub_nonpos_of_le h)
  rwa [Int.mul_sub, Int.sub_nonneg] at this
protected theorem mul_le_mul_of_nonpos_right (h : b ≤ a) (hc : c ≤ 0) : a * c ≤ b * c := by
  rw [Int.mul_comm a, Int.mul_comm b]; exact Int.mul_le_mul_of_nonpos_left hc h
protected theorem mul_lt_mul_of_neg_left (h : b < a) (hc : c < 0) : c * a < c * b := by
  have := Int.mul_pos_of_neg_of_neg hc (Int.sub_neg_of_lt h)
  rwa [Int.mul_sub, Int.sub_pos] at this
protected theorem mul_lt_mul_of_neg_right (h : b < a) (hc : c < 0) : a * c < b * c := by
  rw [Int.mul_comm a, Int.mul_comm b]; exact Int.mul_lt_mul_of_neg_left h hc
protected theorem mul_le_mul (hac : a ≤ c) (hbd : b ≤ d) (nn_b : 0 ≤ b) (nn_c : 0 ≤ c) :
    a * b ≤ c * d :=
  Int.le_trans (Int.mul_le_mul_of_nonneg_right hac nn_b) (Int.mul_le_mul_of_nonneg_left hbd nn_c)
protected theorem mul_lt_mul (h₁ : a < c) (h₂ : b ≤ d) (h₃ : 0 < b) (h₄ : 0 ≤ c) : a * b < c * d :=
  Int.lt_of_lt_of_le (Int.mul_lt_mul_of_pos_right h₁ h₃) (Int.mul_le_mul_of_nonneg_left h₂ h₄)
protected theorem mul_lt_mul' (h₁ : a ≤ c) (h₂ : b < d) (h₃ : 0 ≤ b) (h₄ : 0 < c) : a * b < c * d :=
  Int.lt_of_le_of_lt (Int.mul_le_mul_of_nonneg_right h₁ h₃) (Int.mul_lt_mul_of_pos_left h₂ h₄)
protected theorem mul_self_le_mul_self (h1 : 0 ≤ a) (h2 : a ≤ b) : a * a ≤ b * b :=
  Int.mul_le_mul h2 h2 h1 (Int.le_trans h1 h2)
protected theorem mul_self_lt_mul_self (h1 : 0 ≤ a) (h2 : a < b) : a * a < b * b :=
  Int.mul_lt_mul' (Int.le_of_lt h2) h2 h1 (Int.lt_of_le_of_lt h1 h2)

/-! ## Cancellation -/
protected theorem nonneg_of_mul_nonneg_left (h : 0 ≤ a * b) (hb : 0 < b) : 0 ≤ a :=
  Int.le_of_not_lt fun ha => Int.not_le_of_gt (Int.mul_neg_of_neg_of_pos ha hb) h
protected theorem nonneg_of_mul_nonneg_right (h : 0 ≤ a * b) (ha : 0 < a) : 0 ≤ b :=
  Int.le_of_not_lt fun hb => Int.not_le_of_gt (Int.mul_neg_of_pos_of_neg ha hb) h
protected theorem pos_of_mul_pos_left (h : 0 < a * b) (hb : 0 < b) : 0 < a :=
  Int.not_le.1 fun ha => Int.not_lt_of_ge (Int.mul_nonpos_of_nonpos_of_nonneg ha (Int.le_of_lt hb)) h
protected theorem pos_of_mul_pos_right (h : 0 < a * b) (ha : 0 < a) : 0 < b :=
  Int.pos_of_mul_pos_left (Int.mul_comm a b ▸ h) ha
protected theorem nonpos_of_mul_nonpos_left (h : a * b ≤ 0) (hb : 0 < b) : a ≤ 0 :=
  Int.not_lt.1 fun ha => Int.not_le_of_gt (Int.mul_pos ha hb) h
protected theorem nonpos_of_mul_nonpos_right (h : a * b ≤ 0) (ha : 0 < a) : b ≤ 0 :=
  Int.not_lt.1 fun hb => Int.not_le_of_gt (Int.mul_pos ha hb) h
protected theorem le_of_mul_le_mul_left (w : a * b ≤ a * c) (h : 0 < a) : b ≤ c :=
  Int.not_lt.1 fun hlt => Int.not_le_of_gt (Int.mul_lt_mul_of_pos_left hlt h) w
protected theorem le_of_mul_le_mul_right (w : b * a ≤ c * a) (h : 0 < a) : b ≤ c := by
  rw [Int.mul_comm b, Int.mul_comm c] at w; exact Int.le_of_mul_le_mul_left w h
protected theorem lt_of_mul_lt_mul_left (w : a * b < a * c) (h : 0 ≤ a) : b < c :=
  Int.not_le.1 fun hle => Int.not_lt_of_ge (Int.mul_le_mul_of_nonneg_left hle h) w
protected theorem lt_of_mul_lt_mul_right (w : b * a < c * a) (h : 0 ≤ a) : b < c := by
  rw [Int.mul_comm b, Int.mul_comm c] at w; exact Int.lt_of_mul_lt_mul_left w h
protected theorem mul_le_mul_left (h : 0 < a) : a * b ≤ a * c ↔ b ≤ c :=
  ⟨(Int.le_of_mul_le_mul_left · h), (Int.mul_le_mul_of_nonneg_left · (Int.le_of_lt h))⟩
protected theorem mul_le_mul_right (h : 0 < a) : b * a ≤ c * a ↔ b ≤ c :=
  ⟨(Int.le_of_mul_le_mul_right · h), (Int.mul_le_mul_of_nonneg_right · (Int.le_of_lt h))⟩
protected theorem mul_lt_mul_left (h : 0 < a) : a * b < a * c ↔ b < c :=
  ⟨(Int.lt_of_mul_lt_mul_left · (Int.le_of_lt h)), (Int.mul_lt_mul_of_pos_left · h)⟩
protected theorem mul_lt_mul_right (h : 0 < a) : b * a < c * a ↔ b < c :=
  ⟨(Int.lt_of_mul_lt_mul_right · (Int.le_of_lt h)), (Int.mul_lt_mul_of_pos_right · h)⟩

end Int
