prelude
import Init.Logic
/-!
# Constructors: injectivity, and enumerations

Lean proves `C.inj` and `C.injEq` for every new inductive type; the types that are older than
equality of propositions get theirs here. `noConfusionEnum` is what it derives for types whose
constructors have no arguments.
-/
universe u w

protected theorem Nat.beq_refl : (n : Nat) → Nat.beq n n = true
  | 0 => rfl
  | n + 1 => Nat.beq_refl n

abbrev noConfusionTypeEnum {α : Sort u} (f : α → Nat) (P : Sort w) (x y : α) : Sort w :=
  (Nat.beq (f x) (f y)).rec P (P → P)

abbrev noConfusionEnum {α : Sort u} (f : α → Nat) {P : Sort w} {x y : α} (h : x = y) :
    noConfusionTypeEnum f P x y :=
  Eq.ndrec (motive := noConfusionTypeEnum f P x)
    (Eq.ndrec (motive := fun b => Bool.rec (motive := fun _ => Sort w) P (P → P) b) (fun p => p)
      (Nat.beq_refl (f x)).symm) h

theorem Lean.injEq_helper {P Q R : Prop} (h : P → Q → R) (x : P ∧ Q) : R := h x.1 x.2

gen_injective_theorems% Nat
gen_injective_theorems% Fin
gen_injective_theorems% BitVec
gen_injective_theorems% UInt8
gen_injective_theorems% UInt32
gen_injective_theorems% UInt64
gen_injective_theorems% Char
gen_injective_theorems% Option
gen_injective_theorems% List
gen_injective_theorems% Array
gen_injective_theorems% ByteArray
gen_injective_theorems% String
gen_injective_theorems% Except
gen_injective_theorems% EStateM.Result
gen_injective_theorems% Prod
gen_injective_theorems% PProd
gen_injective_theorems% MProd
gen_injective_theorems% Subtype
gen_injective_theorems% PLift
gen_injective_theorems% ULift
gen_injective_theorems% PULift
gen_injective_theorems% Sum
gen_injective_theorems% PSum
gen_injective_theorems% Sigma
gen_injective_theorems% PSigma
gen_injective_theorems% Lean.Name
gen_injective_theorems% Lean.SourceInfo
gen_injective_theorems% Lean.Syntax.Preresolved
gen_injective_theorems% Lean.Syntax
gen_injective_theorems% Lean.ParserDescr
