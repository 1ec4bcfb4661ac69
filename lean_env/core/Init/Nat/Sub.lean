prelude
import Init.Nat.Order
/-!
# `Nat`: predecessor, truncated subtraction, `min` and `max`
-/
set_option autoImplicit true

namespace Nat

/-! ## Predecessor -/
theorem succ_pred {a : Nat} (h : a ≠ 0) : a.pred.succ = a :=
  ((eq_zero_or_eq_succ_pred a).resolve_left h).symm
theorem succ_pred_eq_of_pos {n : Nat} (h : 0 < n) : succ (pred n) = n := succ_pred (Nat.ne_of_gt h)
theorem succ_pred_eq_of_ne_zero {n : Nat} (h : n ≠ 0) : succ (pred n) = n := succ_pred h
theorem pred_lt {n : Nat} (h : n ≠ 0) : pred n < n :=
  match n, h with
  | 0, h => (h rfl).elim
  | n + 1, _ => lt_succ_self n
theorem sub_one_lt {n : Nat} (h : n ≠ 0) : n - 1 < n := pred_lt h
theorem pred_le_iff {n m : Nat} : pred n ≤ m ↔ n ≤ succ m :=
  match n with
  | 0 => ⟨fun _ => zero_le _, fun _ => zero_le _⟩
  | _ + 1 => succ_le_succ_iff.symm
theorem pred_inj : ∀ {a b : Nat}, 0 < a → 0 < b → pred a = pred b → a = b
  | _ + 1, _ + 1, _, _, h => congrArg succ h
theorem lt_pred_iff {n m : Nat} : n < pred m ↔ succ n < m :=
  match m with
  | 0 => ⟨nofun, nofun⟩
  | _ + 1 => succ_lt_succ_iff.symm
theorem pred_lt' {n m : Nat} (h : m < n) : pred n < n := pred_lt (ne_zero_of_lt h)
theorem pred_lt_pred {n m : Nat} (h₁ : n ≠ 0) (h₂ : n < m) : pred n < pred m :=
  lt_pred_iff.2 (by rwa [succ_pred h₁])
theorem le_pred_of_lt {n m : Nat} (h : m < n) : m ≤ n - 1 := pred_le_pred h

/-! ## Subtraction -/
@[simp] protected theorem sub_zero (n : Nat) : n - 0 = n := rfl
theorem sub_succ (n m : Nat) : n - succ m = pred (n - m) := rfl
theorem sub_add_one (n m : Nat) : n - (m + 1) = pred (n - m) := rfl
theorem add_one_sub_one (n : Nat) : n + 1 - 1 = n := rfl
attribute [simp] add_one_sub_one
theorem succ_sub_one (n : Nat) : succ n - 1 = n := rfl
theorem sub_one (n : Nat) : n - 1 = pred n := rfl
theorem succ_sub_succ (n m : Nat) : succ n - succ m = n - m := succ_sub_succ_eq_sub n m
protected theorem add_sub_add_right (n : Nat) : ∀ (k m : Nat), (n + k) - (m + k) = n - m
  | 0, _ => rfl
  | k + 1, m => (succ_sub_succ (n + k) (m + k)).trans (Nat.add_sub_add_right n k m)
protected theorem add_sub_add_left (k n m : Nat) : (k + n) - (k + m) = n - m := by
  rw [Nat.add_comm k, Nat.add_comm k, Nat.add_sub_add_right]
attribute [simp] Nat.add_sub_add_right Nat.add_sub_add_left
@[simp] protected theorem zero_sub : ∀ n : Nat, 0 - n = 0
  | 0 => rfl
  | n + 1 => congrArg pred (Nat.zero_sub n)
@[simp] protected theorem sub_self (n : Nat) : n - n = 0 := by
  have h := Nat.add_sub_add_left n 0 0; rwa [Nat.add_zero] at h
@[simp] protected theorem add_sub_cancel (n m : Nat) : (n + m) - m = n := by
  have h := Nat.add_sub_add_right n m 0; rwa [Nat.zero_add] at h
protected theorem add_sub_cancel_left (n m : Nat) : n + m - n = m := by
  rw [Nat.add_comm, Nat.add_sub_cancel]
attribute [simp] Nat.add_sub_cancel_left
theorem sub_add_eq (a b c : Nat) : a - (b + c) = a - b - c := by
  induction c with
  | zero => rfl
  | succ c ih => rw [← Nat.add_assoc, sub_add_one, sub_add_one, ih]
protected theorem sub_sub (n m k : Nat) : n - m - k = n - (m + k) := (sub_add_eq n m k).symm
protected theorem sub_right_comm (m n k : Nat) : m - n - k = m - k - n := by
  rw [Nat.sub_sub, Nat.sub_sub, Nat.add_comm]
protected theorem add_sub_self_left (n m : Nat) : (n + m) - n = m := Nat.add_sub_cancel_left n m
protected theorem add_sub_self_right (n m : Nat) : (n + m) - m = n := Nat.add_sub_cancel n m
protected theorem sub_eq_zero_of_le {n m : Nat} (h : n ≤ m) : n - m = 0 := by
  obtain ⟨k, rfl⟩ := exists_eq_add_of_le h
  rw [sub_add_eq, Nat.sub_self, Nat.zero_sub]
protected theorem add_sub_of_le {a b : Nat} (h : a ≤ b) : a + (b - a) = b := by
  obtain ⟨k, rfl⟩ := exists_eq_add_of_le h
  rw [Nat.add_sub_cancel_left]
protected theorem sub_add_cancel {n m : Nat} (h : m ≤ n) : n - m + m = n := by
  rw [Nat.add_comm, Nat.add_sub_of_le h]
attribute [simp] Nat.sub_add_cancel
protected theorem le_of_sub_eq_zero {n m : Nat} (h : n - m = 0) : n ≤ m :=
  (Nat.le_total n m).elim id fun h' => by
    have e := Nat.sub_add_cancel h'; rw [h, Nat.zero_add] at e; exact Nat.ge_of_eq e
protected theorem sub_eq_zero_iff_le {n m : Nat} : n - m = 0 ↔ n ≤ m :=
  ⟨Nat.le_of_sub_eq_zero, Nat.sub_eq_zero_of_le⟩
protected theorem sub_pos_of_lt {m n : Nat} (h : m < n) : 0 < n - m :=
  Nat.pos_of_ne_zero fun e => Nat.not_le_of_gt h (Nat.le_of_sub_eq_zero e)
protected theorem sub_pos_iff_lt {n m : Nat} : 0 < n - m ↔ m < n :=
  ⟨fun h => Nat.lt_of_not_le fun h' => Nat.ne_of_gt h (Nat.sub_eq_zero_of_le h'), Nat.sub_pos_of_lt⟩
protected theorem lt_of_sub_pos {n m : Nat} : 0 < n - m → m < n := Nat.sub_pos_iff_lt.1
attribute [simp] Nat.sub_pos_iff_lt
protected theorem sub_ne_zero_of_lt {a b : Nat} (h : a < b) : b - a ≠ 0 := Nat.ne_of_gt (Nat.sub_pos_of_lt h)
protected theorem sub_ne_zero_iff_lt {n m : Nat} : n - m ≠ 0 ↔ m < n :=
  pos_iff_ne_zero.symm.trans Nat.sub_pos_iff_lt
protected theorem add_sub_assoc {m k : Nat} (h : k ≤ m) (n : Nat) : n + m - k = n + (m - k) := by
  obtain ⟨d, rfl⟩ := exists_eq_add_of_le' h
  rw [← Nat.add_assoc, Nat.add_sub_cancel, Nat.add_sub_cancel]
protected theorem sub_add_comm {n m k : Nat} (h : k ≤ n) : n + m - k = n - k + m := by
  rw [Nat.add_comm n, Nat.add_sub_assoc h, Nat.add_comm]
protected theorem eq_add_of_sub_eq {c a b : Nat} (hle : b ≤ a) (h : a - b = c) : a = c + b :=
  h ▸ (Nat.sub_add_cancel hle).symm
protected theorem sub_eq_of_eq_add {a b c : Nat} (h : a = c + b) : a - b = c := by
  rw [h, Nat.add_sub_cancel]
protected theorem sub_eq_of_eq_add' {a b c : Nat} (h : a = b + c) : a - b = c := by
  rw [h, Nat.add_sub_cancel_left]
protected theorem sub_eq_iff_eq_add {a b c : Nat} (h : b ≤ a) : a - b = c ↔ a = c + b :=
  ⟨Nat.eq_add_of_sub_eq h, Nat.sub_eq_of_eq_add⟩
protected theorem sub_eq_iff_eq_add' {a b c : Nat} (h : b ≤ a) : a - b = c ↔ a = b + c := by
  rw [Nat.sub_eq_iff_eq_add h, Nat.add_comm]
theorem succ_sub {m n : Nat} (h : n ≤ m) : succ m - n = succ (m - n) := by
  obtain ⟨k, rfl⟩ := exists_eq_add_of_le h
  rw [Nat.add_sub_cancel_left, succ_eq_add_one, Nat.add_assoc, Nat.add_sub_cancel_left]
theorem sub_lt_self {a b : Nat} (h₀ : 0 < a) (h₁ : a ≤ b) : b - a < b :=
  Nat.sub_lt (Nat.lt_of_lt_of_le h₀ h₁) h₀
theorem sub_le_of_le_add {a b c : Nat} (h : a ≤ c + b) : a - b ≤ c := by
  induction b generalizing a c with
  | zero => exact h
  | succ b ih => exact pred_le_iff.2 (ih (c := succ c) (by rw [succ_add]; exact h))
protected theorem le_add_of_sub_le {a b c : Nat} (h : a - b ≤ c) : a ≤ c + b :=
  (Nat.le_total a b).elim (fun h' => Nat.le_trans h' (Nat.le_add_left ..))
    fun h' => Nat.sub_add_cancel h' ▸ Nat.add_le_add_right h b
protected theorem sub_le_iff_le_add {a b c : Nat} : a - b ≤ c ↔ a ≤ c + b :=
  ⟨Nat.le_add_of_sub_le, sub_le_of_le_add⟩
protected theorem sub_le_iff_le_add' {a b c : Nat} : a - b ≤ c ↔ a ≤ b + c := by
  rw [Nat.sub_le_iff_le_add, Nat.add_comm]
protected theorem le_sub_of_add_le {a b c : Nat} (h : a + b ≤ c) : a ≤ c - b := by
  obtain ⟨k, rfl⟩ := exists_eq_add_of_le h
  rw [Nat.add_right_comm, Nat.add_sub_cancel]; exact Nat.le_add_right ..
protected theorem add_le_of_le_sub {a b c : Nat} (hle : b ≤ c) (h : a ≤ c - b) : a + b ≤ c :=
  Nat.sub_add_cancel hle ▸ Nat.add_le_add_right h b
protected theorem le_sub_iff_add_le {x y k : Nat} (h : k ≤ y) : x ≤ y - k ↔ x + k ≤ y :=
  ⟨Nat.add_le_of_le_sub h, Nat.le_sub_of_add_le⟩
protected theorem le_sub_iff_add_le' {x y k : Nat} (h : k ≤ y) : x ≤ y - k ↔ k + x ≤ y := by
  rw [Nat.le_sub_iff_add_le h, Nat.add_comm]
protected theorem lt_sub_of_add_lt {a b c : Nat} (h : a + b < c) : a < c - b :=
  Nat.le_sub_of_add_le (by rw [succ_add]; exact h)
protected theorem add_lt_of_lt_sub {a b c : Nat} (h : a < c - b) : a + b < c :=
  Nat.lt_of_not_le fun h' => Nat.not_le_of_gt h (sub_le_of_le_add h')
protected theorem lt_sub_iff_add_lt {a b c : Nat} : a < c - b ↔ a + b < c :=
  ⟨Nat.add_lt_of_lt_sub, Nat.lt_sub_of_add_lt⟩
protected theorem lt_sub_iff_add_lt' {a b c : Nat} : a < c - b ↔ b + a < c := by
  rw [Nat.lt_sub_iff_add_lt, Nat.add_comm]
protected theorem sub_lt_iff_lt_add {a b c : Nat} (h : b ≤ a) : a - b < c ↔ a < c + b :=
  ⟨fun x => Nat.sub_add_cancel h ▸ Nat.add_lt_add_right x b,
   fun x => Nat.lt_of_add_lt_add_right (k := b) (by rwa [Nat.sub_add_cancel h])⟩
protected theorem sub_lt_iff_lt_add' {a b c : Nat} (h : b ≤ a) : a - b < c ↔ a < b + c := by
  rw [Nat.sub_lt_iff_lt_add h, Nat.add_comm]
theorem sub_lt_left_of_lt_add {n k m : Nat} (H : n ≤ k) (h : k < n + m) : k - n < m :=
  (Nat.sub_lt_iff_lt_add' H).2 h
protected theorem sub_le_sub_left {n m : Nat} (h : n ≤ m) (k : Nat) : k - m ≤ k - n := by
  obtain ⟨d, rfl⟩ := exists_eq_add_of_le h
  rw [sub_add_eq]; exact Nat.sub_le ..
protected theorem sub_le_sub_right {n m : Nat} (h : n ≤ m) (k : Nat) : n - k ≤ m - k :=
  sub_le_of_le_add (Nat.le_trans h (Nat.le_add_of_sub_le (Nat.le_refl _)))
protected theorem sub_le_sub {a b c d : Nat} (h₁ : a ≤ b) (h₂ : c ≤ d) : a - d ≤ b - c :=
  Nat.le_trans (Nat.sub_le_sub_right h₁ d) (Nat.sub_le_sub_left h₂ b)
protected theorem sub_lt_sub_left : ∀ {k m n : Nat}, k < m → k < n → m - n < m - k := by
  intro k m n h₁ h₂
  obtain ⟨d, rfl⟩ := exists_eq_add_of_lt h₂
  rw [Nat.add_assoc, sub_add_eq]
  exact Nat.sub_lt (Nat.sub_pos_of_lt h₁) (zero_lt_succ d)
protected theorem sub_lt_sub_right {a b c : Nat} (h : c ≤ a) (h' : a < b) : a - c < b - c :=
  Nat.lt_sub_of_add_lt (by rwa [Nat.sub_add_cancel h])
protected theorem sub_left_cancel {a b c : Nat} (hb : b ≤ a) (hc : c ≤ a) (h : a - b = a - c) : b = c := by
  have e : a - b + b = a - b + c := by
    conv => rhs; rw [h]
    rw [Nat.sub_add_cancel hb, Nat.sub_add_cancel hc]
  exact Nat.add_left_cancel e
protected theorem sub_right_cancel {k m n : Nat} (h₁ : n ≤ m) (h₂ : n ≤ k) (h : m - n = k - n) : m = k := by
  rw [← Nat.sub_add_cancel h₁, ← Nat.sub_add_cancel h₂, h]
protected theorem sub_sub_self {n m : Nat} (h : m ≤ n) : n - (n - m) = m :=
  Nat.sub_eq_of_eq_add (Nat.add_sub_of_le h).symm
protected theorem sub_sub_right {b c : Nat} (a : Nat) (h : c ≤ b) : a - (b - c) = a + c - b := by
  obtain ⟨k, rfl⟩ := exists_eq_add_of_le' h
  rw [Nat.add_sub_cancel, Nat.add_sub_add_right]
protected theorem sub_one_add_one {a : Nat} (h : a ≠ 0) : a - 1 + 1 = a := succ_pred h
protected theorem sub_one_add_one_eq_of_pos : ∀ {n : Nat}, 0 < n → (n - 1) + 1 = n
  | _ + 1, _ => rfl
protected theorem sub_one_eq_self {n : Nat} : n - 1 = n ↔ n = 0 :=
  match n with
  | 0 => ⟨fun _ => rfl, fun _ => rfl⟩
  | n + 1 => ⟨fun h => (succ_ne_self n h.symm).elim, nofun⟩
theorem le_sub_one_of_lt {a b : Nat} : a < b → a ≤ b - 1 := le_pred_of_lt
theorem le_sub_one_iff_lt {n m : Nat} (h : 0 < n) : m ≤ n - 1 ↔ m < n := Nat.le_sub_iff_add_le h
theorem sub_one_lt_of_le {n m : Nat} (h₀ : 0 < n) (h₁ : n ≤ m) : n - 1 < m :=
  Nat.lt_of_lt_of_le (pred_lt (Nat.ne_of_gt h₀)) h₁
theorem sub_succ_lt_self {a i : Nat} (h : i < a) : a - (i + 1) < a - i :=
  pred_lt (Nat.sub_ne_zero_of_lt h)
theorem sub_one_lt_of_lt {n m : Nat} (h : m < n) : n - 1 < n := pred_lt (ne_zero_of_lt h)
protected theorem sub_mul (n m k : Nat) : (n - m) * k = n * k - m * k := by
  match Nat.le_total n m with
  | .inl h => rw [Nat.sub_eq_zero_of_le h, Nat.zero_mul, Nat.sub_eq_zero_of_le (Nat.mul_le_mul_right k h)]
  | .inr h =>
    obtain ⟨d, rfl⟩ := exists_eq_add_of_le h
    rw [Nat.add_sub_cancel_left, Nat.add_mul, Nat.add_sub_cancel_left]
protected theorem mul_sub (k m n : Nat) : k * (m - n) = k * m - k * n := by
  rw [Nat.mul_comm, Nat.sub_mul, Nat.mul_comm m, Nat.mul_comm n]
protected theorem mul_sub_one (n m : Nat) : n * (m - 1) = n * m - n := by rw [Nat.mul_sub, Nat.mul_one]
protected theorem sub_one_mul (n m : Nat) : (n - 1) * m = n * m - m := by rw [Nat.sub_mul, Nat.one_mul]
theorem pred_mul (n m : Nat) : pred n * m = n * m - m := Nat.sub_one_mul n m
protected theorem mul_self_sub_mul_self_eq (a b : Nat) : a * a - b * b = (a + b) * (a - b) := by
  rw [Nat.mul_sub, Nat.add_mul, Nat.add_mul, Nat.mul_comm b a, Nat.add_comm (a * a),
    Nat.add_sub_add_left]
protected theorem sub_add_sub_cancel {a b c : Nat} (hab : b ≤ a) (hcb : c ≤ b) : a - b + (b - c) = a - c := by
  rw [← Nat.add_sub_assoc hcb, Nat.sub_add_cancel hab]

/-! ## Minimum and maximum -/
instance : Max Nat := maxOfLe

protected theorem min_def {n m : Nat} : min n m = if n ≤ m then n else m := rfl
protected theorem max_def {n m : Nat} : max n m = if n ≤ m then m else n := rfl
protected theorem min_eq_left {a b : Nat} (h : a ≤ b) : min a b = a := if_pos h
protected theorem min_eq_right {a b : Nat} (h : b ≤ a) : min a b = b := by
  rw [Nat.min_def]; split
  · exact Nat.le_antisymm ‹a ≤ b› h
  · rfl
protected theorem max_eq_right {a b : Nat} (h : a ≤ b) : max a b = b := if_pos h
protected theorem max_eq_left {a b : Nat} (h : b ≤ a) : max a b = a := by
  rw [Nat.max_def]; split
  · exact Nat.le_antisymm h ‹a ≤ b›
  · rfl
protected theorem min_comm (a b : Nat) : min a b = min b a := by
  match Nat.le_total a b with
  | .inl h => rw [Nat.min_eq_left h, Nat.min_eq_right h]
  | .inr h => rw [Nat.min_eq_left h, Nat.min_eq_right h]
protected theorem max_comm (a b : Nat) : max a b = max b a := by
  match Nat.le_total a b with
  | .inl h => rw [Nat.max_eq_left h, Nat.max_eq_right h]
  | .inr h => rw [Nat.max_eq_left h, Nat.max_eq_right h]
instance : Std.Commutative (α := Nat) min := ⟨Nat.min_comm⟩
instance : Std.Commutative (α := Nat) max := ⟨Nat.max_comm⟩
protected theorem min_le_right (a b : Nat) : min a b ≤ b := by
  rw [Nat.min_def]; split
  · assumption
  · exact Nat.le_refl b
protected theorem min_le_left (a b : Nat) : min a b ≤ a := Nat.min_comm .. ▸ Nat.min_le_right ..
protected theorem le_max_left (a b : Nat) : a ≤ max a b := by
  rw [Nat.max_def]; split
  · assumption
  · exact Nat.le_refl a
protected theorem le_max_right (a b : Nat) : b ≤ max a b := Nat.max_comm .. ▸ Nat.le_max_left ..
attribute [simp] Nat.min_le_left Nat.min_le_right Nat.le_max_left Nat.le_max_right
protected theorem le_min_of_le_of_le {a b c : Nat} (h₁ : a ≤ b) (h₂ : a ≤ c) : a ≤ min b c := by
  rw [Nat.min_def]; split <;> assumption
protected theorem le_min {a b c : Nat} : a ≤ min b c ↔ a ≤ b ∧ a ≤ c :=
  ⟨fun h => ⟨Nat.le_trans h (Nat.min_le_left ..), Nat.le_trans h (Nat.min_le_right ..)⟩,
   fun h => Nat.le_min_of_le_of_le h.1 h.2⟩
protected theorem max_le_of_le_of_le {a b c : Nat} (h₁ : a ≤ c) (h₂ : b ≤ c) : max a b ≤ c := by
  rw [Nat.max_def]; split <;> assumption
protected theorem max_le {a b c : Nat} : max a b ≤ c ↔ a ≤ c ∧ b ≤ c :=
  ⟨fun h => ⟨Nat.le_trans (Nat.le_max_left ..) h, Nat.le_trans (Nat.le_max_right ..) h⟩,
   fun h => Nat.max_le_of_le_of_le h.1 h.2⟩
protected theorem lt_min {a b c : Nat} : a < min b c ↔ a < b ∧ a < c := Nat.le_min
protected theorem max_lt {a b c : Nat} : max a b < c ↔ a < c ∧ b < c := by
  match Nat.le_total a b with
  | .inl h => rw [Nat.max_eq_right h]; exact ⟨fun x => ⟨Nat.lt_of_le_of_lt h x, x⟩, And.right⟩
  | .inr h => rw [Nat.max_eq_left h]; exact ⟨fun x => ⟨x, Nat.lt_of_le_of_lt h x⟩, And.left⟩
@[simp] protected theorem min_self (a : Nat) : min a a = a := Nat.min_eq_left (Nat.le_refl a)
@[simp] protected theorem max_self (a : Nat) : max a a = a := Nat.max_eq_left (Nat.le_refl a)
@[simp] protected theorem zero_min (a : Nat) : min 0 a = 0 := Nat.min_eq_left (zero_le a)
@[simp] protected theorem min_zero (a : Nat) : min a 0 = 0 := Nat.min_eq_right (zero_le a)
@[simp] protected theorem zero_max (a : Nat) : max 0 a = a := Nat.max_eq_right (zero_le a)
@[simp] protected theorem max_zero (a : Nat) : max a 0 = a := Nat.max_eq_left (zero_le a)
protected theorem min_assoc (a b c : Nat) : min (min a b) c = min a (min b c) :=
  Nat.le_antisymm
    (Nat.le_min.2 ⟨Nat.le_trans (Nat.min_le_left ..) (Nat.min_le_left ..),
      Nat.le_min.2 ⟨Nat.le_trans (Nat.min_le_left ..) (Nat.min_le_right ..), Nat.min_le_right ..⟩⟩)
    (Nat.le_min.2 ⟨Nat.le_min.2 ⟨Nat.min_le_left .., Nat.le_trans (Nat.min_le_right ..) (Nat.min_le_left ..)⟩,
      Nat.le_trans (Nat.min_le_right ..) (Nat.min_le_right ..)⟩)
protected theorem max_assoc (a b c : Nat) : max (max a b) c = max a (max b c) :=
  Nat.le_antisymm
    (Nat.max_le.2 ⟨Nat.max_le.2 ⟨Nat.le_max_left .., Nat.le_trans (Nat.le_max_left ..) (Nat.le_max_right ..)⟩,
      Nat.le_trans (Nat.le_max_right ..) (Nat.le_max_right ..)⟩)
    (Nat.max_le.2 ⟨Nat.le_trans (Nat.le_max_left ..) (Nat.le_max_left ..),
      Nat.max_le.2 ⟨Nat.le_trans (Nat.le_max_right ..) (Nat.le_max_left ..), Nat.le_max_right ..⟩⟩)
instance : Std.Associative (α := Nat) min := ⟨Nat.min_assoc⟩
instance : Std.Associative (α := Nat) max := ⟨Nat.max_assoc⟩
protected theorem sub_add_min_cancel (n m : Nat) : n - m + min n m = n := by
  match Nat.le_total n m with
  | .inl h => rw [Nat.min_eq_left h, Nat.sub_eq_zero_of_le h, Nat.zero_add]
  | .inr h => rw [Nat.min_eq_right h, Nat.sub_add_cancel h]
protected theorem min_add_right {a b k : Nat} : min (a + k) (b + k) = min a b + k := by
  match Nat.le_total a b with
  | .inl h => rw [Nat.min_eq_left h, Nat.min_eq_left (Nat.add_le_add_right h k)]
  | .inr h => rw [Nat.min_eq_right h, Nat.min_eq_right (Nat.add_le_add_right h k)]
protected theorem max_add_right {a b k : Nat} : max (a + k) (b + k) = max a b + k := by
  match Nat.le_total a b with
  | .inl h => rw [Nat.max_eq_right h, Nat.max_eq_right (Nat.add_le_add_right h k)]
  | .inr h => rw [Nat.max_eq_left h, Nat.max_eq_left (Nat.add_le_add_right h k)]
protected theorem succ_min_succ {x y : Nat} : min (succ x) (succ y) = succ (min x y) := Nat.min_add_right (k := 1)
protected theorem succ_max_succ {x y : Nat} : max (succ x) (succ y) = succ (max x y) := Nat.max_add_right (k := 1)
theorem add_one_min_add_one {x y : Nat} : min (x + 1) (y + 1) = min x y + 1 := Nat.min_add_right
theorem add_one_max_add_one {x y : Nat} : max (x + 1) (y + 1) = max x y + 1 := Nat.max_add_right

end Nat
