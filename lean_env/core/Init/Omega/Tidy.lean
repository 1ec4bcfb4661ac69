prelude
import Init.Omega.Constraint
/-!
# Normal form of a constraint, and the steps of the algorithm

Dividing by the greatest common divisor of the coefficients, making the leading coefficient positive,
combining two constraints, and replacing coefficients by balanced remainders: the last two are how
`omega` eliminates a variable.
-/
set_option autoImplicit true

namespace Lean.Omega

/-! ## Normal form -/
def normalize? : Constraint × Coeffs → Option (Constraint × Coeffs)
  | ⟨s, x⟩ =>
    let gcd := Coeffs.gcd x
    if gcd = 0 then
      if s.sat 0 then some (.trivial, x) else some (.impossible, x)
    else if gcd = 1 then none
    else some (s.div gcd, Coeffs.sdiv x gcd)

def normalize (p : Constraint × Coeffs) : Constraint × Coeffs := normalize? p |>.getD p
noncomputable abbrev normalizeConstraint (s : Constraint) (x : Coeffs) : Constraint := (normalize (s, x)).1
noncomputable abbrev normalizeCoeffs (s : Constraint) (x : Coeffs) : Coeffs := (normalize (s, x)).2

def positivize? : Constraint × Coeffs → Option (Constraint × Coeffs)
  | ⟨s, x⟩ => if 0 ≤ x.leading then none else some (s.neg, Coeffs.smul x (-1))

noncomputable def positivize (p : Constraint × Coeffs) : Constraint × Coeffs := positivize? p |>.getD p
noncomputable abbrev positivizeConstraint (s : Constraint) (x : Coeffs) : Constraint :=
  (positivize (s, x)).1
noncomputable abbrev positivizeCoeffs (s : Constraint) (x : Coeffs) : Coeffs := (positivize (s, x)).2

def tidy? : Constraint × Coeffs → Option (Constraint × Coeffs)
  | ⟨s, x⟩ =>
    match positivize? (s, x) with
    | none =>
      match normalize? (s, x) with
      | none => none
      | some (s', x') => some (s', x')
    | some (s', x') => some (normalize (s', x'))

def tidy (p : Constraint × Coeffs) : Constraint × Coeffs := tidy? p |>.getD p
abbrev tidyConstraint (s : Constraint) (x : Coeffs) : Constraint := (tidy (s, x)).1
abbrev tidyCoeffs (s : Constraint) (x : Coeffs) : Coeffs := (tidy (s, x)).2

/-- The constraint holds at `v` of the pair `p`. -/
private abbrev Holds (v : Coeffs) (p : Constraint × Coeffs) : Prop := p.1.sat' p.2 v

private theorem normalize?_holds {p q : Constraint × Coeffs} (w : Holds v p) (e : normalize? p = some q) :
    Holds v q := by
  obtain ⟨s, x⟩ := p
  by_cases h₀ : Coeffs.gcd x = 0
  · have e := (if_pos h₀).symm.trans e
    have w : s.sat 0 := by
      rwa [Holds, Constraint.sat', Coeffs.dot, IntList.dot_of_left_zero (IntList.gcd_eq_zero h₀)] at w
    cases (if_pos w).symm.trans e; rfl
  · have e := (if_neg h₀).symm.trans e
    by_cases h₁ : Coeffs.gcd x = 1
    · cases (if_pos h₁).symm.trans e
    · cases (if_neg h₁).symm.trans e; exact Constraint.div_sat' h₀ w
private theorem normalize_holds {p : Constraint × Coeffs} (w : Holds v p) : Holds v (normalize p) := by
  unfold normalize
  cases e : normalize? p with
  | none => exact w
  | some q => exact normalize?_holds w e
private theorem positivize?_holds {p q : Constraint × Coeffs} (w : Holds v p)
    (e : positivize? p = some q) : Holds v q := by
  obtain ⟨s, x⟩ := p
  by_cases h : 0 ≤ Coeffs.leading x
  · cases (if_pos h).symm.trans e
  · cases (if_neg h).symm.trans e
    have h : Coeffs.dot (Coeffs.smul x (-1)) v = -Coeffs.dot x v :=
      (IntList.dot_smul_left x v (-1)).trans (Int.neg_one_mul _)
    rw [Holds, Constraint.sat', h]
    exact Constraint.neg_sat w
private theorem tidy?_holds {p q : Constraint × Coeffs} (w : Holds v p) (e : tidy? p = some q) :
    Holds v q := by
  obtain ⟨s, x⟩ := p
  dsimp only [tidy?] at e
  cases hp : positivize? (s, x) with
  | some r =>
    rw [hp] at e
    exact Option.some.inj e ▸ normalize_holds (positivize?_holds w hp)
  | none =>
    cases hn : normalize? (s, x) with
    | none => rw [hp, hn] at e; cases e
    | some r => rw [hp, hn] at e; exact Option.some.inj e ▸ normalize?_holds w hn
private theorem tidy_holds {p : Constraint × Coeffs} (w : Holds v p) : Holds v (tidy p) := by
  unfold tidy
  cases e : tidy? p with
  | none => exact w
  | some q => exact tidy?_holds w e

theorem normalize_sat {s : Constraint} {x v : Coeffs} (w : s.sat' x v) :
    (normalizeConstraint s x).sat' (normalizeCoeffs s x) v := normalize_holds (p := (s, x)) w
theorem positivize_sat {s : Constraint} {x v : Coeffs} (w : s.sat' x v) :
    (positivizeConstraint s x).sat' (positivizeCoeffs s x) v := by
  unfold positivizeConstraint positivizeCoeffs positivize
  cases e : positivize? (s, x) with
  | none => exact w
  | some q => exact positivize?_holds (p := (s, x)) w e
theorem tidy_sat {s : Constraint} {x v : Coeffs} (w : s.sat' x v) :
    (tidyConstraint s x).sat' (tidyCoeffs s x) v := tidy_holds (p := (s, x)) w

/-! ## Steps -/
theorem combo_sat' (s t : Constraint) (a : Int) (x : Coeffs) (b : Int) (y : Coeffs) (v : Coeffs)
    (wx : s.sat' x v) (wy : t.sat' y v) :
    (Constraint.combo a s b t).sat' (Coeffs.combo a x b y) v := by
  rw [Constraint.sat', Coeffs.dot, Coeffs.combo, IntList.dot_combo_left]
  exact Constraint.combo_sat a wx b wy

/-- The value of the variable that a hard equality introduces. -/
abbrev bmod_div_term (m : Nat) (a b : Coeffs) : Int := Coeffs.bmod_dot_sub_dot_bmod m a b / m

def bmod_coeffs (m : Nat) (i : Nat) (x : Coeffs) : Coeffs := Coeffs.set (Coeffs.bmod x m) i m

theorem bmod_sat (m : Nat) (r : Int) (i : Nat) (x v : Coeffs) (h : x.length ≤ i)
    (p : Coeffs.get v i = bmod_div_term m x v) (w : (Constraint.exact r).sat' x v) :
    (Constraint.exact (Int.bmod r m)).sat' (bmod_coeffs m i x) v := by
  rw [Constraint.sat', Constraint.exact_sat] at w ⊢
  have w : r = IntList.dot x v := of_decide_eq_true w
  refine decide_eq_true ?_
  rw [Coeffs.dot, bmod_coeffs, Coeffs.set, IntList.dot_set_left,
    IntList.get_of_length_le (Nat.le_trans (IntList.bmod_length x m) h), Int.sub_zero]
  refine .trans ?_ (congrArg (IntList.dot (Coeffs.bmod x m) v + m * ·) p.symm)
  rw [Int.mul_ediv_cancel' (IntList.dvd_bmod_dot_sub_dot_bmod ..), w, Int.add_comm,
    Int.sub_add_cancel]

end Lean.Omega
