prelude
import Init.Std
import Init.List.Lemmas
/-!
# The normaliser behind `ac_rfl`

Both sides of an equation are read as trees over one associative operation and flattened to lists of
variables, which are cleared of neutral elements, sorted where the operation is commutative, and
rid of repetitions where it is idempotent. Equal lists mean equal values: every step keeps the value
and keeps a list that is not empty from becoming so (`Same`).
-/
set_option autoImplicit true
universe u v

namespace Lean.Data.AC
open Std

inductive Expr
  | var (x : Nat)
  | op (lhs rhs : Expr)

instance : Inhabited Expr := ⟨.var 0⟩

structure Variable {α : Sort u} (op : α → α → α) : Type u where
  value : α
  neutral : Option <| PLift (LawfulIdentity op value)

structure Context (α : Sort u) where
  op : α → α → α
  assoc : Associative op
  comm : Option <| PLift <| Commutative op
  idem : Option <| PLift <| IdempotentOp op
  vars : List (Variable op)
  arbitrary : α

class ContextInformation (α : Sort u) where
  isNeutral : α → Nat → Bool
  isComm : α → Bool
  isIdem : α → Bool

class EvalInformation (α : Sort u) (β : Sort v) where
  arbitrary : α → β
  evalOp : α → β → β → β
  evalVar : α → Nat → β

def Context.var (ctx : Context α) (idx : Nat) : Variable ctx.op :=
  ctx.vars[idx]?.getD ⟨ctx.arbitrary, none⟩

instance : ContextInformation (Context α) where
  isNeutral ctx x := ctx.var x |>.neutral.isSome
  isComm ctx := ctx.comm.isSome
  isIdem ctx := ctx.idem.isSome

instance : EvalInformation (Context α) α where
  arbitrary ctx := ctx.arbitrary
  evalOp ctx := ctx.op
  evalVar ctx idx := ctx.var idx |>.value

def eval (β : Sort u) [EvalInformation α β] (ctx : α) : (ex : Expr) → β
  | Expr.var idx => EvalInformation.evalVar ctx idx
  | Expr.op l r => EvalInformation.evalOp ctx (eval β ctx l) (eval β ctx r)

def Expr.toList : Expr → List Nat
  | Expr.var idx => [idx]
  | Expr.op l r => l.toList.append r.toList

def evalList (β : Sort u) [EvalInformation α β] (ctx : α) : List Nat → β
  | [] => EvalInformation.arbitrary ctx
  | [x] => EvalInformation.evalVar ctx x
  | x :: xs => EvalInformation.evalOp ctx (EvalInformation.evalVar ctx x) (evalList β ctx xs)

def insert (x : Nat) : List Nat → List Nat
  | [] => [x]
  | a :: as => if x < a then x :: a :: as else a :: insert x as

def sort (xs : List Nat) : List Nat :=
  let rec loop : List Nat → List Nat → List Nat
    | acc, [] => acc
    | acc, x :: xs => loop (insert x acc) xs
  loop [] xs

def mergeIdem (xs : List Nat) : List Nat :=
  let rec loop : Nat → List Nat → List Nat
    | curr, next :: rest =>
      if curr = next then
        loop curr rest
      else
        curr :: loop next rest
    | curr, [] => [curr]
  match xs with
  | [] => []
  | x :: xs => loop x xs

def removeNeutrals [info : ContextInformation α] (ctx : α) : List Nat → List Nat
  | x :: xs =>
    match loop (x :: xs) with
    | [] => [x]
    | ys => ys
  | [] => []
where
  loop : List Nat → List Nat
    | x :: xs =>
      match info.isNeutral ctx x with
      | true => loop xs
      | false => x :: loop xs
    | [] => []

def norm [info : ContextInformation α] (ctx : α) (e : Expr) : List Nat :=
  let xs := e.toList
  let xs := removeNeutrals ctx xs
  let xs := if info.isComm ctx then sort xs else xs
  if info.isIdem ctx then mergeIdem xs else xs

/-! ## Every step keeps the value -/
namespace Context
variable {α : Sort u} (ctx : Context α)

/-- Equal values, and both empty or neither. -/
def Same (xs ys : List Nat) : Prop := evalList α ctx xs = evalList α ctx ys ∧ (xs = [] ↔ ys = [])

variable {ctx}
theorem Same.rfl {xs : List Nat} : Same ctx xs xs := ⟨Eq.refl _, Iff.rfl⟩
theorem Same.trans {xs ys zs : List Nat} (h₁ : Same ctx xs ys) (h₂ : Same ctx ys zs) : Same ctx xs zs :=
  ⟨h₁.1.trans h₂.1, h₁.2.trans h₂.2⟩
theorem Same.symm {xs ys : List Nat} (h : Same ctx xs ys) : Same ctx ys xs := ⟨h.1.symm, h.2.symm⟩

theorem evalList_cons {x : Nat} {xs : List Nat} (h : xs ≠ []) :
    evalList α ctx (x :: xs) = ctx.op (ctx.var x).value (evalList α ctx xs) := by
  cases xs with
  | nil => exact (h rfl).elim
  | cons y ys => rfl

theorem Same.cons (x : Nat) {xs ys : List Nat} (h : Same ctx xs ys) : Same ctx (x :: xs) (x :: ys) := by
  refine ⟨?_, ⟨nofun, nofun⟩⟩
  by_cases hx : xs = []
  · rw [hx, h.2.1 hx]
  · rw [evalList_cons hx, evalList_cons (mt h.2.2 hx), h.1]

theorem same_swap (hc : Commutative ctx.op) (x y : Nat) (l : List Nat) :
    Same ctx (x :: y :: l) (y :: x :: l) := by
  refine ⟨?_, ⟨nofun, nofun⟩⟩
  cases l with
  | nil => exact hc.comm _ _
  | cons z l =>
    show ctx.op _ (ctx.op _ _) = ctx.op _ (ctx.op _ _)
    rw [← ctx.assoc.assoc, ← ctx.assoc.assoc]
    exact congrArg (fun v => ctx.op v _) (hc.comm _ _)

theorem same_insert (hc : Commutative ctx.op) (x : Nat) (xs : List Nat) :
    Same ctx (insert x xs) (x :: xs) := by
  induction xs with
  | nil => exact .rfl
  | cons a as ih =>
    unfold insert
    split
    · exact .rfl
    · exact (ih.cons a).trans (same_swap hc a x as)

theorem same_sort_loop (hc : Commutative ctx.op) (xs : List Nat) : ∀ acc acc' : List Nat,
    Same ctx acc acc' → Same ctx (sort.loop acc xs) (xs ++ acc') := by
  induction xs with
  | nil => exact fun _ _ h => h
  | cons x xs ih =>
    intro acc acc' h
    exact (ih _ _ ((same_insert hc x acc).trans (h.cons x))).trans (move xs)
where
  move {x : Nat} {acc : List Nat} : ∀ xs, Same ctx (xs ++ x :: acc) (x :: xs ++ acc)
    | [] => .rfl
    | y :: ys => ((move ys).cons y).trans (same_swap hc y x (ys ++ acc))

theorem same_sort (hc : Commutative ctx.op) (xs : List Nat) : Same ctx (sort xs) xs := by
  have := same_sort_loop hc xs (ctx := ctx) [] [] .rfl
  rwa [List.append_nil] at this

theorem same_mergeIdem_loop (hi : IdempotentOp ctx.op) (xs : List Nat) :
    ∀ x, Same ctx (mergeIdem.loop x xs) (x :: xs) := by
  induction xs with
  | nil => exact fun _ => .rfl
  | cons y ys ih =>
    intro x
    unfold mergeIdem.loop
    split
    · rename_i e
      subst e
      refine (ih x).trans ⟨?_, ⟨nofun, nofun⟩⟩
      cases ys with
      | nil => exact (hi.idempotent _).symm
      | cons z zs =>
        show ctx.op _ _ = ctx.op _ (ctx.op _ _)
        rw [← ctx.assoc.assoc, hi.idempotent]
    · exact (ih y).cons x

theorem same_mergeIdem (hi : IdempotentOp ctx.op) (xs : List Nat) : Same ctx (mergeIdem xs) xs := by
  cases xs with
  | nil => exact .rfl
  | cons x xs => exact same_mergeIdem_loop hi xs x

theorem neutral_of_isNeutral {x : Nat} (h : ContextInformation.isNeutral ctx x = true) :
    LawfulIdentity ctx.op (ctx.var x).value := by
  have h' : (ctx.var x).neutral.isSome = true := h
  cases e : (ctx.var x).neutral with
  | none => rw [e] at h'; exact nomatch h'
  | some n => exact n.down

/-- A list of neutral elements adds nothing. -/
theorem evalList_of_neutrals : ∀ (xs : List Nat), removeNeutrals.loop ctx xs = [] →
    ∀ y, evalList α ctx (y :: xs) = (ctx.var y).value
  | [], _, _ => rfl
  | x :: xs, h, y => by
    unfold removeNeutrals.loop at h
    cases e : ContextInformation.isNeutral ctx x with
    | false => rw [e] at h; exact nomatch h
    | true =>
      rw [e] at h
      rw [evalList_cons (List.cons_ne_nil x xs), evalList_of_neutrals xs h x]
      exact (neutral_of_isNeutral e).right_id _

theorem evalList_removeNeutrals_loop : ∀ (xs : List Nat), removeNeutrals.loop ctx xs ≠ [] →
    evalList α ctx (removeNeutrals.loop ctx xs) = evalList α ctx xs
  | [], h => (h rfl).elim
  | x :: xs, h => by
    unfold removeNeutrals.loop at h ⊢
    cases e : ContextInformation.isNeutral ctx x with
    | true =>
      rw [e] at h
      have hx : xs ≠ [] := fun e' => by subst e'; exact h rfl
      show evalList α ctx (removeNeutrals.loop ctx xs) = _
      rw [evalList_cons hx, evalList_removeNeutrals_loop xs h]
      exact ((neutral_of_isNeutral e).left_id _).symm
    | false =>
      show evalList α ctx (x :: removeNeutrals.loop ctx xs) = _
      by_cases hl : removeNeutrals.loop ctx xs = []
      · rw [hl, evalList_of_neutrals xs hl x]; rfl
      · have hx : xs ≠ [] := fun e' => by subst e'; exact hl rfl
        rw [evalList_cons hl, evalList_cons hx, evalList_removeNeutrals_loop xs hl]

theorem evalList_removeNeutrals (xs : List Nat) :
    evalList α ctx (removeNeutrals ctx xs) = evalList α ctx xs := by
  cases xs with
  | nil => rfl
  | cons x xs =>
    show evalList α ctx (match removeNeutrals.loop ctx (x :: xs) with
      | [] => [x]
      | ys => ys) = _
    cases h : removeNeutrals.loop ctx (x :: xs) with
    | nil =>
      by_cases hx : ContextInformation.isNeutral ctx x = true
      · have h' : removeNeutrals.loop ctx xs = [] := by
          unfold removeNeutrals.loop at h; rw [hx] at h; exact h
        exact (evalList_of_neutrals xs h' x).symm
      · unfold removeNeutrals.loop at h
        rw [Bool.eq_false_of_ne_true hx] at h; exact nomatch h
    | cons y ys =>
      show evalList α ctx (y :: ys) = _
      rw [← h]
      exact evalList_removeNeutrals_loop (x :: xs) (h ▸ List.cons_ne_nil y ys)

theorem toList_ne_nil : ∀ e : Expr, e.toList ≠ []
  | .var _ => nofun
  | .op l r => List.append_ne_nil_of_left_ne_nil (toList_ne_nil l) r.toList

theorem evalList_append {l r : List Nat} (hl : l ≠ []) (hr : r ≠ []) :
    evalList α ctx (l ++ r) = ctx.op (evalList α ctx l) (evalList α ctx r) := by
  induction l with
  | nil => exact (hl rfl).elim
  | cons x l ih =>
    by_cases h : l = []
    · subst h; exact evalList_cons hr
    · rw [List.cons_append, evalList_cons (List.append_ne_nil_of_left_ne_nil h r), ih h, evalList_cons h,
        ctx.assoc.assoc]

theorem eval_toList (ctx : Context α) : ∀ e : Expr, evalList α ctx e.toList = eval α ctx e
  | .var _ => rfl
  | .op l r => (evalList_append (toList_ne_nil l) (toList_ne_nil r)).trans
      (congr (congrArg ctx.op (eval_toList ctx l)) (eval_toList ctx r))

theorem eval_norm (ctx : Context α) (e : Expr) : evalList α ctx (norm ctx e) = eval α ctx e := by
  have sorted (xs : List Nat) : evalList α ctx
      (if ContextInformation.isComm ctx = true then sort xs else xs) = evalList α ctx xs := by
    split
    · rename_i h
      have h' : ctx.comm.isSome = true := h
      cases e : ctx.comm with
      | none => rw [e] at h'; exact nomatch h'
      | some c => exact (same_sort c.down xs).1
    · rfl
  have merged (xs : List Nat) : evalList α ctx
      (if ContextInformation.isIdem ctx = true then mergeIdem xs else xs) = evalList α ctx xs := by
    split
    · rename_i h
      have h' : ctx.idem.isSome = true := h
      cases e : ctx.idem with
      | none => rw [e] at h'; exact nomatch h'
      | some c => exact (same_mergeIdem c.down xs).1
    · rfl
  exact (merged _).trans ((sorted _).trans ((evalList_removeNeutrals _).trans (eval_toList ctx e)))

theorem eq_of_norm (ctx : Context α) (a b : Expr) (h : norm ctx a == norm ctx b) :
    eval α ctx a = eval α ctx b := by
  rw [← eval_norm, ← eval_norm, eq_of_beq h]

end Context
end Lean.Data.AC
