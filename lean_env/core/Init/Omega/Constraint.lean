prelude
import Init.Omega.LinearCombo
import Init.Omega.Int
import Init.Option
/-!
# Constraints

A constraint is an optional lower and an optional upper bound. Each step of `omega`'s algorithm has a
function on constraints and coefficients here, which the kernel evaluates, and a theorem that the
result holds wherever the arguments did.
-/
set_option autoImplicit true

namespace Lean.Omega

abbrev LowerBound : Type := Option Int
abbrev UpperBound : Type := Option Int

abbrev LowerBound.sat (b : LowerBound) (t : Int) := b.all fun x => x ≤ t
abbrev UpperBound.sat (b : UpperBound) (t : Int) := b.all fun y => t ≤ y

/-- Lower and upper bound, both inclusive. -/
structure Constraint where
  lowerBound : LowerBound
  upperBound : UpperBound
deriving DecidableEq

namespace Constraint

/-! ## Operations -/
def sat (c : Constraint) (t : Int) : Bool := c.lowerBound.sat t ∧ c.upperBound.sat t

def map (c : Constraint) (f : Int → Int) : Constraint where
  lowerBound := c.lowerBound.map f
  upperBound := c.upperBound.map f

def translate (c : Constraint) (t : Int) : Constraint := c.map (· + t)

/-- Exchange the bounds: a step on the way to negative multiples. -/
def flip (c : Constraint) : Constraint where
  lowerBound := c.upperBound
  upperBound := c.lowerBound

def neg (c : Constraint) : Constraint := c.flip.map (- ·)

def trivial : Constraint := ⟨none, none⟩
def impossible : Constraint := ⟨some 1, some 0⟩
def exact (r : Int) : Constraint := ⟨some r, some r⟩

def isImpossible : Constraint → Bool
  | ⟨some x, some y⟩ => y < x
  | _ => false

def isExact : Constraint → Bool
  | ⟨some x, some y⟩ => x = y
  | _ => false

def scale (k : Int) (c : Constraint) : Constraint :=
  if k = 0 then
    if c.isImpossible then c else ⟨some 0, some 0⟩
  else if 0 < k then
    c.map (k * ·)
  else
    c.flip.map (k * ·)

def add (x y : Constraint) : Constraint where
  lowerBound := x.lowerBound.bind fun a => y.lowerBound.map fun b => a + b
  upperBound := x.upperBound.bind fun a => y.upperBound.map fun b => a + b

def combo (a : Int) (x : Constraint) (b : Int) (y : Constraint) : Constraint :=
  add (scale a x) (scale b y)

def combine (x y : Constraint) : Constraint where
  lowerBound := Option.merge max x.lowerBound y.lowerBound
  upperBound := Option.merge min x.upperBound y.upperBound

/-- Divide by a positive number, rounding the bounds inwards. -/
def div (c : Constraint) (k : Nat) : Constraint where
  lowerBound := c.lowerBound.map fun x => (-((-x) / k))
  upperBound := c.upperBound.map fun y => y / k

abbrev sat' (c : Constraint) (x y : Coeffs) := c.sat (Coeffs.dot x y)

/-! ## Bounds, one at a time -/
theorem sat_iff {c : Constraint} {t : Int} :
    c.sat t ↔ c.lowerBound.sat t ∧ c.upperBound.sat t := ⟨of_decide_eq_true, decide_eq_true⟩

private theorem lower_map {b : LowerBound} (f : Int → Int) (h : ∀ x, x ≤ t → f x ≤ t') (w : b.sat t) :
    LowerBound.sat (b.map f) t' :=
  match b, w with
  | none, _ => rfl
  | some x, w => decide_eq_true (h x (of_decide_eq_true w))
private theorem upper_map {b : UpperBound} (f : Int → Int) (h : ∀ y, t ≤ y → t' ≤ f y) (w : b.sat t) :
    UpperBound.sat (b.map f) t' :=
  match b, w with
  | none, _ => rfl
  | some y, w => decide_eq_true (h y (of_decide_eq_true w))
private theorem lower_map_upper {b : UpperBound} (f : Int → Int) (h : ∀ y, t ≤ y → f y ≤ t')
    (w : b.sat t) : LowerBound.sat (b.map f) t' :=
  match b, w with
  | none, _ => rfl
  | some y, w => decide_eq_true (h y (of_decide_eq_true w))
private theorem upper_map_lower {b : LowerBound} (f : Int → Int) (h : ∀ x, x ≤ t → t' ≤ f x)
    (w : b.sat t) : UpperBound.sat (b.map f) t' :=
  match b, w with
  | none, _ => rfl
  | some x, w => decide_eq_true (h x (of_decide_eq_true w))

private theorem map_sat {c : Constraint} (f : Int → Int) (h₁ : ∀ x, x ≤ t → f x ≤ t')
    (h₂ : ∀ y, t ≤ y → t' ≤ f y) (w : c.sat t) : (c.map f).sat t' :=
  sat_iff.2 ⟨lower_map f h₁ (sat_iff.1 w).1, upper_map f h₂ (sat_iff.1 w).2⟩
private theorem flip_map_sat {c : Constraint} (f : Int → Int) (h₁ : ∀ x, x ≤ t → t' ≤ f x)
    (h₂ : ∀ y, t ≤ y → f y ≤ t') (w : c.sat t) : (c.flip.map f).sat t' :=
  sat_iff.2 ⟨lower_map_upper f h₂ (sat_iff.1 w).2, upper_map_lower f h₁ (sat_iff.1 w).1⟩

/-! ## Every operation is sound -/
theorem translate_sat {c : Constraint} {v : Int} : sat c v → sat (c.translate t) (v + t) :=
  map_sat _ (fun _ h => Int.add_le_add_right h t) (fun _ h => Int.add_le_add_right h t)
theorem neg_sat {c : Constraint} {v : Int} : sat c v → sat c.neg (-v) :=
  flip_map_sat _ (fun _ h => Int.neg_le_neg h) (fun _ h => Int.neg_le_neg h)
@[simp] theorem trivial_say : trivial.sat t := rfl
@[simp] theorem exact_sat (r : Int) (t : Int) : (exact r).sat t = decide (r = t) :=
  decide_eq_decide.2 (.trans (and_congr (.of_eq decide_eq_true_eq) (.of_eq decide_eq_true_eq))
    Int.le_antisymm_iff.symm)
theorem not_sat_of_isImpossible (h : isImpossible c) {t : Int} : ¬c.sat t := fun w =>
  match c, h, sat_iff.1 w with
  | ⟨some _, some _⟩, h, ⟨w₁, w₂⟩ =>
    Int.not_lt.2 (Int.le_trans (of_decide_eq_true w₁) (of_decide_eq_true w₂)) (of_decide_eq_true h)

theorem scale_sat {c : Constraint} (k : Int) (w : c.sat t) : (scale k c).sat (k * t) := by
  unfold scale
  split
  · rw [if_neg fun h => not_sat_of_isImpossible h w, ‹k = 0›, Int.zero_mul]; rfl
  · split
    · have h := Int.le_of_lt ‹0 < k›
      exact map_sat _ (fun _ w => Int.mul_le_mul_of_nonneg_left w h)
        (fun _ w => Int.mul_le_mul_of_nonneg_left w h) w
    · have h := Int.not_lt.1 ‹¬0 < k›
      exact flip_map_sat _ (fun _ w => Int.mul_le_mul_of_nonpos_left h w)
        (fun _ w => Int.mul_le_mul_of_nonpos_left h w) w

theorem add_sat (w₁ : c₁.sat x₁) (w₂ : c₂.sat x₂) : (add c₁ c₂).sat (x₁ + x₂) :=
  have lower : ∀ a b : LowerBound, a.sat x₁ → b.sat x₂ →
      LowerBound.sat (a.bind fun a => b.map fun b => a + b) (x₁ + x₂)
    | none, _, _, _ => rfl
    | some _, none, _, _ => rfl
    | some _, some _, h₁, h₂ =>
      decide_eq_true (Int.add_le_add (of_decide_eq_true h₁) (of_decide_eq_true h₂))
  have upper : ∀ a b : UpperBound, a.sat x₁ → b.sat x₂ →
      UpperBound.sat (a.bind fun a => b.map fun b => a + b) (x₁ + x₂)
    | none, _, _, _ => rfl
    | some _, none, _, _ => rfl
    | some _, some _, h₁, h₂ =>
      decide_eq_true (Int.add_le_add (of_decide_eq_true h₁) (of_decide_eq_true h₂))
  sat_iff.2 ⟨lower _ _ (sat_iff.1 w₁).1 (sat_iff.1 w₂).1, upper _ _ (sat_iff.1 w₁).2 (sat_iff.1 w₂).2⟩

theorem combo_sat (a : Int) (w₁ : c₁.sat x₁) (b : Int) (w₂ : c₂.sat x₂) :
    (combo a c₁ b c₂).sat (a * x₁ + b * x₂) := add_sat (scale_sat a w₁) (scale_sat b w₂)

theorem combine_sat' {s t : Constraint} {x y : Coeffs} (ws : s.sat' x y) (wt : t.sat' x y) :
    (s.combine t).sat' x y :=
  have lower {v : Int} : ∀ a b : LowerBound, a.sat v → b.sat v → LowerBound.sat (Option.merge max a b) v
    | none, none, _, _ => rfl
    | some _, none, h, _ => h
    | none, some _, _, h => h
    | some _, some _, h₁, h₂ => decide_eq_true (Int.max_le.2 ⟨of_decide_eq_true h₁, of_decide_eq_true h₂⟩)
  have upper {v : Int} : ∀ a b : UpperBound, a.sat v → b.sat v → UpperBound.sat (Option.merge min a b) v
    | none, none, _, _ => rfl
    | some _, none, h, _ => h
    | none, some _, _, h => h
    | some _, some _, h₁, h₂ => decide_eq_true (Int.le_min.2 ⟨of_decide_eq_true h₁, of_decide_eq_true h₂⟩)
  sat_iff.2 ⟨lower _ _ (sat_iff.1 ws).1 (sat_iff.1 wt).1, upper _ _ (sat_iff.1 ws).2 (sat_iff.1 wt).2⟩

theorem div_sat (c : Constraint) (t : Int) (k : Nat) (n : k ≠ 0) (h : (k : Int) ∣ t) (w : c.sat t) :
    (c.div k).sat (t / k) := by
  have hk : (0 : Int) < k := Int.natCast_pos.2 (Nat.pos_of_ne_zero n)
  refine sat_iff.2 ⟨lower_map _ (fun x hx => ?_) (sat_iff.1 w).1,
    upper_map _ (fun y hy => Int.ediv_le_ediv hk hy) (sat_iff.1 w).2⟩
  refine Int.neg_le_of_neg_le ?_
  rw [← Int.neg_ediv_of_dvd h]
  exact Int.ediv_le_ediv hk (Int.neg_le_neg hx)
theorem div_sat' {c : Constraint} {x y : Coeffs} (h : Coeffs.gcd x ≠ 0)
    (w : c.sat (Coeffs.dot x y)) : (c.div (Coeffs.gcd x)).sat' (Coeffs.sdiv x (Coeffs.gcd x)) y := by
  rw [sat', Coeffs.dot, Coeffs.sdiv, IntList.dot_sdiv_left _ _ (Int.dvd_refl _)]
  exact div_sat c _ _ h (IntList.gcd_dvd_dot_left x y) w

theorem not_sat'_of_isImpossible (h : isImpossible c) {x y : Coeffs} : ¬c.sat' x y :=
  not_sat_of_isImpossible h
theorem addInequality_sat (w : c + Coeffs.dot x y ≥ 0) :
    Constraint.sat' { lowerBound := some (-c), upperBound := none } x y :=
  sat_iff.2 ⟨decide_eq_true (Int.add_nonnneg_iff_neg_le'.1 w), rfl⟩
theorem addEquality_sat (w : c + Coeffs.dot x y = 0) :
    Constraint.sat' { lowerBound := some (-c), upperBound := some (-c) } x y :=
  sat_iff.2 ⟨decide_eq_true (Int.add_nonnneg_iff_neg_le'.1 (Int.ge_of_eq w)),
    decide_eq_true (Int.add_le_zero_iff_le_neg'.1 (Int.le_of_eq w))⟩

end Constraint

end Lean.Omega
