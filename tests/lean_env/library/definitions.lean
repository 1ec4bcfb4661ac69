/-!
Files as users write them: types of their own, classes, recursion, notation, macros, sections.
-/

/-! ## Inductive types and structural recursion -/

inductive Tree (α : Type) where
  | leaf : Tree α
  | node (left : Tree α) (value : α) (right : Tree α) : Tree α
deriving DecidableEq, Inhabited, Repr

namespace Tree
variable {α β : Type}

def size : Tree α → Nat
  | leaf => 0
  | node l _ r => size l + 1 + size r

def mirror : Tree α → Tree α
  | leaf => leaf
  | node l x r => node (mirror r) x (mirror l)

def map (f : α → β) : Tree α → Tree β
  | leaf => leaf
  | node l x r => node (map f l) (f x) (map f r)

theorem mirror_twice (t : Tree α) : t.mirror.mirror = t := by
  induction t with
  | leaf => rfl
  | node l x r ihl ihr => simp [mirror, ihl, ihr]

theorem mirror_keeps_size (t : Tree α) : t.mirror.size = t.size := by
  induction t with
  | leaf => rfl
  | node l x r ihl ihr =>
    simp only [mirror, size, ihl, ihr]
    omega

theorem map_keeps_size (f : α → β) (t : Tree α) : (t.map f).size = t.size := by
  induction t <;> simp_all [map, size]

theorem leaf_is_no_node (l r : Tree α) (x : α) : leaf ≠ node l x r := nofun

theorem node_injective (l r : Tree α) (x y : α) (h : node l x r = node l y r) : x = y := by
  injection h

end Tree

theorem trees_decided : Tree.node .leaf 1 .leaf ≠ Tree.node .leaf 2 .leaf := by decide

inductive Color
  | red | green | blue
deriving DecidableEq, BEq, ReflBEq, LawfulBEq, Inhabited, Repr

theorem three_colors (c : Color) : c = .red ∨ c = .green ∨ c = .blue := by
  cases c <;> simp

theorem colors_compare (c d : Color) (h : (c == d) = true) : c = d := eq_of_beq h

/-! ## Predicates -/

inductive Even : Nat → Prop
  | zero : Even 0
  | step {n : Nat} : Even n → Even (n + 2)

theorem even_sum {m n : Nat} (hm : Even m) (hn : Even n) : Even (m + n) := by
  induction hn with
  | zero => exact hm
  | step _ ih => exact ih.step

theorem one_is_odd : ¬Even 1 := by
  intro h
  cases h

theorem even_is_double {n : Nat} (h : Even n) : ∃ k, n = 2 * k := by
  induction h with
  | zero => exact ⟨0, rfl⟩
  | step _ ih =>
    obtain ⟨k, rfl⟩ := ih
    exact ⟨k + 1, rfl⟩

/-! ## Structures and classes -/

@[ext] structure Point where
  x : Nat
  y : Nat := 0
deriving DecidableEq, Repr

structure Point3 extends Point where
  z : Nat

instance : Add Point := ⟨fun p q => ⟨p.x + q.x, p.y + q.y⟩⟩

theorem point_sum (p q : Point) : p + q = ⟨p.x + q.x, p.y + q.y⟩ := rfl

theorem points_commute (p q : Point) : p + q = q + p := by
  simp [point_sum, Nat.add_comm]

theorem points_extensional (p q : Point) (h : p.x = q.x) (k : p.y = q.y) : p = q := by
  ext
  · exact h
  · exact k

theorem default_field : ({ x := 3, z := 4 } : Point3).y = 0 := rfl

theorem updated_field (p : Point) : ({ p with x := 7 }).y = p.y := rfl

class Group (G : Type) extends Mul G, One G, Inv G where
  mul_assoc : ∀ a b c : G, a * b * c = a * (b * c)
  one_mul : ∀ a : G, 1 * a = a
  inv_mul : ∀ a : G, a⁻¹ * a = 1

namespace Group
variable {G : Type} [Group G]

theorem left_cancel (a b c : G) (h : a * b = a * c) : b = c := by
  have h' : a⁻¹ * (a * b) = a⁻¹ * (a * c) := by rw [h]
  rwa [← mul_assoc, ← mul_assoc, inv_mul, one_mul, one_mul] at h'

theorem mul_inv (a : G) : a * a⁻¹ = 1 := by
  apply left_cancel a⁻¹
  rw [← mul_assoc, inv_mul, one_mul, ← one_mul a⁻¹]
  apply left_cancel a⁻¹⁻¹
  rw [one_mul, ← mul_assoc, inv_mul, one_mul]

end Group

/-! ## Recursion -/

def fib : Nat → Nat
  | 0 => 0
  | 1 => 1
  | n + 2 => fib n + fib (n + 1)

theorem fib_computes : fib 12 = 144 := by decide

theorem fib_positive (n : Nat) : 0 < fib (n + 1) := by
  induction n with
  | zero => decide
  | succ n ih => exact Nat.lt_of_lt_of_le ih (Nat.le_add_left _ _)

def ackermann : Nat → Nat → Nat
  | 0, n => n + 1
  | m + 1, 0 => ackermann m 1
  | m + 1, n + 1 => ackermann m (ackermann (m + 1) n)
termination_by m n => (m, n)

theorem ackermann_one (n : Nat) : ackermann 1 n = n + 2 := by
  induction n with
  | zero => simp [ackermann]
  | succ n ih => simp [ackermann, ih]

def euclid (a b : Nat) : Nat :=
  if b = 0 then a else euclid b (a % b)
termination_by b
decreasing_by exact Nat.mod_lt _ (Nat.pos_of_ne_zero ‹_›)

theorem euclid_zero (a : Nat) : euclid a 0 = a := by
  rw [euclid]
  simp

def digits (n : Nat) : Nat := if n < 10 then 1 else 1 + digits (n / 10)

theorem digits_of_small (n : Nat) (h : n < 10) : digits n = 1 := by
  unfold digits
  simp [h]

mutual
def isEven : Nat → Bool
  | 0 => true
  | n + 1 => isOdd n
def isOdd : Nat → Bool
  | 0 => false
  | n + 1 => isEven n
end

theorem even_four : isEven 4 = true := by decide

inductive Rose where
  | mk (label : Nat) (children : List Rose) : Rose

def Rose.total : Rose → Nat
  | mk label children => label + (children.attach.map fun ⟨child, _⟩ => child.total).sum

theorem rose_total (n : Nat) (rs : List Rose) : (Rose.mk n rs).total = n + (rs.map Rose.total).sum := by
  rw [Rose.total, ← List.attach_map_val (f := Rose.total)]

def count {α : Type} [BEq α] (a : α) : List α → Nat
  | [] => 0
  | b :: bs => if a == b then count a bs + 1 else count a bs

theorem count_of_append {α : Type} [BEq α] (a : α) (xs ys : List α) :
    count a (xs ++ ys) = count a xs + count a ys := by
  induction xs with
  | nil => simp [count]
  | cons x xs ih =>
    simp only [List.cons_append, count, ih]
    split <;> omega

/-! ## Notation and macros -/

notation "‖" t "‖" => Tree.size t
infixl:65 " ⊹ " => Nat.add
postfix:max "!" => fun n : Nat => n * n
local macro "finish" : tactic => `(tactic| first | rfl | simp | omega)
syntax "twice " term:max : term
macro_rules
  | `(twice $t) => `($t + $t)

theorem size_notation (t : Tree Nat) : ‖t‖ = t.size := rfl

theorem infix_notation : 2 ⊹ 3 = 5 := rfl

theorem postfix_notation : 3 ! = 9 := rfl

theorem user_tactic (a b : Nat) (h : a < b) : a + 1 ≤ b := by finish

theorem user_syntax : twice 4 = 8 := rfl

/-! ## Sections, variables, namespaces -/

section
variable (p q : Prop)
variable {r : Prop}

theorem section_variables (h : p ∧ q) : q ∧ p := ⟨h.2, h.1⟩

include q in
theorem included_variable (h : r → p) (hr : r) : q → p := fun _ => h hr

end

namespace Outer.Inner
def secret : Nat := 42
theorem inside : secret = 42 := rfl
end Outer.Inner

theorem outside : Outer.Inner.secret = 42 := Outer.Inner.inside

open Outer.Inner in
theorem opened : secret = 42 := inside

universe u v

theorem polymorphic {α : Type u} {β : Type v} (f : α → β) (x y : α) (h : x = y) : f x = f y := h ▸ rfl

private def hidden : Nat := 1

theorem sees_private : hidden = 1 := rfl

set_option maxRecDepth 2000 in
theorem with_option : 300 + 300 = 600 := by decide

abbrev Predicate (α : Type) := α → Prop

theorem abbreviation (p : Predicate Nat) (h : ∀ n, p n) : p 0 := h 0

noncomputable def chosen (p : Nat → Prop) (h : ∃ n, p n) : Nat := Classical.choose h

theorem chosen_satisfies (p : Nat → Prop) (h : ∃ n, p n) : p (chosen p h) := Classical.choose_spec h

@[simp] theorem user_simp_lemma (n : Nat) : n ⊹ 0 = n := rfl

theorem uses_simp_lemma (n : Nat) : (n ⊹ 0) * 1 = n := by simp

attribute [local simp] Nat.mul_comm in
theorem local_attribute (a b : Nat) : a * b = b * a := by simp

example : True := trivial

theorem auto_bound (f : α → β) (a : α) : f a = f a := rfl
