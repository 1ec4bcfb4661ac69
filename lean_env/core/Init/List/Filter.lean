prelude
import Init.List.Lemmas
import Init.Bool
/-!
# Lists: filter, folds, flatten, replicate, any and all
-/
set_option autoImplicit true
universe u v w

namespace List

/-! ## Filter -/
@[simp] theorem filter_nil {p : α → Bool} : filter p [] = [] := rfl
@[simp] theorem filter_cons_of_pos {p : α → Bool} {a : α} {l} (pa : p a) : filter p (a :: l) = a :: filter p l := by
  rw [filter, pa]
@[simp] theorem filter_cons_of_neg {p : α → Bool} {a : α} {l} (pa : ¬p a) : filter p (a :: l) = filter p l := by
  rw [filter, Bool.eq_false_of_ne_true pa]
theorem filter_cons {a : α} {as : List α} {p : α → Bool} :
    (a :: as).filter p = if p a then a :: as.filter p else as.filter p := by
  split <;> simp [*]
theorem length_filter_le (p : α → Bool) (l : List α) : (l.filter p).length ≤ l.length := by
  induction l with
  | nil => exact Nat.le_refl 0
  | cons a l ih =>
    rw [filter_cons]; split
    · exact Nat.succ_le_succ ih
    · exact Nat.le_succ_of_le ih
@[simp] theorem filter_append {p : α → Bool} (l₁ l₂ : List α) : filter p (l₁ ++ l₂) = filter p l₁ ++ filter p l₂ := by
  induction l₁ with
  | nil => rfl
  | cons a l ih => rw [cons_append, filter_cons, filter_cons, ih]; split <;> rfl
@[simp] theorem mem_filter {p : α → Bool} {as : List α} : x ∈ filter p as ↔ x ∈ as ∧ p x := by
  induction as with
  | nil => simp
  | cons a as ih =>
    rw [filter_cons]
    by_cases h : p a
    · rw [if_pos h, mem_cons, mem_cons, ih]
      exact ⟨fun x => x.elim (fun e => ⟨.inl e, e ▸ h⟩) (fun y => ⟨.inr y.1, y.2⟩),
        fun ⟨x, y⟩ => x.imp_right fun z => ⟨z, y⟩⟩
    · rw [if_neg h, mem_cons, ih]
      exact ⟨fun x => ⟨.inr x.1, x.2⟩, fun ⟨x, y⟩ => ⟨x.resolve_left fun e => h (e ▸ y), y⟩⟩
theorem filter_eq_nil_iff {p : α → Bool} {l : List α} : filter p l = [] ↔ ∀ a, a ∈ l → ¬p a := by
  rw [eq_nil_iff_forall_not_mem]
  simp only [mem_filter, not_and]
@[simp] theorem filter_eq_self {p : α → Bool} {l : List α} : filter p l = l ↔ ∀ a, a ∈ l → p a := by
  induction l with
  | nil => simp
  | cons a l ih =>
    by_cases h : p a
    · rw [filter_cons_of_pos h, cons_eq_cons, ih, forall_mem_cons]; simp [h]
    · rw [filter_cons_of_neg h, forall_mem_cons]
      refine ⟨fun e => ?_, fun x => (h x.1).elim⟩
      have := length_filter_le p l; rw [e] at this
      exact (Nat.not_succ_le_self _ this).elim
@[simp] theorem filter_filter {p q : α → Bool} (l : List α) : filter p (filter q l) = filter (fun a => p a && q a) l := by
  induction l with
  | nil => rfl
  | cons a l ih => by_cases hp : p a <;> by_cases hq : q a <;> simp [hp, hq, ih]
theorem filter_congr {p q : α → Bool} : ∀ {l : List α}, (∀ x, x ∈ l → p x = q x) → filter p l = filter q l
  | [], _ => rfl
  | a :: l, h => by rw [filter_cons, filter_cons, h a (.head _), filter_congr fun x hx => h x (.tail _ hx)]
@[simp] theorem filter_true (l : List α) : filter (fun _ => true) l = l := filter_eq_self.2 fun _ _ => rfl
@[simp] theorem filter_false (l : List α) : filter (fun _ => false) l = [] := filter_eq_nil_iff.2 fun _ _ => nofun
theorem filter_map {f : β → α} {p : α → Bool} {l : List β} : filter p (map f l) = map f (filter (p ∘ f) l) := by
  induction l with
  | nil => rfl
  | cons a l ih => by_cases h : p (f a) <;> simp [h, ih]
@[simp] theorem filterMap_nil {f : α → Option β} : filterMap f [] = [] := rfl
theorem filterMap_cons {f : α → Option β} {a : α} {l : List α} :
    filterMap f (a :: l) = match f a with | none => filterMap f l | some b => b :: filterMap f l := by
  rw [filterMap]; cases f a <;> rfl
@[simp] theorem filterMap_cons_none {f : α → Option β} (h : f a = none) : filterMap f (a :: l) = filterMap f l := by
  rw [filterMap_cons, h]
@[simp] theorem filterMap_cons_some {f : α → Option β} (h : f a = some b) : filterMap f (a :: l) = b :: filterMap f l := by
  rw [filterMap_cons, h]
@[simp] theorem filterMap_some {l : List α} : filterMap some l = l := by
  induction l with
  | nil => rfl
  | cons a l ih => rw [filterMap_cons_some rfl, ih]
@[simp] theorem mem_filterMap {f : α → Option β} {l : List α} : b ∈ filterMap f l ↔ ∃ a, a ∈ l ∧ f a = some b := by
  induction l with
  | nil => simp
  | cons a l ih =>
    cases h : f a with
    | none => simp [h, ih]
    | some c =>
      rw [filterMap_cons_some h, mem_cons, ih]
      exact ⟨fun x => x.elim (fun e => ⟨a, .head _, e ▸ h⟩) (fun ⟨y, hy, e⟩ => ⟨y, .tail _ hy, e⟩),
        fun ⟨y, hy, e⟩ => (mem_cons.1 hy).elim
          (fun e' => .inl (Option.some.inj (e.symm.trans (e' ▸ h)))) (fun hy => .inr ⟨y, hy, e⟩)⟩

/-! ## Folds -/
@[simp] theorem foldl_nil {f : β → α → β} {b : β} : [].foldl f b = b := rfl
@[simp] theorem foldl_cons {f : β → α → β} {b : β} {l : List α} : (a :: l).foldl f b = l.foldl f (f b a) := rfl
@[simp] theorem foldr_nil {f : α → β → β} {b : β} : [].foldr f b = b := rfl
@[simp] theorem foldr_cons {f : α → β → β} {b : β} {l : List α} : (a :: l).foldr f b = f a (l.foldr f b) := rfl
@[simp] theorem foldl_append {f : β → α → β} {b : β} {l l' : List α} : (l ++ l').foldl f b = l'.foldl f (l.foldl f b) := by
  induction l generalizing b with
  | nil => rfl
  | cons a l ih => exact ih
@[simp] theorem foldr_append {f : α → β → β} {b : β} {l l' : List α} : (l ++ l').foldr f b = l.foldr f (l'.foldr f b) := by
  induction l with
  | nil => rfl
  | cons a l ih => rw [cons_append, foldr_cons, foldr_cons, ih]
@[simp] theorem foldl_reverse {f : β → α → β} {b : β} {l : List α} : l.reverse.foldl f b = l.foldr (fun x y => f y x) b := by
  induction l with
  | nil => rfl
  | cons a l ih => rw [reverse_cons, foldl_append, ih]; rfl
@[simp] theorem foldr_reverse {f : α → β → β} {b : β} {l : List α} : l.reverse.foldr f b = l.foldl (fun x y => f y x) b := by
  rw [← reverse_reverse l, foldl_reverse, reverse_reverse]
theorem foldl_map {f : β₁ → β₂} {g : α → β₂ → α} {l : List β₁} {init : α} :
    (l.map f).foldl g init = l.foldl (fun x y => g x (f y)) init := by
  induction l generalizing init with
  | nil => rfl
  | cons a l ih => exact ih
theorem foldr_map {f : α₁ → α₂} {g : α₂ → β → β} {l : List α₁} {init : β} :
    (l.map f).foldr g init = l.foldr (fun x y => g (f x) y) init := by
  induction l with
  | nil => rfl
  | cons a l ih => rw [map_cons, foldr_cons, foldr_cons, ih]
theorem foldr_cons_eq_append {l : List α} {f : α → β} {l' : List β} :
    l.foldr (fun x xs => f x :: xs) l' = l.map f ++ l' := by
  induction l with
  | nil => rfl
  | cons a l ih => rw [foldr_cons, ih, map_cons, cons_append]
theorem foldr_cons_nil {l : List α} : l.foldr cons [] = l := by
  induction l with
  | nil => rfl
  | cons a l ih => rw [foldr_cons, ih]
attribute [simp] foldr_cons_nil
theorem foldl_eq_foldr_reverse {f : β → α → β} {b : β} {l : List α} : l.foldl f b = l.reverse.foldr (fun x y => f y x) b := by
  rw [foldr_reverse]
theorem foldl_assoc {op : α → α → α} [ha : Std.Associative op] : ∀ {l : List α} {a₁ a₂ : α},
    l.foldl op (op a₁ a₂) = op a₁ (l.foldl op a₂)
  | [], _, _ => rfl
  | a :: l, a₁, a₂ => by rw [foldl_cons, foldl_cons, ha.assoc, foldl_assoc]
@[simp] theorem sum_nil [Add α] [Zero α] : ([] : List α).sum = 0 := rfl
@[simp] theorem sum_cons [Add α] [Zero α] {a : α} {l : List α} : (a :: l).sum = a + l.sum := rfl
theorem sum_append_nat {l₁ l₂ : List Nat} : (l₁ ++ l₂).sum = l₁.sum + l₂.sum := by
  induction l₁ with
  | nil => rw [nil_append, sum_nil]; exact (Nat.zero_add _).symm
  | cons a l ih => rw [cons_append, sum_cons, sum_cons, ih, Nat.add_assoc]
attribute [simp] sum_append_nat

/-! ## Flatten and `flatMap` -/
@[simp] theorem flatten_nil : ([] : List (List α)).flatten = [] := rfl
@[simp] theorem flatten_cons {l : List α} {L : List (List α)} : (l :: L).flatten = l ++ L.flatten := rfl
@[simp] theorem flatten_append {L₁ L₂ : List (List α)} : (L₁ ++ L₂).flatten = L₁.flatten ++ L₂.flatten := by
  induction L₁ with
  | nil => rfl
  | cons a l ih => rw [cons_append, flatten_cons, flatten_cons, ih, append_assoc]
@[simp] theorem mem_flatten {L : List (List α)} : a ∈ L.flatten ↔ ∃ l, l ∈ L ∧ a ∈ l := by
  induction L with
  | nil => simp
  | cons l L ih => simp [ih]
@[simp] theorem flatMap_nil {f : α → List β} : [].flatMap f = [] := rfl
@[simp] theorem flatMap_cons {f : α → List β} {x : α} {xs : List α} : (x :: xs).flatMap f = f x ++ xs.flatMap f := rfl
@[simp] theorem mem_flatMap {f : α → List β} {b} {l : List α} : b ∈ l.flatMap f ↔ ∃ a, a ∈ l ∧ b ∈ f a := by
  induction l with
  | nil => simp
  | cons l L ih => simp [ih]

/-! ## Replicate -/
@[simp] theorem replicate_zero (a : α) : replicate 0 a = [] := rfl
theorem replicate_succ {a : α} {n : Nat} : replicate (n + 1) a = a :: replicate n a := rfl
@[simp] theorem replicate_one : replicate 1 a = [a] := rfl
@[simp] theorem length_replicate {n : Nat} {a : α} : (replicate n a).length = n := by
  induction n with
  | zero => rfl
  | succ n ih => rw [replicate_succ, length_cons, ih]
@[simp] theorem mem_replicate {a b : α} {n : Nat} : b ∈ replicate n a ↔ n ≠ 0 ∧ b = a := by
  induction n with
  | zero => simp
  | succ n ih =>
    rw [replicate_succ, mem_cons, ih]
    exact ⟨fun h => ⟨Nat.succ_ne_zero n, h.elim id And.right⟩, fun h => .inl h.2⟩
theorem eq_of_mem_replicate {a b : α} {n : Nat} (h : b ∈ replicate n a) : b = a := (mem_replicate.1 h).2
@[simp] theorem map_replicate {f : α → β} : map f (replicate n a) = replicate n (f a) := by
  induction n with
  | zero => rfl
  | succ n ih => rw [replicate_succ, map_cons, ih, replicate_succ]
theorem replicate_append_replicate : replicate n a ++ replicate m a = replicate (n + m) a := by
  induction n with
  | zero => rw [Nat.zero_add]; rfl
  | succ n ih => rw [replicate_succ, cons_append, ih, Nat.succ_add]; rfl
attribute [simp] replicate_append_replicate
theorem eq_replicate_of_mem {a : α} : ∀ {l : List α}, (∀ b, b ∈ l → b = a) → l = replicate l.length a
  | [], _ => rfl
  | b :: l, h => by
    rw [length_cons, replicate_succ, h b (.head _)]
    exact congrArg (a :: ·) (eq_replicate_of_mem fun x hx => h x (.tail _ hx))
theorem eq_replicate_iff {a : α} {n} {l : List α} : l = replicate n a ↔ length l = n ∧ ∀ b, b ∈ l → b = a :=
  ⟨fun e => e ▸ ⟨length_replicate, fun _ => eq_of_mem_replicate⟩,
   fun ⟨h₁, h₂⟩ => h₁ ▸ eq_replicate_of_mem h₂⟩
@[simp] theorem reverse_replicate {n : Nat} {a : α} : (replicate n a).reverse = replicate n a :=
  eq_replicate_iff.2 ⟨by simp, fun _ h => eq_of_mem_replicate (mem_reverse.1 h)⟩

/-! ## `any` and `all` -/
@[simp] theorem any_nil {f : α → Bool} : [].any f = false := rfl
@[simp] theorem any_cons {f : α → Bool} {a : α} {l : List α} : (a :: l).any f = (f a || l.any f) := rfl
@[simp] theorem all_nil {f : α → Bool} : [].all f = true := rfl
@[simp] theorem all_cons {f : α → Bool} {a : α} {l : List α} : (a :: l).all f = (f a && l.all f) := rfl
theorem any_eq_true {l : List α} : l.any p = true ↔ ∃ x, x ∈ l ∧ p x := by
  induction l with
  | nil => simp
  | cons a l ih => simp [ih]
theorem all_eq_true {l : List α} : l.all p = true ↔ ∀ x, x ∈ l → p x := by
  induction l with
  | nil => simp
  | cons a l ih => simp [ih]
attribute [simp] any_eq_true all_eq_true
@[simp] theorem any_append {f : α → Bool} {xs ys : List α} : (xs ++ ys).any f = (xs.any f || ys.any f) := by
  induction xs with
  | nil => rfl
  | cons a l ih => rw [cons_append, any_cons, any_cons, ih, Bool.or_assoc]
@[simp] theorem all_append {f : α → Bool} {xs ys : List α} : (xs ++ ys).all f = (xs.all f && ys.all f) := by
  induction xs with
  | nil => rfl
  | cons a l ih => rw [cons_append, all_cons, all_cons, ih, Bool.and_assoc]
theorem not_any_eq_all_not {l : List α} {p : α → Bool} : (!l.any p) = l.all fun a => !p a := by
  induction l with
  | nil => rfl
  | cons a l ih => rw [any_cons, all_cons, Bool.not_or, ih]
theorem not_all_eq_any_not {l : List α} {p : α → Bool} : (!l.all p) = l.any fun a => !p a := by
  induction l with
  | nil => rfl
  | cons a l ih => rw [any_cons, all_cons, Bool.not_and, ih]

end List
