prelude
import Init.List.Filter
import Init.List.TakeDrop
import Init.Omega.Tidy
import Init.Omega.Logic
/-!
# Lists: searching, counting, erasing, and elements by index
-/
set_option autoImplicit true
set_option linter.unusedSimpArgs false
universe u v w

namespace List

/-! ## Elements by index -/
@[simp] theorem getElem_map (f : α → β) {l : List α} {i : Nat} {h : i < (map f l).length} :
    (map f l)[i] = f (l[i]'(length_map (as := l) f ▸ h)) := by
  apply Option.some.inj
  rw [← getElem?_eq_getElem h, getElem?_map, getElem?_eq_getElem (length_map (as := l) f ▸ h)]
  rfl
theorem getElem?_append_left {l₁ l₂ : List α} {i : Nat} (h : i < l₁.length) : (l₁ ++ l₂)[i]? = l₁[i]? := by
  induction l₁ generalizing i with
  | nil => exact absurd h (Nat.not_lt_zero i)
  | cons a l ih =>
    cases i with
    | zero => rfl
    | succ i => rw [cons_append, getElem?_cons_succ, getElem?_cons_succ, ih (Nat.lt_of_succ_lt_succ h)]
theorem getElem?_append_right {l₁ l₂ : List α} {i : Nat} (h : l₁.length ≤ i) :
    (l₁ ++ l₂)[i]? = l₂[i - l₁.length]? := by
  induction l₁ generalizing i with
  | nil => rfl
  | cons a l ih =>
    cases i with
    | zero => exact absurd h (Nat.not_succ_le_zero _)
    | succ i =>
      rw [cons_append, getElem?_cons_succ, ih (Nat.le_of_succ_le_succ h), length_cons, Nat.add_sub_add_right]
theorem getElem_append_left {as bs : List α} (h : i < as.length) {h' : i < (as ++ bs).length} :
    (as ++ bs)[i] = as[i] := by
  apply Option.some.inj
  rw [← getElem?_eq_getElem h', getElem?_append_left h, getElem?_eq_getElem h]
@[simp] theorem getElem?_replicate_of_lt {a : α} {n i : Nat} (h : i < n) : (replicate n a)[i]? = some a := by
  induction n generalizing i with
  | zero => exact absurd h (Nat.not_lt_zero i)
  | succ n ih =>
    cases i with
    | zero => rfl
    | succ i => rw [replicate_succ, getElem?_cons_succ, ih (Nat.lt_of_succ_lt_succ h)]
@[simp] theorem getElem_replicate {a : α} {n : Nat} {i : Nat} (h : i < (replicate n a).length) :
    (replicate n a)[i] = a := by
  apply Option.some.inj
  rw [← getElem?_eq_getElem h, getElem?_replicate_of_lt (by simpa using h)]
theorem ext_getElem {l₁ l₂ : List α} (hl : length l₁ = length l₂)
    (h : ∀ (i : Nat) (h₁ : i < length l₁) (h₂ : i < length l₂), l₁[i]'h₁ = l₂[i]'h₂) : l₁ = l₂ := by
  apply ext_getElem?
  intro i
  by_cases h₁ : i < length l₁
  · rw [getElem?_eq_getElem h₁, getElem?_eq_getElem (hl ▸ h₁), h i h₁ (hl ▸ h₁)]
  · rw [getElem?_eq_none (Nat.ge_of_not_lt h₁), getElem?_eq_none (hl ▸ Nat.ge_of_not_lt h₁)]
theorem getElem_of_mem {a : α} {l : List α} (h : a ∈ l) : ∃ (i : Nat) (h : i < l.length), l[i]'h = a :=
  mem_iff_getElem.1 h
@[simp] theorem set_nil {i : Nat} {a : α} : ([] : List α).set i a = [] := rfl
@[simp] theorem set_cons_zero {x : α} {xs : List α} {a : α} : (x :: xs).set 0 a = a :: xs := rfl
@[simp] theorem set_cons_succ {x : α} {xs : List α} {i : Nat} {a : α} :
    (x :: xs).set (i + 1) a = x :: xs.set i a := rfl
@[simp] theorem length_set {as : List α} {i : Nat} {a : α} : (as.set i a).length = as.length := by
  induction as generalizing i with
  | nil => rfl
  | cons b as ih => cases i with
    | zero => rfl
    | succ i => rw [set_cons_succ, length_cons, ih, length_cons]

/-! ## First and last -/
@[simp] theorem getLast_mem : ∀ {l : List α} (h : l ≠ []), getLast l h ∈ l
  | [_], _ => .head _
  | _ :: b :: l, _ => .tail _ (getLast_mem (l := b :: l) (cons_ne_nil b l))
@[simp] theorem getLast_concat {h : l ++ [a] ≠ []} : getLast (l ++ [a]) h = a := getLast_append_singleton l
@[simp] theorem dropLast_concat : (l₁ ++ [b]).dropLast = l₁ := dropLast_append_singleton l₁ b
@[simp] theorem head?_map {f : α → β} {l : List α} : (l.map f).head? = l.head?.map f := by cases l <;> rfl
@[simp] theorem map_tail {f : α → β} {l : List α} : l.tail.map f = (l.map f).tail := by cases l <;> rfl
@[simp] theorem head_append_of_ne_nil {l : List α} {w₁} (w₂ : l ≠ []) : head (l ++ l') w₁ = head l w₂ := by
  cases l with
  | nil => exact absurd rfl w₂
  | cons a l => rfl
@[simp] theorem take_left {l₁ l₂ : List α} : take l₁.length (l₁ ++ l₂) = l₁ := take_left' rfl
@[simp] theorem drop_left {l₁ l₂ : List α} : drop l₁.length (l₁ ++ l₂) = l₂ := drop_left' rfl
theorem drop_eq_nil_of_le {l : List α} {i : Nat} (h : l.length ≤ i) : l.drop i = [] := drop_of_length_le h
theorem takeWhile_cons {p : α → Bool} {a : α} {l : List α} :
    (a :: l).takeWhile p = if p a then a :: l.takeWhile p else [] := by
  simp only [takeWhile]
  cases p a <;> rfl
theorem dropWhile_cons {p : α → Bool} {a : α} {l : List α} :
    (a :: l).dropWhile p = if p a then l.dropWhile p else a :: l := by
  simp only [dropWhile]
  cases p a <;> rfl
@[simp] theorem takeWhile_append_dropWhile {p : α → Bool} : ∀ {l : List α}, takeWhile p l ++ dropWhile p l = l
  | [] => rfl
  | a :: l => by
    rw [takeWhile_cons, dropWhile_cons]
    cases p a
    · rfl
    · exact congrArg (a :: ·) takeWhile_append_dropWhile

/-! ## `find?` -/
@[simp] theorem find?_nil {p : α → Bool} : ([] : List α).find? p = none := rfl
theorem find?_cons {p : α → Bool} {a : α} {as : List α} :
    (a :: as).find? p = match p a with | true => some a | false => as.find? p := rfl
@[simp] theorem find?_cons_of_pos {p : α → Bool} {a : α} {l : List α} (h : p a) : find? p (a :: l) = some a := by
  rw [find?_cons, h]
@[simp] theorem find?_cons_of_neg {p : α → Bool} {a : α} {l : List α} (h : ¬p a) :
    find? p (a :: l) = find? p l := by
  rw [find?_cons, Bool.eq_false_of_ne_true h]
@[simp] theorem find?_eq_none {p : α → Bool} {l : List α} : find? p l = none ↔ ∀ x, x ∈ l → ¬p x := by
  induction l with
  | nil => simp
  | cons a l ih => by_cases h : p a <;> simp [h, ih]
theorem find?_some {p : α → Bool} {a : α} : ∀ {l : List α}, find? p l = some a → p a
  | [], h => nomatch h
  | b :: l, h => by
    by_cases hb : p b
    · rw [find?_cons_of_pos hb] at h
      exact Option.some.inj h ▸ hb
    · rw [find?_cons_of_neg hb] at h
      exact find?_some h
theorem mem_of_find?_eq_some {p : α → Bool} {a : α} : ∀ {l : List α}, find? p l = some a → a ∈ l
  | [], h => nomatch h
  | b :: l, h => by
    by_cases hb : p b
    · rw [find?_cons_of_pos hb] at h
      exact Option.some.inj h ▸ .head _
    · rw [find?_cons_of_neg hb] at h
      exact .tail _ (mem_of_find?_eq_some h)
@[simp] theorem find?_append {p : α → Bool} {xs ys : List α} :
    (xs ++ ys).find? p = (xs.find? p).or (ys.find? p) := by
  induction xs with
  | nil => rfl
  | cons x xs ih => by_cases h : p x <;> simp [h, ih]

/-! ## `countP` and `count` -/
theorem countP_go_eq_add {p : α → Bool} {l : List α} {n : Nat} : countP.go p l n = n + countP.go p l 0 := by
  induction l generalizing n with
  | nil => rfl
  | cons a l ih =>
    unfold countP.go
    cases p a
    · exact ih
    · show countP.go p l (n + 1) = n + countP.go p l (0 + 1)
      rw [ih (n := n + 1), ih (n := 0 + 1)]
      omega
@[simp] theorem countP_nil {p : α → Bool} : countP p [] = 0 := rfl
@[simp] theorem countP_cons_of_pos {p : α → Bool} {a : α} {l : List α} (pa : p a) :
    countP p (a :: l) = countP p l + 1 := by
  unfold countP
  rw [countP.go, pa]
  exact countP_go_eq_add.trans (Nat.add_comm ..)
@[simp] theorem countP_cons_of_neg {p : α → Bool} {a : α} {l : List α} (pa : ¬p a) :
    countP p (a :: l) = countP p l := by
  unfold countP
  rw [countP.go, Bool.eq_false_of_ne_true pa]
  rfl
theorem countP_cons {p : α → Bool} {a : α} {l : List α} :
    countP p (a :: l) = countP p l + if p a then 1 else 0 := by
  by_cases h : p a <;> simp [h]
theorem countP_eq_length_filter {p : α → Bool} {l : List α} : countP p l = (filter p l).length := by
  induction l with
  | nil => rfl
  | cons a l ih => by_cases h : p a <;> simp [h, ih]
@[simp] theorem countP_append {p : α → Bool} {l₁ l₂ : List α} :
    countP p (l₁ ++ l₂) = countP p l₁ + countP p l₂ := by
  simp [countP_eq_length_filter]
theorem countP_le_length {p : α → Bool} {l : List α} : countP p l ≤ l.length := by
  rw [countP_eq_length_filter]
  exact length_filter_le ..
section count
variable [BEq α]
@[simp] theorem count_nil {a : α} : count a [] = 0 := rfl
theorem count_cons {a b : α} {l : List α} : count a (b :: l) = count a l + if b == a then 1 else 0 := countP_cons
@[simp] theorem count_append {a : α} {l₁ l₂ : List α} : count a (l₁ ++ l₂) = count a l₁ + count a l₂ :=
  countP_append
theorem count_le_length {a : α} {l : List α} : count a l ≤ l.length := countP_le_length
variable [LawfulBEq α]
@[simp] theorem count_cons_self {a : α} {l : List α} : count a (a :: l) = count a l + 1 := by simp [count_cons]
@[simp] theorem count_cons_of_ne (h : b ≠ a) {l : List α} : count a (b :: l) = count a l := by
  simp [count_cons, h]
theorem count_pos_iff {a : α} {l : List α} : 0 < count a l ↔ a ∈ l := by
  induction l with
  | nil => simp
  | cons b l ih =>
    by_cases h : b = a
    · simp [h]
    · simp [count_cons_of_ne h, ih, Ne.symm h]
theorem count_eq_zero {l : List α} : count a l = 0 ↔ a ∉ l := by
  rw [← count_pos_iff]
  omega
theorem count_eq_zero_of_not_mem {a : α} {l : List α} (h : a ∉ l) : count a l = 0 := count_eq_zero.2 h
@[simp] theorem count_replicate_self {a : α} {n : Nat} : count a (replicate n a) = n := by
  induction n with
  | zero => rfl
  | succ n ih => rw [replicate_succ, count_cons_self, ih]
end count

/-! ## `erase` -/
section erase
variable [BEq α]
@[simp] theorem erase_nil (a : α) : [].erase a = [] := rfl
theorem erase_cons {a b : α} {l : List α} : (b :: l).erase a = if b == a then l else b :: l.erase a := by
  simp only [List.erase]
  cases b == a <;> rfl
@[simp] theorem erase_cons_head [LawfulBEq α] {a : α} {l : List α} : (a :: l).erase a = l := by
  simp [erase_cons]
@[simp] theorem erase_cons_tail {a b : α} {l : List α} (h : ¬(b == a)) : (b :: l).erase a = b :: l.erase a := by
  simp [erase_cons, h]
theorem mem_of_mem_erase {a b : α} {l : List α} (h : a ∈ l.erase b) : a ∈ l := by
  induction l with
  | nil => exact h
  | cons c l ih =>
    rw [erase_cons] at h
    split at h
    · exact .tail _ h
    · cases h with
      | head => exact .head _
      | tail _ h => exact .tail _ (ih h)
theorem erase_of_not_mem [LawfulBEq α] {a : α} : ∀ {l : List α}, a ∉ l → l.erase a = l
  | [], _ => rfl
  | b :: l, h => by
    have hb : ¬(b == a) := fun e => h (eq_of_beq e ▸ .head _)
    rw [erase_cons_tail hb, erase_of_not_mem fun h' => h (.tail _ h')]
@[simp] theorem mem_erase_of_ne [LawfulBEq α] {a b : α} {l : List α} (ab : a ≠ b) : a ∈ l.erase b ↔ a ∈ l := by
  induction l with
  | nil => exact Iff.rfl
  | cons c l ih =>
    by_cases hc : c = b
    · subst hc
      simp [ab]
    · simp [erase_cons, hc, ih]
@[simp] theorem length_erase_of_mem [LawfulBEq α] {a : α} {l : List α} (h : a ∈ l) :
    length (l.erase a) = length l - 1 := by
  induction l with
  | nil => exact absurd h not_mem_nil
  | cons b l ih =>
    by_cases hb : b = a
    · subst hb
      simp
    · have hl : a ∈ l := (mem_cons.1 h).resolve_left (Ne.symm hb)
      have := length_pos_of_mem hl
      rw [erase_cons_tail (by simpa using hb), length_cons, ih hl, length_cons]
      omega
end erase

/-! ## `any`, `all`, `flatten`, sums -/
@[simp] theorem any_map {l : List α} {p : β → Bool} : (l.map f).any p = l.any (p ∘ f) := by
  induction l with
  | nil => rfl
  | cons a l ih => rw [map_cons, any_cons, any_cons, ih]; rfl
@[simp] theorem all_map {l : List α} {p : β → Bool} : (l.map f).all p = l.all (p ∘ f) := by
  induction l with
  | nil => rfl
  | cons a l ih => rw [map_cons, all_cons, all_cons, ih]; rfl
theorem length_flatten {L : List (List α)} : L.flatten.length = (L.map length).sum := by
  induction L with
  | nil => rfl
  | cons l L ih => rw [flatten_cons, length_append, ih, map_cons, sum_cons]
@[simp] theorem map_flatten {f : α → β} {L : List (List α)} : L.flatten.map f = (L.map (map f)).flatten := by
  induction L with
  | nil => rfl
  | cons l L ih => rw [flatten_cons, map_append, ih, map_cons, flatten_cons]
@[simp] theorem flatMap_append {xs ys : List α} {f : α → List β} :
    (xs ++ ys).flatMap f = xs.flatMap f ++ ys.flatMap f := by
  induction xs with
  | nil => rfl
  | cons x xs ih => rw [cons_append, flatMap_cons, ih, flatMap_cons, append_assoc]
@[simp] theorem sum_replicate_nat {n : Nat} {a : Nat} : (replicate n a).sum = n * a := by
  induction n with
  | zero => exact (Nat.zero_mul a).symm
  | succ n ih => rw [replicate_succ, sum_cons, ih, Nat.succ_mul, Nat.add_comm]
@[simp] theorem filter_reverse {p : α → Bool} {l : List α} : l.reverse.filter p = (l.filter p).reverse := by
  induction l with
  | nil => rfl
  | cons a l ih => by_cases h : p a <;> simp [h, ih]

end List
