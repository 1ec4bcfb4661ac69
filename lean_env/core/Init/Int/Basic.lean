prelude
import Init.Nat.Basic
import Init.Syntax.Unexpanders
/-!
# `Int`: the type and its operations

An integer is `Int.ofNat n` or `Int.negSucc n`, the latter meaning `-(n + 1)`. The functions carry the
names of the runtime's big-number routines and compute as Lean's own do; comparison is decided by
looking at the sign of a difference. Casts come first, so that the coercion prints as `↑n`.
-/
set_option autoImplicit true
universe u

/-! ## Casts of natural numbers -/
class NatCast (R : Type u) where
  protected natCast : Nat → R

instance instNatCastNat : NatCast Nat where
  natCast n := n

@[coe, reducible, match_pattern] protected def Nat.cast {R : Type u} [NatCast R] : Nat → R :=
  NatCast.natCast

instance [NatCast R] : CoeTail Nat R where
  coe := Nat.cast
instance [NatCast R] : CoeHTCT Nat R where
  coe := Nat.cast

@[simp] theorem Nat.cast_id {n : Nat} : n.cast = n := rfl

/-! ## The type -/
/- Telling constructors apart compiles to `Int.decLt` and `Int.natAbs`, so the auxiliary definitions
are generated further down, after those; until then there is no `nofun` about integers. -/
set_option genCtorIdx false in
set_option genInjectivity false in
inductive Int : Type where
  | ofNat : Nat → Int
  | negSucc : Nat → Int

attribute [extern "lean_nat_to_int"] Int.ofNat
attribute [extern "lean_int_neg_succ_of_nat"] Int.negSucc

instance instNatCastInt : NatCast Int where
  natCast n := Int.ofNat n

instance instOfNat : OfNat Int n where
  ofNat := Int.ofNat n

namespace Int

instance : Inhabited Int := ⟨ofNat 0⟩

@[simp] theorem default_eq_zero : default = (0 : Int) := rfl
@[simp] theorem ofNat_eq_natCast (n : Nat) : ofNat n = n := rfl
theorem ofNat_eq_coe : ofNat n = Nat.cast n := rfl
@[simp, norm_cast] theorem natCast_zero : ((0 : Nat) : Int) = 0 := rfl
@[simp, norm_cast] theorem natCast_one : ((1 : Nat) : Int) = 1 := rfl
theorem ofNat_zero : ((0 : Nat) : Int) = 0 := rfl
theorem ofNat_one : ((1 : Nat) : Int) = 1 := rfl
theorem ofNat_two : ((2 : Nat) : Int) = 2 := rfl

/-! ## Ring operations -/
/-- The opposite of a natural number. -/
def negOfNat : Nat → Int
  | 0 => 0
  | .succ m => negSucc m

set_option bootstrap.genMatcherCode false in
@[extern "lean_int_neg"]
protected def neg (n : @& Int) : Int :=
  match n with
  | ofNat n => negOfNat n
  | -[n+1] => Nat.succ n

@[default_instance mid] instance instNegInt : Neg Int where
  neg := Int.neg

/-- The difference of two natural numbers. -/
def subNatNat (m n : Nat) : Int :=
  match (n - m : Nat) with
  | 0 => ofNat (m - n)
  | .succ k => negSucc k

set_option bootstrap.genMatcherCode false in
@[extern "lean_int_add"]
protected def add (m n : @& Int) : Int :=
  match m, n with
  | ofNat m, ofNat n => ofNat (m + n)
  | ofNat m, -[n+1] => subNatNat m (Nat.succ n)
  | -[m+1], ofNat n => subNatNat n (Nat.succ m)
  | -[m+1], -[n+1] => negSucc (Nat.succ (m + n))

instance : Add Int where
  add := Int.add

set_option bootstrap.genMatcherCode false in
@[extern "lean_int_mul"]
protected def mul (m n : @& Int) : Int :=
  match m, n with
  | ofNat m, ofNat n => ofNat (m * n)
  | ofNat m, -[n+1] => negOfNat (m * Nat.succ n)
  | -[m+1], ofNat n => negOfNat (Nat.succ m * n)
  | -[m+1], -[n+1] => ofNat (Nat.succ m * Nat.succ n)

instance : Mul Int where
  mul := Int.mul

@[extern "lean_int_sub"]
protected def sub (m n : @& Int) : Int := m + -n

instance : Sub Int where
  sub := Int.sub

/-! ## Order -/
inductive NonNeg : Int → Prop where
  | mk (n : Nat) : NonNeg (ofNat n)

protected def le (a b : Int) : Prop := NonNeg (b - a)
instance instLEInt : LE Int where
  le := Int.le

protected def lt (a b : Int) : Prop := (a + 1) ≤ b
instance instLTInt : LT Int where
  lt := Int.lt

set_option bootstrap.genMatcherCode false in
@[extern "lean_int_dec_nonneg"]
private def decNonneg (m : @& Int) : Decidable (NonNeg m) :=
  match m with
  | ofNat m => isTrue (.mk m)
  | -[_+1] => isFalse fun h =>
    NonNeg.casesOn (motive := fun i _ => Int.rec (fun _ => True) (fun _ => False) i) h
      fun _ => trivial

@[extern "lean_int_dec_le"]
instance decLe (a b : @& Int) : Decidable (a ≤ b) := decNonneg _

@[extern "lean_int_dec_lt"]
instance decLt (a b : @& Int) : Decidable (a < b) := decNonneg _

set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_abs"]
def natAbs (m : @& Int) : Nat :=
  match m with
  | ofNat m => m
  | -[m+1] => m.succ

attribute [gen_constructor_elims] Int

theorem ofNat.inj {m n : Nat} : ofNat m = ofNat n → m = n := congrArg natAbs
theorem negSucc.inj {m n : Nat} (h : -[m+1] = -[n+1]) : m = n :=
  Nat.succ.inj (congrArg natAbs h)
theorem ofNat.injEq (m n : Nat) : (ofNat m = ofNat n) = (m = n) :=
  propext ⟨ofNat.inj, congrArg ofNat⟩
theorem negSucc.injEq (m n : Nat) : (-[m+1] = -[n+1]) = (m = n) :=
  propext ⟨negSucc.inj, congrArg negSucc⟩
attribute [simp] ofNat.injEq negSucc.injEq

/-! ## Equality is decidable -/
set_option bootstrap.genMatcherCode false in
@[extern "lean_int_dec_eq"]
protected def decEq (a b : @& Int) : Decidable (a = b) :=
  match a, b with
  | ofNat a, ofNat b =>
    match decEq a b with
    | isTrue h => isTrue (h ▸ rfl)
    | isFalse h => isFalse fun e => h (ofNat.inj e)
  | ofNat _, -[_+1] => isFalse nofun
  | -[_+1], ofNat _ => isFalse nofun
  | -[a+1], -[b+1] =>
    match decEq a b with
    | isTrue h => isTrue (h ▸ rfl)
    | isFalse h => isFalse fun e => h (negSucc.inj e)

instance : DecidableEq Int := Int.decEq

protected theorem zero_ne_one : (0 : Int) ≠ 1 := nofun

instance : Min Int := minOfLe
instance : Max Int := maxOfLe

/-! ## Sign, divisibility, powers -/
def sign : Int → Int
  | ofNat (.succ _) => 1
  | ofNat 0 => 0
  | -[_+1] => -1

def toNat : Int → Nat
  | ofNat n => n
  | -[_+1] => 0

def toNat? : Int → Option Nat
  | ofNat n => some n
  | -[_+1] => none

instance : Dvd Int where
  dvd a b := ∃ c, b = a * c

protected def pow : Int → Nat → Int
  | (m : Nat), n => ofNat (m ^ n)
  | m@-[_+1], n => if n % 2 = 0 then ofNat (m.natAbs ^ n) else -ofNat (m.natAbs ^ n)

instance : NatPow Int where
  pow := Int.pow

end Int

/-! ## Casts of integers -/
class IntCast (R : Type u) where
  protected intCast : Int → R

instance instIntCastInt : IntCast Int where
  intCast n := n

@[coe, reducible, match_pattern] protected def Int.cast {R : Type u} [IntCast R] : Int → R :=
  IntCast.intCast

instance [IntCast R] : CoeTail Int R where
  coe := Int.cast
instance [IntCast R] : CoeHTCT Int R where
  coe := Int.cast

@[simp] theorem Int.cast_id {n : Int} : Int.cast n = n := rfl
