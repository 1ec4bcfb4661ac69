prelude
import Init.Nat.Sub
/-!
# `Nat`: division, remainder, divisibility

Division and remainder satisfy the equations of repeated subtraction; `div_add_mod` and `mod_lt` then
determine them.
-/
set_option autoImplicit true

namespace Nat

instance instDvd : Dvd Nat := ⟨fun a b => Exists fun c => b = a * c⟩

/-! ## The defining equations -/
private theorem div.go_fuel {y : Nat} (hy : 0 < y) : ∀ (f g x : Nat) (hf : x < f) (hg : x < g),
    div.go y hy f x hf = div.go y hy g x hg
  | 0, _, _, h, _ => (not_lt_zero _ h).elim
  | _, 0, _, _, h => (not_lt_zero _ h).elim
  | f + 1, g + 1, x, hf, hg => by
    show (if h : y ≤ x then div.go y hy f (x - y) _ + 1 else 0)
      = (if h : y ≤ x then div.go y hy g (x - y) _ + 1 else 0)
    split
    · exact congrArg (· + 1) (go_fuel hy f g (x - y) _ _)
    · rfl

theorem div_eq (x y : Nat) : x / y = if 0 < y ∧ y ≤ x then (x - y) / y + 1 else 0 := by
  by_cases hy : 0 < y
  · show Nat.div x y = if 0 < y ∧ y ≤ x then Nat.div (x - y) y + 1 else 0
    unfold Nat.div
    rw [dif_pos hy, dif_pos hy]
    show (if h : y ≤ x then div.go y hy x (x - y) _ + 1 else 0) = _
    by_cases h : y ≤ x
    · rw [dif_pos h, if_pos ⟨hy, h⟩]
      exact congrArg (· + 1) (div.go_fuel hy _ _ _ _ _)
    · rw [dif_neg h, if_neg (fun x => h x.2)]
  · show Nat.div x y = if 0 < y ∧ y ≤ x then Nat.div (x - y) y + 1 else 0
    rw [if_neg (fun x => hy x.1)]
    unfold Nat.div
    rw [dif_neg hy]

private theorem modCore.go_fuel {y : Nat} (hy : 0 < y) : ∀ (f g x : Nat) (hf : x < f) (hg : x < g),
    modCore.go y hy f x hf = modCore.go y hy g x hg
  | 0, _, _, h, _ => (not_lt_zero _ h).elim
  | _, 0, _, _, h => (not_lt_zero _ h).elim
  | f + 1, g + 1, x, hf, hg => by
    show (if h : y ≤ x then modCore.go y hy f (x - y) _ else x)
      = (if h : y ≤ x then modCore.go y hy g (x - y) _ else x)
    split
    · exact go_fuel hy f g (x - y) _ _
    · rfl

protected theorem modCore_eq (x y : Nat) :
    Nat.modCore x y = if 0 < y ∧ y ≤ x then Nat.modCore (x - y) y else x := by
  unfold Nat.modCore
  by_cases hy : 0 < y
  · rw [dif_pos hy, dif_pos hy]
    show (if h : y ≤ x then modCore.go y hy x (x - y) _ else x) = _
    by_cases h : y ≤ x
    · rw [dif_pos h, if_pos ⟨hy, h⟩]
      exact modCore.go_fuel hy _ _ _ _ _
    · rw [dif_neg h, if_neg (fun x => h x.2)]
  · rw [dif_neg hy, if_neg (fun x => hy x.1)]

theorem modCore_eq_mod (n m : Nat) : Nat.modCore n m = n % m := by
  show Nat.modCore n m = Nat.mod n m
  match n with
  | 0 =>
    rw [Nat.modCore_eq, if_neg]
    · rfl
    · exact fun h => Nat.not_le_of_gt h.1 h.2
  | n + 1 =>
    show _ = if m ≤ n + 1 then Nat.modCore (n + 1) m else n + 1
    split
    · rfl
    · rename_i h; rw [Nat.modCore_eq, if_neg (fun x => h x.2)]

theorem mod_eq (x y : Nat) : x % y = if 0 < y ∧ y ≤ x then (x - y) % y else x := by
  rw [← modCore_eq_mod, ← modCore_eq_mod, ← Nat.modCore_eq]

theorem mod_eq_of_lt {a b : Nat} (h : a < b) : a % b = a := by
  rw [mod_eq, if_neg fun x => Nat.not_lt_of_le x.2 h]
theorem mod_eq_sub_mod {a b : Nat} (h : a ≥ b) : a % b = (a - b) % b := by
  match eq_zero_or_pos b with
  | .inl h₁ => subst h₁; rfl
  | .inr h₁ => rw [mod_eq, if_pos ⟨h₁, h⟩]
theorem div_eq_of_lt {a b : Nat} (h : a < b) : a / b = 0 := by
  rw [div_eq, if_neg fun x => Nat.not_lt_of_le x.2 h]
theorem div_eq_sub_div {a b : Nat} (h₁ : 0 < b) (h₂ : b ≤ a) : a / b = (a - b) / b + 1 := by
  rw [div_eq a, if_pos ⟨h₁, h₂⟩]
@[simp] protected theorem div_zero (b : Nat) : b / 0 = 0 := by
  rw [div_eq, if_neg fun x => Nat.lt_irrefl 0 x.1]
@[simp] theorem mod_zero (a : Nat) : a % 0 = a := by
  rw [mod_eq, if_neg fun x => Nat.lt_irrefl 0 x.1]
@[simp] protected theorem zero_div (b : Nat) : 0 / b = 0 :=
  (eq_zero_or_pos b).elim (fun e => e ▸ Nat.div_zero 0) div_eq_of_lt
@[simp] theorem zero_mod (b : Nat) : 0 % b = 0 := rfl

theorem div_add_mod (m k : Nat) : k * (m / k) + m % k = m := by
  match eq_zero_or_pos k with
  | .inl h => subst h; rw [Nat.zero_mul, mod_zero, Nat.zero_add]
  | .inr hk => exact go hk (m + 1) m (lt_succ_self m)
where
  go {k : Nat} (hk : 0 < k) : ∀ b m : Nat, m < b → k * (m / k) + m % k = m
    | 0, _, h => (not_lt_zero _ h).elim
    | b + 1, m, h => by
      by_cases hm : k ≤ m
      · rw [div_eq_sub_div hk hm, mod_eq_sub_mod hm, Nat.mul_add_one, Nat.add_right_comm,
          go hk b (m - k) (Nat.lt_of_lt_of_le (Nat.sub_lt (Nat.lt_of_lt_of_le hk hm) hk) (le_of_lt_succ h)),
          Nat.sub_add_cancel hm]
      · rw [div_eq_of_lt (Nat.lt_of_not_le hm), mod_eq_of_lt (Nat.lt_of_not_le hm), Nat.mul_zero, Nat.zero_add]
theorem mod_add_div (m k : Nat) : m % k + k * (m / k) = m := by rw [Nat.add_comm, div_add_mod]
theorem mod_add_div' (m k : Nat) : m % k + (m / k) * k = m := by rw [Nat.mul_comm, mod_add_div]
theorem div_add_mod' (a b : Nat) : a / b * b + a % b = a := by rw [Nat.mul_comm, div_add_mod]

/-! ## Division -/
theorem le_div_iff_mul_le {k x y : Nat} (k0 : 0 < k) : x ≤ y / k ↔ x * k ≤ y := by
  constructor
  · intro h
    have := Nat.mul_le_mul_left k h
    rw [Nat.mul_comm]
    exact Nat.le_trans this (Nat.le_trans (Nat.le_add_right ..) (Nat.le_of_eq (div_add_mod y k)))
  · intro h
    refine Nat.le_of_lt_succ (Nat.lt_of_mul_lt_mul_left (a := k) ?_)
    rw [Nat.mul_comm k x, mul_succ]
    refine Nat.lt_of_le_of_lt h ?_
    have e := div_add_mod y k
    conv => lhs; rw [← e]
    exact Nat.add_lt_add_left (mod_lt y k0) _
theorem div_lt_iff_lt_mul {k x y : Nat} (Hk : 0 < k) : x / k < y ↔ x < y * k := by
  rw [← Nat.not_le, ← Nat.not_le, le_div_iff_mul_le Hk]
theorem div_mul_le_self (m n : Nat) : m / n * n ≤ m :=
  Nat.le_trans (Nat.le_add_right ..) (Nat.le_of_eq (div_add_mod' m n))
theorem mul_div_le (m n : Nat) : n * (m / n) ≤ m := Nat.mul_comm .. ▸ div_mul_le_self m n
theorem div_le_self (n k : Nat) : n / k ≤ n := by
  match k with
  | 0 => rw [Nat.div_zero]; exact zero_le n
  | k + 1 => exact Nat.le_trans (Nat.le_mul_of_pos_right _ (zero_lt_succ k)) (div_mul_le_self n (k + 1))
theorem div_lt_self {n k : Nat} (hLtN : 0 < n) (hLtK : 1 < k) : n / k < n := by
  rw [div_lt_iff_lt_mul (Nat.lt_trans Nat.zero_lt_one hLtK)]
  have := Nat.mul_lt_mul_of_pos_left hLtK hLtN
  rwa [Nat.mul_one] at this
theorem div_pos {a b : Nat} (hba : b ≤ a) (hb : 0 < b) : 0 < a / b :=
  (le_div_iff_mul_le hb).2 (by rwa [Nat.one_mul])
theorem div_le_div_right {m n k : Nat} (h : m ≤ n) : m / k ≤ n / k :=
  match eq_zero_or_pos k with
  | .inl e => by subst e; rw [Nat.div_zero]; exact zero_le _
  | .inr hk => (le_div_iff_mul_le hk).2 (Nat.le_trans (div_mul_le_self m k) h)
theorem add_mul_div_left (x z : Nat) {y : Nat} (H : 0 < y) : (x + y * z) / y = x / y + z := by
  refine Nat.le_antisymm ?_ ((le_div_iff_mul_le H).2 ?_)
  · refine le_of_lt_succ ((div_lt_iff_lt_mul H).2 ?_)
    rw [succ_mul, Nat.add_mul, Nat.add_right_comm, Nat.mul_comm z y]
    refine Nat.add_lt_add_right ?_ _
    have e := div_add_mod' x y
    conv => lhs; rw [← e]
    exact Nat.add_lt_add_left (mod_lt x H) _
  · rw [Nat.add_mul, Nat.mul_comm z y]; exact Nat.add_le_add_right (div_mul_le_self x y) _
theorem add_mul_div_right (x y : Nat) {z : Nat} (H : 0 < z) : (x + y * z) / z = x / z + y := by
  rw [Nat.mul_comm, add_mul_div_left x y H]
protected theorem mul_div_cancel (m : Nat) {n : Nat} (H : 0 < n) : m * n / n = m := by
  have := add_mul_div_right 0 m H; rwa [Nat.zero_add, Nat.zero_div, Nat.zero_add] at this
protected theorem mul_div_cancel_left (m : Nat) {n : Nat} (H : 0 < n) : n * m / n = m := by
  rw [Nat.mul_comm, Nat.mul_div_cancel m H]
attribute [simp] Nat.mul_div_cancel Nat.mul_div_cancel_left
@[simp] protected theorem div_one (n : Nat) : n / 1 = n := by
  have := Nat.mul_div_cancel n Nat.zero_lt_one; rwa [Nat.mul_one] at this
@[simp] protected theorem div_self {n : Nat} (H : 0 < n) : n / n = 1 := by
  have := Nat.mul_div_cancel 1 H; rwa [Nat.one_mul] at this
theorem add_div_right (x : Nat) {z : Nat} (H : 0 < z) : (x + z) / z = x / z + 1 := by
  have := add_mul_div_right x 1 H; rwa [Nat.one_mul] at this
theorem add_div_left (x : Nat) {z : Nat} (H : 0 < z) : (z + x) / z = x / z + 1 := by
  rw [Nat.add_comm, add_div_right x H]
protected theorem div_eq_of_lt_le {k n m : Nat} (lo : k * n ≤ m) (hi : m < (k + 1) * n) : m / n = k :=
  have hn : 0 < n := Nat.pos_of_ne_zero fun e => not_lt_zero m (by rw [e, Nat.mul_zero] at hi; exact hi)
  Nat.le_antisymm (le_of_lt_succ ((div_lt_iff_lt_mul hn).2 hi)) ((le_div_iff_mul_le hn).2 lo)
protected theorem div_div_eq_div_mul (m n k : Nat) : m / n / k = m / (n * k) := by
  match eq_zero_or_pos k, eq_zero_or_pos n with
  | .inl e, _ => subst e; rw [Nat.mul_zero, Nat.div_zero, Nat.div_zero]
  | _, .inl e => subst e; rw [Nat.zero_mul, Nat.div_zero, Nat.zero_div]
  | .inr hk, .inr hn =>
    refine Nat.le_antisymm ((le_div_iff_mul_le (Nat.mul_pos hn hk)).2 ?_)
      ((le_div_iff_mul_le hk).2 ((le_div_iff_mul_le hn).2 ?_))
    · rw [Nat.mul_comm n, ← Nat.mul_assoc]
      exact (le_div_iff_mul_le hn).1 ((le_div_iff_mul_le hk).1 (Nat.le_refl _))
    · rw [Nat.mul_assoc, Nat.mul_comm k]; exact div_mul_le_self ..
protected theorem mul_div_mul_left {m : Nat} (n k : Nat) (H : 0 < m) : m * n / (m * k) = n / k := by
  rw [← Nat.div_div_eq_div_mul, Nat.mul_div_cancel_left n H]
protected theorem mul_div_mul_right {m : Nat} (n k : Nat) (H : 0 < m) : n * m / (k * m) = n / k := by
  rw [Nat.mul_comm, Nat.mul_comm k, Nat.mul_div_mul_left n k H]
theorem div_eq_zero_iff {a b : Nat} : a / b = 0 ↔ b = 0 ∨ a < b :=
  match eq_zero_or_pos b with
  | .inl e => ⟨fun _ => .inl e, fun _ => e ▸ Nat.div_zero a⟩
  | .inr hb => ⟨fun h => .inr (by rw [← Nat.one_mul b, ← div_lt_iff_lt_mul hb, h]; exact Nat.zero_lt_one),
      fun h => h.elim (fun e => (Nat.ne_of_gt hb e).elim) div_eq_of_lt⟩

/-! ## Remainder -/
theorem mod_le (x y : Nat) : x % y ≤ x :=
  Nat.le_trans (Nat.le_add_left ..) (Nat.le_of_eq (div_add_mod x y))
@[simp] theorem mod_self (n : Nat) : n % n = 0 := by rw [mod_eq_sub_mod (Nat.le_refl _), Nat.sub_self, zero_mod]
theorem mod_one (x : Nat) : x % 1 = 0 := Nat.lt_one_iff.1 (mod_lt x Nat.zero_lt_one)
attribute [simp] mod_one
@[simp] theorem add_mod_right (x z : Nat) : (x + z) % z = x % z := by
  rw [mod_eq_sub_mod (Nat.le_add_left ..), Nat.add_sub_cancel]
@[simp] theorem add_mod_left (x z : Nat) : (x + z) % x = z % x := by rw [Nat.add_comm, add_mod_right]
@[simp] theorem add_mul_mod_self_left (x y z : Nat) : (x + y * z) % y = x % y := by
  induction z with
  | zero => rfl
  | succ z ih => rw [Nat.mul_add_one, ← Nat.add_assoc, add_mod_right, ih]
@[simp] theorem add_mul_mod_self_right (x y z : Nat) : (x + y * z) % z = x % z := by
  rw [Nat.mul_comm, add_mul_mod_self_left]
@[simp] theorem mul_mod_right (m n : Nat) : (m * n) % m = 0 := by
  have := add_mul_mod_self_left 0 m n; rwa [Nat.zero_add] at this
@[simp] theorem mul_mod_left (m n : Nat) : (m * n) % n = 0 := by rw [Nat.mul_comm, mul_mod_right]
@[simp] theorem mod_mod (a n : Nat) : (a % n) % n = a % n :=
  (eq_zero_or_pos n).elim (fun e => e ▸ mod_zero _) fun h => mod_eq_of_lt (mod_lt a h)
theorem add_mod (a b n : Nat) : (a + b) % n = ((a % n) + (b % n)) % n := by
  conv => lhs; rw [← mod_add_div a n, ← mod_add_div b n]
  rw [Nat.add_add_add_comm, ← Nat.mul_add, add_mul_mod_self_left]
@[simp] theorem mod_add_mod (m n k : Nat) : (m % n + k) % n = (m + k) % n := by
  rw [add_mod, mod_mod, ← add_mod]
@[simp] theorem add_mod_mod (m n k : Nat) : (m + n % k) % k = (m + n) % k := by
  rw [Nat.add_comm, mod_add_mod, Nat.add_comm]
theorem mul_mod (a b n : Nat) : a * b % n = (a % n) * (b % n) % n := by
  conv => lhs; rw [← mod_add_div a n, ← mod_add_div b n]
  rw [Nat.add_mul, Nat.mul_add, Nat.mul_assoc n, add_mul_mod_self_left, Nat.mul_left_comm,
    add_mul_mod_self_left]
theorem pow_mod (a b n : Nat) : a ^ b % n = ((a % n) ^ b) % n := by
  induction b with
  | zero => rfl
  | succ b ih => rw [Nat.pow_succ, Nat.pow_succ, mul_mod, ih, mul_mod ((a % n) ^ b), mod_mod]
theorem mod_two_eq_zero_or_one (n : Nat) : n % 2 = 0 ∨ n % 2 = 1 :=
  match n % 2, mod_lt n Nat.two_pos with
  | 0, _ => .inl rfl
  | 1, _ => .inr rfl
theorem mod_two_ne_one {n : Nat} : n % 2 ≠ 1 ↔ n % 2 = 0 := by
  cases mod_two_eq_zero_or_one n with | _ h => simp [h]
theorem mod_two_ne_zero {n : Nat} : n % 2 ≠ 0 ↔ n % 2 = 1 := by
  cases mod_two_eq_zero_or_one n with | _ h => simp [h]

/-! ## Divisibility -/
protected theorem dvd_refl (a : Nat) : a ∣ a := ⟨1, (Nat.mul_one a).symm⟩
attribute [refl, simp] Nat.dvd_refl
protected theorem dvd_zero (a : Nat) : a ∣ 0 := ⟨0, rfl⟩
protected theorem dvd_mul_left (a b : Nat) : a ∣ b * a := ⟨b, Nat.mul_comm b a⟩
protected theorem dvd_mul_right (a b : Nat) : a ∣ a * b := ⟨b, rfl⟩
protected theorem one_dvd (n : Nat) : 1 ∣ n := ⟨n, (Nat.one_mul n).symm⟩
attribute [simp] Nat.dvd_zero Nat.dvd_mul_left Nat.dvd_mul_right Nat.one_dvd
protected theorem dvd_trans {a b c : Nat} : a ∣ b → b ∣ c → a ∣ c
  | ⟨d, h₁⟩, ⟨e, h₂⟩ => ⟨d * e, by rw [h₂, h₁, Nat.mul_assoc]⟩
instance : Trans (α := Nat) (· ∣ ·) (· ∣ ·) (· ∣ ·) where trans := Nat.dvd_trans
protected theorem dvd_mul_left_of_dvd {a b : Nat} (h : a ∣ b) (c : Nat) : a ∣ c * b :=
  Nat.dvd_trans h (Nat.dvd_mul_left ..)
protected theorem dvd_mul_right_of_dvd {a b : Nat} (h : a ∣ b) (c : Nat) : a ∣ b * c :=
  Nat.dvd_trans h (Nat.dvd_mul_right ..)
protected theorem eq_zero_of_zero_dvd {a : Nat} : 0 ∣ a → a = 0
  | ⟨c, h⟩ => h.trans (Nat.zero_mul c)
protected theorem zero_dvd {n : Nat} : 0 ∣ n ↔ n = 0 := ⟨Nat.eq_zero_of_zero_dvd, fun h => h ▸ Nat.dvd_zero 0⟩
attribute [simp] Nat.zero_dvd
protected theorem dvd_add {m n k : Nat} : k ∣ m → k ∣ n → k ∣ m + n
  | ⟨d, h₁⟩, ⟨e, h₂⟩ => ⟨d + e, by rw [h₁, h₂, Nat.mul_add]⟩
protected theorem dvd_sub {m n k : Nat} : k ∣ m → k ∣ n → k ∣ m - n
  | ⟨d, h₁⟩, ⟨e, h₂⟩ => ⟨d - e, by rw [h₁, h₂, Nat.mul_sub]⟩
protected theorem dvd_sub' {m n k : Nat} : k ∣ m → k ∣ n → k ∣ m - n := Nat.dvd_sub
protected theorem dvd_add_iff_right {k m : Nat} (h : k ∣ m) : k ∣ n ↔ k ∣ m + n :=
  ⟨Nat.dvd_add h, fun h' => by have := Nat.dvd_sub h' h; rwa [Nat.add_sub_cancel_left] at this⟩
protected theorem dvd_add_iff_left {k m : Nat} (h : k ∣ n) : k ∣ m ↔ k ∣ m + n := by
  rw [Nat.add_comm]; exact Nat.dvd_add_iff_right h
protected theorem dvd_add_right {m k : Nat} (h : k ∣ m) : k ∣ m + n ↔ k ∣ n := (Nat.dvd_add_iff_right h).symm
protected theorem dvd_add_left {a b c : Nat} (h : a ∣ c) : a ∣ b + c ↔ a ∣ b := (Nat.dvd_add_iff_left h).symm
theorem le_of_dvd {m n : Nat} (h : 0 < n) : m ∣ n → m ≤ n
  | ⟨k, e⟩ => by
    subst e
    exact Nat.le_mul_of_pos_right m (Nat.pos_of_mul_pos (Nat.mul_comm m k ▸ h))
protected theorem dvd_antisymm : ∀ {m n : Nat}, m ∣ n → n ∣ m → m = n
  | 0, _, h₁, _ => (Nat.eq_zero_of_zero_dvd h₁).symm
  | _ + 1, 0, _, h₂ => Nat.eq_zero_of_zero_dvd h₂
  | _ + 1, _ + 1, h₁, h₂ => Nat.le_antisymm (le_of_dvd (zero_lt_succ _) h₁) (le_of_dvd (zero_lt_succ _) h₂)
theorem pos_of_dvd_of_pos {m n : Nat} (H1 : m ∣ n) (H2 : 0 < n) : 0 < m :=
  Nat.pos_of_ne_zero fun e => Nat.ne_of_gt H2 (Nat.eq_zero_of_zero_dvd (e ▸ H1))
theorem eq_one_of_dvd_one {n : Nat} (H : n ∣ 1) : n = 1 := Nat.dvd_antisymm H (Nat.one_dvd n)
protected theorem dvd_one {n : Nat} : n ∣ 1 ↔ n = 1 := ⟨eq_one_of_dvd_one, fun h => h ▸ Nat.dvd_refl 1⟩
attribute [simp] Nat.dvd_one
theorem mod_eq_zero_of_dvd {m n : Nat} : m ∣ n → n % m = 0
  | ⟨k, e⟩ => e ▸ mul_mod_right m k
theorem dvd_of_mod_eq_zero {k n : Nat} (h : n % k = 0) : k ∣ n :=
  ⟨n / k, by have := div_add_mod n k; rw [h, Nat.add_zero] at this; exact this.symm⟩
theorem dvd_iff_mod_eq_zero {k n : Nat} : k ∣ n ↔ n % k = 0 := ⟨mod_eq_zero_of_dvd, dvd_of_mod_eq_zero⟩
instance decidable_dvd : DecidableRel (α := Nat) (· ∣ ·) :=
  fun _ _ => decidable_of_decidable_of_iff dvd_iff_mod_eq_zero.symm
theorem dvd_eq_true_of_mod_eq_zero {m n : Nat} (h : n % m == 0) : (m ∣ n) = True :=
  eq_true (dvd_of_mod_eq_zero (eq_of_beq h))
theorem dvd_eq_false_of_mod_ne_zero {m n : Nat} (h : n % m != 0) : (m ∣ n) = False :=
  eq_false fun d => bne_iff_ne.1 h (mod_eq_zero_of_dvd d)
theorem emod_pos_of_not_dvd {a b : Nat} (h : ¬a ∣ b) : 0 < b % a :=
  Nat.pos_of_ne_zero (mt dvd_of_mod_eq_zero h)
protected theorem mul_div_cancel' {n m : Nat} (H : n ∣ m) : n * (m / n) = m := by
  have := div_add_mod m n; rwa [mod_eq_zero_of_dvd H, Nat.add_zero] at this
protected theorem div_mul_cancel {n m : Nat} (H : n ∣ m) : m / n * n = m := by
  rw [Nat.mul_comm, Nat.mul_div_cancel' H]
theorem dvd_mod_iff {k m n : Nat} (h : k ∣ n) : k ∣ m % n ↔ k ∣ m := by
  conv => rhs; rw [← mod_add_div m n]
  exact (Nat.dvd_add_left (Nat.dvd_mul_right_of_dvd h _)).symm
protected theorem mul_dvd_mul {a b c d : Nat} : a ∣ b → c ∣ d → a * c ∣ b * d
  | ⟨e, h₁⟩, ⟨f, h₂⟩ => ⟨e * f, by rw [h₁, h₂, Nat.mul_mul_mul_comm]⟩
protected theorem mul_dvd_mul_left {b c : Nat} (a : Nat) (h : b ∣ c) : a * b ∣ a * c :=
  Nat.mul_dvd_mul (Nat.dvd_refl a) h
protected theorem mul_dvd_mul_right {a b : Nat} (h : a ∣ b) (c : Nat) : a * c ∣ b * c :=
  Nat.mul_dvd_mul h (Nat.dvd_refl c)
protected theorem dvd_of_mul_dvd_mul_left (kpos : 0 < k) : k * m ∣ k * n → m ∣ n
  | ⟨c, h⟩ => ⟨c, Nat.mul_left_cancel kpos (by rw [h, Nat.mul_assoc])⟩
protected theorem dvd_of_mul_dvd_mul_right (kpos : 0 < k) (H : m * k ∣ n * k) : m ∣ n := by
  rw [Nat.mul_comm m, Nat.mul_comm n] at H; exact Nat.dvd_of_mul_dvd_mul_left kpos H
theorem dvd_of_mul_right_dvd {m n k : Nat} (h : m * n ∣ k) : m ∣ k := Nat.dvd_trans (Nat.dvd_mul_right ..) h
theorem dvd_of_mul_left_dvd {m n k : Nat} (h : m * n ∣ k) : n ∣ k := Nat.dvd_trans (Nat.dvd_mul_left ..) h
theorem not_dvd_of_pos_of_lt {m n : Nat} (h₁ : 0 < n) (h₂ : n < m) : ¬m ∣ n :=
  fun h => Nat.not_lt_of_le (le_of_dvd h₁ h) h₂
protected theorem mul_div_assoc {k n : Nat} (m : Nat) (H : k ∣ n) : m * n / k = m * (n / k) := by
  match eq_zero_or_pos k with
  | .inl e => subst e; rw [Nat.div_zero, Nat.div_zero, Nat.mul_zero]
  | .inr h =>
    obtain ⟨c, rfl⟩ := H
    rw [Nat.mul_div_cancel_left c h, Nat.mul_left_comm, Nat.mul_div_cancel_left _ h]
protected theorem div_dvd_of_dvd {n m : Nat} (h : n ∣ m) : m / n ∣ m := ⟨n, (Nat.div_mul_cancel h).symm⟩
protected theorem pow_dvd_pow {m n : Nat} (a : Nat) (h : m ≤ n) : a ^ m ∣ a ^ n := by
  obtain ⟨k, rfl⟩ := exists_eq_add_of_le h
  rw [Nat.pow_add]; exact Nat.dvd_mul_right ..

end Nat
