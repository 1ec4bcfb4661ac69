prelude
import Init.Prelude.Logic
/-!
# Booleans, decidable propositions and `if`

`Decidable` is a structure (a Boolean and a proof that it reflects the proposition);
`isTrue`/`isFalse` are patterns for it. `ite` and `dite` reduce by the Boolean alone, which is
what makes `decide` cheap in the kernel.
-/
set_option autoImplicit true
universe u v w

@[macro_inline, implicit_reducible] def cond {α : Sort u} (c : Bool) (x y : α) : α :=
  match c with
  | true => x
  | false => y

@[macro_inline]
protected def Bool.dcond {α : Sort u} (c : Bool) (x : Eq c true → α) (y : Eq c false → α) : α :=
  match c with
  | true => x rfl
  | false => y rfl

@[implicit_reducible] noncomputable def Bool.or (x y : Bool) : Bool := Bool.rec y true x

@[macro_inline] def Bool.Internal.or (x y : Bool) : Bool :=
  match x with
  | true => true
  | false => y

@[implicit_reducible] noncomputable def Bool.and (x y : Bool) : Bool := Bool.rec false y x

@[macro_inline] def Bool.Internal.and (x y : Bool) : Bool :=
  match x with
  | false => false
  | true => y

@[implicit_reducible] noncomputable def Bool.not (x : Bool) : Bool := Bool.rec true false x

@[inline] def Bool.Internal.not : Bool → Bool
  | true => false
  | false => true

@[csimp] theorem Bool.and_eq_internalAnd : Eq Bool.and Bool.Internal.and :=
  funext fun | true => rfl | false => rfl
@[csimp] theorem Bool.or_eq_internalOr : Eq Bool.or Bool.Internal.or :=
  funext fun | true => rfl | false => rfl
@[csimp] theorem Bool.not_eq_internalNot : Eq Bool.not Bool.Internal.not :=
  funext fun | true => rfl | false => rfl

export Bool (or and not)

@[inline, implicit_reducible] def Bool.beq (a b : Bool) : Bool :=
  match b with
  | false => not a
  | true => a

abbrev Bool.Reflects : Bool → Prop → Prop
  | false, p => Not p
  | true, p => p

class Decidable (p : Prop) where
  intro ::
  decide : Bool
  reflects_decide (p) : decide.Reflects p

attribute [implicit_reducible] Decidable.decide

@[match_pattern] abbrev Decidable.isFalse (h : Not p) : Decidable p := ⟨false, h⟩
@[match_pattern] abbrev Decidable.isTrue (h : p) : Decidable p := ⟨true, h⟩

@[cases_eliminator, induction_eliminator, elab_as_elim]
abbrev Decidable.falseTrueCases {p : Prop} {motive : Decidable p → Sort u}
    (isFalse : ∀ h, motive (isFalse h)) (isTrue : ∀ h, motive (isTrue h))
    (t : Decidable p) : motive t :=
  t.casesOn fun x => x.casesOn isFalse isTrue

export Decidable (isTrue isFalse decide)

abbrev DecidablePred {α : Sort u} (r : α → Prop) := (a : α) → Decidable (r a)
abbrev DecidableRel {α : Sort u} {β : Sort v} (r : α → β → Prop) :=
  (a : α) → (b : β) → Decidable (r a b)
abbrev DecidableEq (α : Sort u) := (a b : α) → Decidable (Eq a b)

def decEq {α : Sort u} [inst : DecidableEq α] (a b : α) : Decidable (Eq a b) := inst a b

set_option linter.unusedVariables false in
theorem decide_eq_true : [inst : Decidable p] → p → Eq (decide p) true
  | isTrue _, _ => rfl
  | isFalse n, h => (n h).elim

theorem decide_eq_false : [Decidable p] → Not p → Eq (decide p) false
  | isTrue h, n => (n h).elim
  | isFalse _, _ => rfl

theorem of_decide_eq_true [inst : Decidable p] (h : Eq (decide p) true) : p :=
  match (generalizing := false) inst with
  | isTrue hp => hp
  | isFalse np => (Bool.ne_true_of_eq_false (decide_eq_false np) h).elim

theorem of_decide_eq_false [inst : Decidable p] (h : Eq (decide p) false) : Not p :=
  match (generalizing := false) inst with
  | isTrue hp => (Bool.ne_false_of_eq_true (decide_eq_true hp) h).elim
  | isFalse np => np

theorem of_decide_eq_self_eq_true [inst : DecidableEq α] (a : α) : Eq (decide (Eq a a)) true :=
  decide_eq_true rfl

@[macro_inline] instance {p q} [dp : Decidable p] [dq : Decidable q] : Decidable (And p q) where
  decide := and (decide p) (decide q)
  reflects_decide :=
    match dp, dq with
    | isTrue hp, isTrue hq => ⟨hp, hq⟩
    | isTrue _, isFalse nq => fun h => nq h.2
    | isFalse np, _ => fun h => np h.1

@[macro_inline] instance [dp : Decidable p] [dq : Decidable q] : Decidable (Or p q) where
  decide := or (decide p) (decide q)
  reflects_decide :=
    match dp, dq with
    | isTrue hp, _ => .inl hp
    | isFalse _, isTrue hq => .inr hq
    | isFalse np, isFalse nq => fun h => h.elim np nq

@[inline] instance [dp : Decidable p] : Decidable (Not p) where
  decide := not (decide p)
  reflects_decide :=
    match dp with
    | isTrue hp => fun n => n hp
    | isFalse np => np

@[inline, implicit_reducible] def Bool.decEq (a b : Bool) : Decidable (Eq a b) where
  decide := a.beq b
  reflects_decide :=
    match a, b with
    | false, false => rfl
    | false, true => Bool.noConfusion
    | true, false => Bool.noConfusion
    | true, true => rfl

@[macro_inline] instance : DecidableEq Bool := Bool.decEq

class BEq (α : Type u) where
  beq : α → α → Bool

open BEq (beq)

instance (priority := 500) [DecidableEq α] : BEq α where
  beq a b := decide (Eq a b)

@[macro_inline, implicit_reducible]
def dite {α : Sort u} (c : Prop) [h : Decidable c] (t : c → α) (e : Not c → α) : α :=
  h.decide.casesOn e t h.reflects_decide

@[macro_inline, implicit_reducible]
def ite {α : Sort u} (c : Prop) [h : Decidable c] (t e : α) : α :=
  dite c (fun _ => t) (fun _ => e)
