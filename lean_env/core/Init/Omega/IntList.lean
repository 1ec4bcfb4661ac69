prelude
import Init.Int.Dvd
import Init.Nat.Gcd
import Init.List.Lemmas
/-!
# Lists of integers as coefficients

A list stands for a function on the natural numbers that vanishes beyond its end. Sums and
differences run to the end of the longer list, products to the end of the shorter; all that matters
about them is the dot product with the values of the atoms.
-/
set_option autoImplicit true
universe u v w

/-- Like `zipWith`, but to the end of the longer list. -/
def List.zipWithAll (f : Option α → Option β → γ) : List α → List β → List γ
  | [], bs => bs.map fun b => f none (some b)
  | a :: as, [] => (a :: as).map fun a => f (some a) none
  | a :: as, b :: bs => f (some a) (some b) :: zipWithAll f as bs

namespace Lean.Omega

abbrev IntList := List Int

namespace IntList

/-! ## Operations -/
def get (xs : IntList) (i : Nat) : Int := xs[i]?.getD 0

def set (xs : IntList) (i : Nat) (y : Int) : IntList :=
  match xs, i with
  | [], 0 => [y]
  | [], i + 1 => 0 :: set [] i y
  | _ :: xs, 0 => y :: xs
  | x :: xs, i + 1 => x :: set xs i y

def leading (xs : IntList) : Int := xs.find? (! · == 0) |>.getD 0

def add (xs ys : IntList) : IntList := List.zipWithAll (fun x y => x.getD 0 + y.getD 0) xs ys
instance : Add IntList := ⟨add⟩
def mul (xs ys : IntList) : IntList := List.zipWith (· * ·) xs ys
instance : Mul IntList := ⟨mul⟩
def neg (xs : IntList) : IntList := xs.map fun x => -x
instance : Neg IntList := ⟨neg⟩
def sub (xs ys : IntList) : IntList := List.zipWithAll (fun x y => x.getD 0 - y.getD 0) xs ys
instance : Sub IntList := ⟨sub⟩
def smul (xs : IntList) (i : Int) : IntList := xs.map fun x => i * x
instance : HMul Int IntList IntList where
  hMul i xs := xs.smul i
def combo (a : Int) (xs : IntList) (b : Int) (ys : IntList) : IntList :=
  List.zipWithAll (fun x y => a * x.getD 0 + b * y.getD 0) xs ys
def sum (xs : IntList) : Int := xs.foldr (· + ·) 0
def dot (xs ys : IntList) : Int := (xs * ys).sum
def sdiv (xs : IntList) (g : Int) : IntList := xs.map fun x => x / g
def gcd (xs : IntList) : Nat := xs.foldr (fun x g => Nat.gcd x.natAbs g) 0
abbrev bmod (x : IntList) (m : Nat) : IntList := x.map (Int.bmod · m)
abbrev bmod_dot_sub_dot_bmod (m : Nat) (a b : IntList) : Int :=
  (Int.bmod (dot a b) m) - dot (bmod a m) b

/-! ## Entries -/
@[simp] theorem get_nil : get ([] : IntList) i = 0 := rfl
@[simp] theorem get_cons_zero : get (x :: xs) 0 = x := rfl
@[simp] theorem get_cons_succ : get (x :: xs) (i + 1) = get xs i := rfl
theorem get_of_length_le {xs : IntList} (h : xs.length ≤ i) : xs.get i = 0 := by
  induction xs generalizing i with
  | nil => rfl
  | cons x xs ih =>
    cases i with
    | zero => exact (Nat.not_succ_le_zero _ h).elim
    | succ i => exact ih (Nat.le_of_succ_le_succ h)
@[simp] theorem set_nil_zero : set [] 0 y = [y] := rfl
@[simp] theorem set_nil_succ : set [] (i + 1) y = 0 :: set [] i y := rfl
@[simp] theorem set_cons_zero : set (x :: xs) 0 y = y :: xs := rfl
@[simp] theorem set_cons_succ : set (x :: xs) (i + 1) y = x :: set xs i y := rfl
@[simp] theorem gcd_nil : gcd [] = 0 := rfl
@[simp] theorem gcd_cons : gcd (x :: xs) = Nat.gcd x.natAbs (gcd xs) := rfl

/-! ## The dot product is linear in its first factor -/
@[simp] theorem nil_dot (xs : IntList) : dot [] xs = 0 := rfl
@[simp] theorem dot_nil_right {xs : IntList} : dot xs ([] : IntList) = 0 := by cases xs <;> rfl
@[simp] theorem dot_cons₂ : dot (x :: xs) (y :: ys) = x * y + dot xs ys := rfl

/-- A map that fixes 0 and acts entry by entry, when it commutes with sums of products. -/
private theorem dot_map (f : Int → Int) (F : Int → Int) (h₀ : F 0 = 0)
    (h : ∀ x y z, f x * y + F z = F (x * y + z)) (xs ys : IntList) :
    dot (xs.map f) ys = F (dot xs ys) := by
  induction xs generalizing ys with
  | nil => exact h₀.symm
  | cons x xs ih =>
    cases ys with
    | nil => exact h₀.symm
    | cons y ys => exact (congrArg (f x * y + ·) (ih ys)).trans (h ..)

@[simp] theorem dot_neg_left (xs ys : IntList) : (-xs).dot ys = -(xs.dot ys) :=
  dot_map (-·) (-·) rfl (fun x y z => by rw [Int.neg_mul, Int.neg_add]) xs ys
@[simp] theorem dot_smul_left (xs ys : IntList) (i : Int) : (i * xs).dot ys = i * xs.dot ys :=
  dot_map (i * ·) (i * ·) (Int.mul_zero i) (fun x y z => by rw [Int.mul_assoc, Int.mul_add]) xs ys

/-- The same for entry-by-entry combinations of two lists. -/
private theorem dot_zipWithAll (a b : Int) (f : Option Int → Option Int → Int)
    (hf : ∀ x y, f x y = a * x.getD 0 + b * y.getD 0) (xs ys zs : IntList) :
    dot (List.zipWithAll f xs ys) zs = a * dot xs zs + b * dot ys zs := by
  induction xs generalizing ys zs with
  | nil =>
    refine (dot_map _ (b * ·) (Int.mul_zero b) (fun x y z => ?_) ys zs).trans
      (by rw [nil_dot, Int.mul_zero, Int.zero_add])
    rw [hf]; show (a * 0 + b * x) * y + b * z = b * (x * y + z)
    rw [Int.mul_zero, Int.zero_add, Int.mul_assoc, Int.mul_add]
  | cons x xs ih =>
    cases ys with
    | nil =>
      refine (dot_map _ (a * ·) (Int.mul_zero a) (fun x y z => ?_) (x :: xs) zs).trans
        (by rw [nil_dot, Int.mul_zero, Int.add_zero])
      rw [hf]; show (a * x + b * 0) * y + a * z = a * (x * y + z)
      rw [Int.mul_zero, Int.add_zero, Int.mul_assoc, Int.mul_add]
    | cons y ys =>
      cases zs with
      | nil => rw [dot_nil_right, dot_nil_right, dot_nil_right, Int.mul_zero, Int.mul_zero]; rfl
      | cons z zs =>
        refine (congrArg (f (some x) (some y) * z + ·) (ih ys zs)).trans ?_
        rw [hf]; show (a * x + b * y) * z + _ = _
        rw [dot_cons₂, dot_cons₂, Int.add_mul, Int.mul_add, Int.mul_add, ← Int.mul_assoc,
          ← Int.mul_assoc, Int.add_assoc, Int.add_assoc, Int.add_left_comm (b * y * z)]

theorem dot_combo_left (a : Int) (xs : IntList) (b : Int) (ys zs : IntList) :
    (combo a xs b ys).dot zs = a * xs.dot zs + b * ys.dot zs :=
  dot_zipWithAll a b _ (fun _ _ => rfl) xs ys zs
theorem dot_distrib_left (xs ys zs : IntList) : (xs + ys).dot zs = xs.dot zs + ys.dot zs :=
  (dot_zipWithAll 1 1 _ (fun _ _ => by rw [Int.one_mul, Int.one_mul]) xs ys zs).trans
    (by rw [Int.one_mul, Int.one_mul])
theorem dot_sub_left (xs ys zs : IntList) : (xs - ys).dot zs = xs.dot zs - ys.dot zs :=
  (dot_zipWithAll 1 (-1) _ (fun _ _ => by rw [Int.one_mul, Int.neg_one_mul]; rfl) xs ys zs).trans
    (by rw [Int.one_mul, Int.neg_one_mul]; rfl)

theorem dot_of_left_zero {xs ys : IntList} (w : ∀ x, x ∈ xs → x = 0) : dot xs ys = 0 := by
  induction xs generalizing ys with
  | nil => rfl
  | cons x xs ih =>
    cases ys with
    | nil => rfl
    | cons y ys =>
      rw [dot_cons₂, w x (.head _), ih fun z hz => w z (.tail _ hz), Int.zero_mul]; rfl
theorem dot_eq_zero_of_left_eq_zero {xs ys : IntList} (h : ∀ x, x ∈ xs → x = 0) :
    dot xs ys = 0 := dot_of_left_zero h

@[simp] theorem dot_set_left (xs ys : IntList) (i : Nat) (z : Int) :
    dot (xs.set i z) ys = dot xs ys + (z - xs.get i) * ys.get i := by
  induction i generalizing xs ys with
  | zero =>
    cases xs with
    | nil =>
      cases ys with
      | nil => rw [dot_nil_right, dot_nil_right, get_nil, Int.mul_zero]; rfl
      | cons y ys =>
        rw [set_nil_zero, dot_cons₂, nil_dot, nil_dot, get_nil, get_cons_zero, Int.sub_zero,
          Int.add_zero, Int.zero_add]
    | cons x xs =>
      cases ys with
      | nil => rw [dot_nil_right, dot_nil_right, get_nil, Int.mul_zero]; rfl
      | cons y ys =>
        rw [set_cons_zero, dot_cons₂, dot_cons₂, get_cons_zero, get_cons_zero, Int.sub_mul,
          Int.add_right_comm, Int.add_comm (x * y), Int.sub_add_cancel]
  | succ i ih =>
    cases ys with
    | nil => rw [dot_nil_right, dot_nil_right, get_nil, Int.mul_zero]; rfl
    | cons y ys =>
      cases xs with
      | nil => rw [set_nil_succ, dot_cons₂, ih, Int.zero_mul, Int.zero_add]; rfl
      | cons x xs => rw [set_cons_succ, dot_cons₂, ih, ← Int.add_assoc]; rfl

/-! ## The greatest common divisor of the entries -/
theorem gcd_dvd (xs : IntList) {a : Int} (m : a ∈ xs) : (xs.gcd : Int) ∣ a := by
  rw [Int.ofNat_dvd_left]
  induction m with
  | head => exact Nat.gcd_dvd_left ..
  | tail _ _ ih => exact Nat.dvd_trans (Nat.gcd_dvd_right ..) ih
theorem gcd_dvd_dot_left (xs ys : IntList) : (xs.gcd : Int) ∣ dot xs ys := by
  induction xs generalizing ys with
  | nil => exact Int.dvd_zero _
  | cons x xs ih =>
    cases ys with
    | nil => exact Int.dvd_zero _
    | cons y ys =>
      exact Int.dvd_add (Int.dvd_mul_of_dvd_left (gcd_dvd _ (.head _)))
        (Int.dvd_trans (Int.ofNat_dvd.2 (Nat.gcd_dvd_right ..)) (ih ys))
theorem gcd_eq_zero {xs : IntList} (h : xs.gcd = 0) : ∀ x, x ∈ xs → x = 0 := fun x m => by
  have := gcd_dvd xs m; rw [h] at this; exact Int.zero_dvd.1 this
theorem dot_sdiv_left (xs ys : IntList) {d : Int} (h : d ∣ gcd xs) :
    dot (xs.sdiv d) ys = dot xs ys / d := by
  induction xs generalizing ys with
  | nil => exact (Int.zero_ediv d).symm
  | cons x xs ih =>
    cases ys with
    | nil => exact (Int.zero_ediv d).symm
    | cons y ys =>
      have hx : d ∣ x := Int.dvd_trans h (gcd_dvd _ (.head _))
      have hxs : d ∣ gcd xs := Int.dvd_trans h (Int.ofNat_dvd.2 (Nat.gcd_dvd_right ..))
      refine (congrArg (x / d * y + ·) (ih ys hxs)).trans ?_
      rw [dot_cons₂, Int.add_ediv_of_dvd_left (Int.dvd_mul_of_dvd_left hx), Int.mul_ediv_assoc' _ hx]

/-! ## Balanced remainders -/
theorem bmod_length (x : IntList) (m : Nat) : (bmod x m).length ≤ x.length :=
  Nat.le_of_eq (List.length_map _)
private theorem dvd_bmod_sub (x : Int) (m : Nat) : (m : Int) ∣ Int.bmod x m - x := by
  rw [Int.dvd_iff_emod_eq_zero, Int.sub_emod, Int.bmod_emod, Int.sub_self, Int.zero_emod]
theorem dvd_bmod_dot_sub_dot_bmod (m : Nat) (xs ys : IntList) :
    (m : Int) ∣ bmod_dot_sub_dot_bmod m xs ys := by
  have entries : (m : Int) ∣ dot (bmod xs m) ys - dot xs ys := by
    induction xs generalizing ys with
    | nil => exact Int.dvd_zero _
    | cons x xs ih =>
      cases ys with
      | nil => exact Int.dvd_zero _
      | cons y ys =>
        have := Int.dvd_add (Int.dvd_mul_of_dvd_left (c := y) (dvd_bmod_sub x m)) (ih ys)
        rw [Int.sub_mul, ← Int.add_sub_assoc, Int.sub_add_eq_add_sub, Int.sub_sub] at this
        exact this
  have := Int.dvd_sub (dvd_bmod_sub (dot xs ys) m) entries
  rwa [Int.sub_sub_sub_cancel_right] at this

end IntList

end Lean.Omega
