prelude
import Init.Classical
import Init.Std
/-!
# `Bool`

Laws of `&&`, `||`, `!`, `^^` and `if`, by cases.
-/
set_option autoImplicit true
universe u

namespace Bool

@[simp] theorem and_not_self (x : Bool) : (x && !x) = false := by cases x <;> rfl
@[simp] theorem not_and_self (x : Bool) : (!x && x) = false := by cases x <;> rfl
@[simp] theorem or_not_self (x : Bool) : (x || !x) = true := by cases x <;> rfl
@[simp] theorem not_or_self (x : Bool) : (!x || x) = true := by cases x <;> rfl
theorem and_comm (x y : Bool) : (x && y) = (y && x) := by cases x <;> cases y <;> rfl
theorem or_comm (x y : Bool) : (x || y) = (y || x) := by cases x <;> cases y <;> rfl
theorem and_left_comm (x y z : Bool) : (x && (y && z)) = (y && (x && z)) := by cases x <;> cases y <;> rfl
theorem and_right_comm (x y z : Bool) : ((x && y) && z) = ((x && z) && y) := by cases x <;> cases y <;> cases z <;> rfl
theorem or_left_comm (x y z : Bool) : (x || (y || z)) = (y || (x || z)) := by cases x <;> cases y <;> rfl
theorem or_right_comm (x y z : Bool) : ((x || y) || z) = ((x || z) || y) := by cases x <;> cases y <;> cases z <;> rfl
instance : Std.Commutative (· && ·) := ⟨and_comm⟩
instance : Std.Commutative (· || ·) := ⟨or_comm⟩
instance : Std.Associative (· && ·) := ⟨and_assoc⟩
instance : Std.Associative (· || ·) := ⟨or_assoc⟩
theorem and_or_distrib_left (x y z : Bool) : (x && (y || z)) = (x && y || x && z) := by cases x <;> rfl
theorem and_or_distrib_right (x y z : Bool) : ((x || y) && z) = (x && z || y && z) := by
  cases x <;> cases y <;> cases z <;> rfl
theorem or_and_distrib_left (x y z : Bool) : (x || y && z) = ((x || y) && (x || z)) := by cases x <;> rfl
theorem or_and_distrib_right (x y z : Bool) : (x && y || z) = ((x || z) && (y || z)) := by
  cases x <;> cases y <;> cases z <;> rfl
@[simp] theorem not_and (x y : Bool) : (!(x && y)) = (!x || !y) := by cases x <;> rfl
@[simp] theorem not_or (x y : Bool) : (!(x || y)) = (!x && !y) := by cases x <;> rfl
@[simp] theorem and_self_left (a b : Bool) : (a && (a && b)) = (a && b) := by cases a <;> rfl
@[simp] theorem and_self_right (a b : Bool) : ((a && b) && b) = (a && b) := by cases a <;> cases b <;> rfl
@[simp] theorem or_self_left (a b : Bool) : (a || (a || b)) = (a || b) := by cases a <;> rfl
@[simp] theorem or_self_right (a b : Bool) : ((a || b) || b) = (a || b) := by cases a <;> cases b <;> rfl
theorem eq_false_or_eq_true (b : Bool) : b = true ∨ b = false := by cases b <;> simp
theorem eq_false_iff {b : Bool} : b = false ↔ b ≠ true := by cases b <;> simp
theorem ne_false_iff {b : Bool} : b ≠ false ↔ b = true := by cases b <;> simp
theorem eq_iff_iff {a b : Bool} : a = b ↔ (a ↔ b) := by cases a <;> cases b <;> simp
@[simp] theorem coe_iff_coe (a b : Bool) : ((a = true) ↔ (b = true)) ↔ a = b := by cases a <;> cases b <;> simp
@[simp] theorem not_inj {x y : Bool} : (!x) = (!y) ↔ x = y := by cases x <;> cases y <;> simp
theorem not_eq_comm {x y : Bool} : (!x) = y ↔ x = !y := by cases x <;> cases y <;> simp
@[simp] theorem not_eq_self (b : Bool) : ((!b) = b) ↔ False := by cases b <;> simp
@[simp] theorem eq_not_self (b : Bool) : (b = (!b)) ↔ False := by cases b <;> simp
theorem eq_not {a b : Bool} : a = (!b) ↔ a ≠ b := by cases a <;> cases b <;> simp
theorem not_eq {a b : Bool} : (!a) = b ↔ a ≠ b := by cases a <;> cases b <;> simp
@[simp] theorem and_eq_false_iff (x y : Bool) : (x && y) = false ↔ x = false ∨ y = false := by
  cases x <;> cases y <;> simp
@[simp] theorem or_eq_false_iff (x y : Bool) : (x || y) = false ↔ x = false ∧ y = false := by
  cases x <;> cases y <;> simp
theorem and_eq_true_iff {x y : Bool} : (x && y) = true ↔ x = true ∧ y = true := by simp
theorem or_eq_true_iff {x y : Bool} : (x || y) = true ↔ x = true ∨ y = true := by simp
protected theorem «forall» {p : Bool → Prop} : (∀ b, p b) ↔ p false ∧ p true :=
  ⟨fun h => ⟨h _, h _⟩, fun h b => match b with | false => h.1 | true => h.2⟩
protected theorem «exists» {p : Bool → Prop} : (∃ b, p b) ↔ p false ∨ p true :=
  ⟨fun | ⟨false, h⟩ => .inl h | ⟨true, h⟩ => .inr h, fun | .inl h => ⟨_, h⟩ | .inr h => ⟨_, h⟩⟩
theorem forall_bool {p : Bool → Prop} : (∀ b, p b) ↔ p false ∧ p true := Bool.forall
instance instDecidableForallOfDecidablePred (p : Bool → Prop) [inst : DecidablePred p] : Decidable (∀ x, p x) :=
  decidable_of_decidable_of_iff Bool.forall.symm
instance instDecidableExistsOfDecidablePred (p : Bool → Prop) [inst : DecidablePred p] : Decidable (∃ x, p x) :=
  decidable_of_decidable_of_iff Bool.exists.symm

/-! ## Exclusive or -/
@[simp] theorem false_xor (x : Bool) : (false ^^ x) = x := by cases x <;> rfl
@[simp] theorem xor_false (x : Bool) : (x ^^ false) = x := by cases x <;> rfl
@[simp] theorem true_xor (x : Bool) : (true ^^ x) = !x := by cases x <;> rfl
@[simp] theorem xor_true (x : Bool) : (x ^^ true) = !x := by cases x <;> rfl
@[simp] theorem xor_self (x : Bool) : (x ^^ x) = false := by cases x <;> rfl
theorem xor_comm (x y : Bool) : (x ^^ y) = (y ^^ x) := by cases x <;> cases y <;> rfl
theorem xor_assoc (x y z : Bool) : ((x ^^ y) ^^ z) = (x ^^ (y ^^ z)) := by cases x <;> cases y <;> cases z <;> rfl
theorem xor_left_comm (x y z : Bool) : (x ^^ (y ^^ z)) = (y ^^ (x ^^ z)) := by cases x <;> cases y <;> cases z <;> rfl

/-! ## Order -/
instance : LE Bool := ⟨(· → ·)⟩
instance : LT Bool := ⟨(!· && ·)⟩
instance (x y : Bool) : Decidable (x ≤ y) := inferInstanceAs (Decidable (x → y))
instance (x y : Bool) : Decidable (x < y) := inferInstanceAs (Decidable (!x && y))
instance : Max Bool := ⟨or⟩
instance : Min Bool := ⟨and⟩

/-! ## Conversions -/
def toNat (b : Bool) : Nat := cond b 1 0
@[simp] theorem toNat_false : false.toNat = 0 := rfl
@[simp] theorem toNat_true : true.toNat = 1 := rfl
@[simp] theorem decide_coe (b : Bool) [Decidable (b = true)] : decide (b = true) = b := by cases b <;> simp
@[simp] theorem decide_and (p q : Prop) [dpq : Decidable (p ∧ q)] [dp : Decidable p] [dq : Decidable q] :
    decide (p ∧ q) = (decide p && decide q) := by by_cases p <;> by_cases q <;> simp [*]
@[simp] theorem decide_or (p q : Prop) [dpq : Decidable (p ∨ q)] [dp : Decidable p] [dq : Decidable q] :
    decide (p ∨ q) = (decide p || decide q) := by by_cases p <;> by_cases q <;> simp [*]
@[simp] theorem cond_self (c : Bool) (t : α) : cond c t t = t := by cases c <;> rfl
theorem cond_eq_ite (b : Bool) (x y : α) : cond b x y = if b then x else y := by cases b <;> simp
theorem cond_decide {α} (p : Prop) [Decidable p] (t e : α) : cond (decide p) t e = if p then t else e := by
  by_cases p <;> simp [*]
end Bool

@[simp] theorem ite_eq_true_distrib (c : Prop) [Decidable c] (a b : Bool) :
    ((if c then a else b) = true) = (if c then a = true else b = true) := by by_cases c <;> simp [*]
theorem apply_ite (f : α → β) (P : Prop) [Decidable P] (x y : α) :
    f (ite P x y) = ite P (f x) (f y) := by by_cases P <;> simp [*]
theorem apply_dite (f : α → β) (P : Prop) [Decidable P] (x : P → α) (y : ¬P → α) :
    f (dite P x y) = dite P (fun h => f (x h)) (fun h => f (y h)) := by by_cases h : P <;> simp [h]
@[simp] theorem ite_eq_left_iff {P : Prop} [Decidable P] {a b : α} : ite P a b = a ↔ ¬P → b = a := by
  by_cases P <;> simp [*]
@[simp] theorem ite_eq_right_iff {P : Prop} [Decidable P] {a b : α} : ite P a b = b ↔ P → a = b := by
  by_cases P <;> simp [*]
theorem ite_eq_iff {P : Prop} [Decidable P] {a b c : α} : ite P a b = c ↔ P ∧ a = c ∨ ¬P ∧ b = c := by
  by_cases P <;> simp [*]
theorem ite_some_none_eq_none [Decidable P] : (if P then some x else none) = none ↔ ¬P := by
  by_cases P <;> simp [*]
@[simp] theorem ite_some_none_eq_some [Decidable P] : (if P then some x else none) = some y ↔ P ∧ x = y := by
  by_cases P <;> simp [*]
attribute [simp] ite_some_none_eq_none
