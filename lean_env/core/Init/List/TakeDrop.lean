prelude
import Init.List.Lemmas
/-!
# Lists: heads and tails, take and drop, indexing, zip
-/
set_option autoImplicit true
universe u v w

namespace List

/-! ## Head, tail, last -/
@[simp] theorem head_cons {a : α} {l : List α} (h : a :: l ≠ []) : head (a :: l) h = a := rfl
@[simp] theorem head?_nil : head? ([] : List α) = none := rfl
@[simp] theorem head?_cons {a : α} {l : List α} : head? (a :: l) = some a := rfl
@[simp] theorem headD_nil {d : α} : headD [] d = d := rfl
@[simp] theorem headD_cons {a d : α} {l : List α} : headD (a :: l) d = a := rfl
@[simp] theorem tail_nil : tail ([] : List α) = [] := rfl
@[simp] theorem tail_cons {a : α} {l : List α} : tail (a :: l) = l := rfl
theorem cons_head_tail {l : List α} (h : l ≠ []) : l.head h :: l.tail = l :=
  match l, h with
  | _ :: _, _ => rfl
@[simp] theorem length_tail {l : List α} : l.tail.length = l.length - 1 := by cases l <;> rfl
theorem head?_eq_none_iff {l : List α} : l.head? = none ↔ l = [] := by cases l <;> simp
theorem head?_eq_some_iff {l : List α} {a : α} : l.head? = some a ↔ ∃ l', l = a :: l' := by
  cases l with
  | nil => simp
  | cons b l => simp [eq_comm]
theorem mem_of_mem_tail {a : α} {l : List α} (h : a ∈ tail l) : a ∈ l := by
  cases l with
  | nil => exact h
  | cons b l => exact .tail _ h
@[simp] theorem head_mem : ∀ {l : List α} (h : l ≠ []), head l h ∈ l
  | _ :: _, _ => .head _
@[simp] theorem getLast_singleton {a : α} (h : [a] ≠ []) : getLast [a] h = a := rfl
@[simp] theorem getLast_cons_cons {a : α} {l : List α} : getLast (a :: b :: l) (by simp) = getLast (b :: l) (by simp) := rfl
theorem getLast_cons {a : α} {as : List α} : ∀ (h : as ≠ []), getLast (a :: as) (cons_ne_nil a as) = getLast as h := by
  intro h
  cases as with
  | nil => exact (h rfl).elim
  | cons b as => rfl
theorem getLast_append_singleton {a : α} (l : List α) : getLast (l ++ [a]) (by simp) = a := by
  induction l with
  | nil => rfl
  | cons b l ih => exact (getLast_cons (by simp)).trans ih
@[simp] theorem getLast?_nil : getLast? ([] : List α) = none := rfl
@[simp] theorem getLast?_singleton {a : α} : getLast? [a] = some a := rfl
@[simp] theorem getLast?_append_singleton {a : α} (l : List α) : getLast? (l ++ [a]) = some a := by
  cases l with
  | nil => rfl
  | cons b l => exact congrArg some (getLast_append_singleton (b :: l))
@[simp] theorem dropLast_nil : ([] : List α).dropLast = [] := rfl
@[simp] theorem dropLast_single : [x].dropLast = [] := rfl
@[simp] theorem dropLast_cons_cons {x y : α} {zs : List α} : (x :: y :: zs).dropLast = x :: (y :: zs).dropLast := rfl
@[simp] theorem length_dropLast {xs : List α} : xs.dropLast.length = xs.length - 1 := by
  induction xs with
  | nil => rfl
  | cons x xs ih =>
    cases xs with
    | nil => rfl
    | cons y ys => rw [dropLast_cons_cons, length_cons, ih]; rfl
theorem dropLast_concat_getLast : ∀ {l : List α} (h : l ≠ []), dropLast l ++ [getLast l h] = l
  | [_], _ => rfl
  | a :: b :: l, _ => congrArg (a :: ·) (dropLast_concat_getLast (l := b :: l) (cons_ne_nil b l))
@[simp] theorem dropLast_append_singleton (l : List α) (a : α) : (l ++ [a]).dropLast = l := by
  have := dropLast_concat_getLast (l := l ++ [a]) (by simp)
  rw [getLast_append_singleton] at this
  exact (append_left_inj _).1 this

/-! ## Take and drop -/
@[simp] theorem take_zero {l : List α} : l.take 0 = [] := rfl
@[simp] theorem take_nil {i : Nat} : ([] : List α).take i = [] := by cases i <;> rfl
@[simp] theorem take_succ_cons {a : α} {as : List α} : (a :: as).take (i + 1) = a :: as.take i := rfl
@[simp] theorem drop_zero {l : List α} : l.drop 0 = l := rfl
@[simp] theorem drop_nil {i : Nat} : ([] : List α).drop i = [] := by cases i <;> rfl
@[simp] theorem drop_succ_cons {a : α} {l : List α} : (a :: l).drop (i + 1) = l.drop i := rfl
@[simp] theorem take_append_drop : ∀ (i : Nat) (l : List α), l.take i ++ l.drop i = l
  | 0, _ => rfl
  | _ + 1, [] => rfl
  | i + 1, a :: l => congrArg (a :: ·) (take_append_drop i l)
@[simp] theorem length_take : ∀ {i : Nat} {l : List α}, (l.take i).length = min i l.length
  | 0, _ => (Nat.zero_min _).symm
  | _ + 1, [] => rfl
  | i + 1, a :: l => by rw [take_succ_cons, length_cons, length_take, length_cons, Nat.min_add_right]
@[simp] theorem length_drop : ∀ {i : Nat} {l : List α}, (l.drop i).length = l.length - i
  | 0, _ => rfl
  | _ + 1, [] => (Nat.zero_sub _).symm
  | i + 1, a :: l => by rw [drop_succ_cons, length_drop, length_cons, Nat.add_sub_add_right]
theorem take_of_length_le : ∀ {i : Nat} {l : List α}, l.length ≤ i → l.take i = l
  | 0, [], _ => rfl
  | _ + 1, [], _ => rfl
  | _ + 1, a :: _, h => congrArg (a :: ·) (take_of_length_le (Nat.le_of_succ_le_succ h))
theorem drop_of_length_le {i : Nat} {l : List α} (h : l.length ≤ i) : l.drop i = [] :=
  length_eq_zero_iff.1 (by rw [length_drop, Nat.sub_eq_zero_of_le h])
@[simp] theorem take_length {l : List α} : l.take l.length = l := take_of_length_le (Nat.le_refl _)
@[simp] theorem drop_length {l : List α} : l.drop l.length = [] := drop_of_length_le (Nat.le_refl _)
theorem take_append {l₁ l₂ : List α} : take l₁.length (l₁ ++ l₂) = l₁ := by
  induction l₁ with
  | nil => rfl
  | cons a l ih => exact congrArg (a :: ·) ih
theorem drop_append {l₁ l₂ : List α} : drop l₁.length (l₁ ++ l₂) = l₂ := by
  induction l₁ with
  | nil => rfl
  | cons a l ih => exact ih
theorem take_left' {l₁ l₂ : List α} (h : length l₁ = i) : take i (l₁ ++ l₂) = l₁ := h ▸ take_append
theorem drop_left' {l₁ l₂ : List α} (h : length l₁ = i) : drop i (l₁ ++ l₂) = l₂ := h ▸ drop_append
theorem take_take : ∀ {i j : Nat} {l : List α}, take i (take j l) = take (min i j) l
  | i, 0, _ => by rw [take_zero, take_nil, Nat.min_zero, take_zero]
  | 0, _ + 1, _ => by rw [take_zero, Nat.zero_min, take_zero]
  | i + 1, j + 1, [] => by simp
  | i + 1, j + 1, a :: l => by rw [take_succ_cons, take_succ_cons, take_take, Nat.min_add_right, take_succ_cons]
theorem drop_drop : ∀ {i j : Nat} {l : List α}, drop i (drop j l) = drop (j + i) l
  | i, 0, l => by rw [drop_zero, Nat.zero_add]
  | i, j + 1, [] => by simp
  | i, j + 1, a :: l => by rw [drop_succ_cons, drop_drop, Nat.add_right_comm, drop_succ_cons]
theorem map_take {f : α → β} : ∀ {l : List α} {i : Nat}, (l.take i).map f = (l.map f).take i
  | [], i => by simp
  | _ :: _, 0 => rfl
  | a :: l, i + 1 => by rw [take_succ_cons, map_cons, map_take, map_cons, take_succ_cons]
theorem map_drop {f : α → β} : ∀ {l : List α} {i : Nat}, (l.drop i).map f = (l.map f).drop i
  | [], i => by simp
  | _ :: _, 0 => rfl
  | a :: l, i + 1 => by rw [drop_succ_cons, map_drop, map_cons, drop_succ_cons]
theorem mem_of_mem_take {a : α} {l : List α} (h : a ∈ l.take i) : a ∈ l :=
  take_append_drop i l ▸ mem_append_left _ h
theorem mem_of_mem_drop {a : α} {l : List α} (h : a ∈ l.drop i) : a ∈ l :=
  take_append_drop i l ▸ mem_append_right _ h

/-! ## Indexing -/
@[simp] theorem getElem_cons_zero {a : α} {as : List α} (h : 0 < (a :: as).length) : getElem (a :: as) 0 h = a := rfl
@[simp] theorem getElem_cons_succ {a : α} {as : List α} {i : Nat} (h : i + 1 < (a :: as).length) :
    getElem (a :: as) (i + 1) h = getElem as i (Nat.lt_of_succ_lt_succ h) := rfl
@[simp] theorem getElem?_nil {i : Nat} : ([] : List α)[i]? = none := by cases i <;> rfl
@[simp] theorem getElem?_cons_zero {a : α} {l : List α} : (a :: l)[0]? = some a := rfl
@[simp] theorem getElem?_cons_succ {a : α} {l : List α} {i : Nat} : (a :: l)[i + 1]? = l[i]? := rfl
theorem getElem?_cons : (a :: l)[i]? = if i = 0 then some a else l[i - 1]? := by cases i <;> simp
@[simp] theorem getElem?_eq_getElem : ∀ {l : List α} {i : Nat} (h : i < l.length), l[i]? = some (getElem l i h)
  | _ :: _, 0, _ => rfl
  | _ :: l, _ + 1, h => getElem?_eq_getElem (l := l) (Nat.lt_of_succ_lt_succ h)
theorem getElem?_eq_none : ∀ {l : List α} {i : Nat}, l.length ≤ i → l[i]? = none
  | [], _, _ => getElem?_nil
  | _ :: l, _ + 1, h => getElem?_eq_none (l := l) (Nat.le_of_succ_le_succ h)
@[simp] theorem getElem?_eq_none_iff {l : List α} {i : Nat} : l[i]? = none ↔ l.length ≤ i :=
  ⟨fun h => Nat.ge_of_not_lt fun h' => absurd h (by rw [getElem?_eq_getElem h']; exact nofun), getElem?_eq_none⟩
theorem getElem?_eq_some_iff {l : List α} : l[i]? = some a ↔ ∃ h : i < l.length, getElem l i h = a := by
  by_cases h : i < l.length
  · rw [getElem?_eq_getElem h, Option.some_inj]; exact ⟨fun e => ⟨h, e⟩, fun ⟨_, e⟩ => e⟩
  · rw [getElem?_eq_none (Nat.ge_of_not_lt h)]; exact ⟨nofun, fun ⟨h', _⟩ => (h h').elim⟩
theorem getElem_mem : ∀ {l : List α} {i : Nat} (h : i < l.length), getElem l i h ∈ l
  | _ :: _, 0, _ => .head _
  | _ :: l, _ + 1, h => .tail _ (getElem_mem (l := l) (Nat.lt_of_succ_lt_succ h))
theorem mem_iff_getElem {a} {l : List α} : a ∈ l ↔ ∃ (i : Nat) (h : i < l.length), getElem l i h = a := by
  refine ⟨fun h => ?_, fun ⟨_, h, e⟩ => e ▸ getElem_mem h⟩
  induction h with
  | head as => exact ⟨0, Nat.zero_lt_succ _, rfl⟩
  | tail b _ ih => obtain ⟨i, h, e⟩ := ih; exact ⟨i + 1, Nat.succ_lt_succ h, e⟩
@[simp] theorem getElem?_map {f : α → β} : ∀ {l : List α} {i : Nat}, (l.map f)[i]? = l[i]?.map f
  | [], _ => by simp
  | _ :: _, 0 => rfl
  | _ :: l, i + 1 => getElem?_map (l := l)
theorem ext_getElem? : ∀ {l₁ l₂ : List α}, (∀ i : Nat, l₁[i]? = l₂[i]?) → l₁ = l₂
  | [], [], _ => rfl
  | [], _ :: _, h => nomatch h 0
  | _ :: _, [], h => nomatch h 0
  | _ :: _, _ :: _, h => congr (congrArg cons (Option.some.inj (h 0))) (ext_getElem? fun i => h (i + 1))

/-! ## Zip -/
@[simp] theorem zipWith_nil_left {f : α → β → γ} : zipWith f [] l = [] := rfl
@[simp] theorem zipWith_nil_right {f : α → β → γ} : zipWith f l [] = [] := by cases l <;> rfl
@[simp] theorem zipWith_cons_cons {f : α → β → γ} : zipWith f (a :: as) (b :: bs) = f a b :: zipWith f as bs := rfl
@[simp] theorem zip_nil_left : zip ([] : List α) (l : List β) = [] := rfl
@[simp] theorem zip_nil_right : zip (l : List α) ([] : List β) = [] := zipWith_nil_right
@[simp] theorem zip_cons_cons : zip (a :: as) (b :: bs) = (a, b) :: zip as bs := rfl
@[simp] theorem length_zipWith {f : α → β → γ} : ∀ {l₁ : List α} {l₂ : List β},
    length (zipWith f l₁ l₂) = min (length l₁) (length l₂)
  | [], _ => (Nat.zero_min _).symm
  | _ :: _, [] => rfl
  | _ :: as, _ :: bs => by rw [zipWith_cons_cons, length_cons, length_zipWith, length_cons, length_cons, Nat.min_add_right]
@[simp] theorem length_zip {l₁ : List α} {l₂ : List β} : length (zip l₁ l₂) = min (length l₁) (length l₂) := length_zipWith
theorem zip_map' {f : α → β} {g : α → γ} : ∀ {l : List α}, zip (l.map f) (l.map g) = l.map fun a => (f a, g a)
  | [] => rfl
  | _ :: l => congrArg _ (zip_map' (l := l))
theorem zip_unzip : ∀ {l : List (α × β)}, zip (unzip l).1 (unzip l).2 = l
  | [] => rfl
  | (a, b) :: l => congrArg ((a, b) :: ·) (zip_unzip (l := l))

/-! ## Ranges -/
theorem range_loop_eq (n : Nat) (l : List Nat) : range.loop n l = range.loop n [] ++ l := by
  induction n generalizing l with
  | zero => rfl
  | succ n ih => show range.loop n (n :: l) = range.loop n [n] ++ l; rw [ih, ih [n], append_assoc]; rfl
theorem range_succ {n : Nat} : range (n + 1) = range n ++ [n] := range_loop_eq n [n]
@[simp] theorem range_zero : range 0 = [] := rfl
@[simp] theorem length_range {n : Nat} : (range n).length = n := by
  induction n with
  | zero => rfl
  | succ n ih => rw [range_succ, length_append, ih]; rfl
@[simp] theorem mem_range {m n : Nat} : m ∈ range n ↔ m < n := by
  induction n with
  | zero => simp
  | succ n ih => rw [range_succ, mem_append, ih, mem_singleton, Nat.lt_succ_iff_lt_or_eq]

end List
