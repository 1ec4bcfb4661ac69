/-! Lists. -/

theorem append_is_associative {α : Type} (xs ys zs : List α) : xs ++ ys ++ zs = xs ++ (ys ++ zs) := by
  induction xs with
  | nil => rfl
  | cons x xs ih => simp

theorem append_right_nil {α : Type} (xs : List α) : xs ++ [] = xs := by simp

theorem length_of_append {α : Type} (xs ys : List α) : (xs ++ ys).length = xs.length + ys.length := by
  simp

theorem reverse_twice {α : Type} (xs : List α) : xs.reverse.reverse = xs := List.reverse_reverse xs

theorem reverse_of_append {α : Type} (xs ys : List α) :
    (xs ++ ys).reverse = ys.reverse ++ xs.reverse := by
  simp

theorem map_of_map {α β γ : Type} (f : α → β) (g : β → γ) (xs : List α) :
    (xs.map f).map g = xs.map (g ∘ f) := by
  simp

theorem map_keeps_length {α β : Type} (f : α → β) (xs : List α) : (xs.map f).length = xs.length := by
  simp

theorem filter_shortens {α : Type} (p : α → Bool) (xs : List α) : (xs.filter p).length ≤ xs.length :=
  List.length_filter_le p xs

theorem filter_twice {α : Type} (p : α → Bool) (xs : List α) : (xs.filter p).filter p = xs.filter p := by
  simp

theorem member_of_append {α : Type} (a : α) (xs ys : List α) : a ∈ xs ++ ys ↔ a ∈ xs ∨ a ∈ ys := by
  simp

theorem member_of_map {α β : Type} (f : α → β) (b : β) (xs : List α) :
    b ∈ xs.map f ↔ ∃ a, a ∈ xs ∧ f a = b := by
  simp

theorem member_of_literal (n : Nat) (h : n ∈ [2, 3, 5]) : n < 6 := by
  simp at h
  rcases h with rfl | rfl | rfl <;> decide

theorem all_members_decided : ∀ n ∈ [2, 3, 5, 7], n * n < 50 := by decide

theorem not_a_member : 4 ∉ [2, 3, 5] := by decide

theorem fold_of_append (xs ys : List Nat) :
    (xs ++ ys).foldl (· + ·) 0 = ys.foldl (· + ·) (xs.foldl (· + ·) 0) := by
  simp

theorem right_fold_of_cons {α : Type} (xs : List α) : xs.foldr (· :: ·) [] = xs := by
  induction xs with
  | nil => rfl
  | cons x xs ih => rw [List.foldr_cons, ih]

theorem sum_of_literal : [1, 2, 3].sum = 6 := by simp

theorem take_and_drop {α : Type} (n : Nat) (xs : List α) : xs.take n ++ xs.drop n = xs :=
  List.take_append_drop n xs

theorem nonempty_list {α : Type} (xs : List α) (h : xs ≠ []) : ∃ y ys, xs = y :: ys := by
  cases xs with
  | nil => contradiction
  | cons y ys => exact ⟨y, ys, rfl⟩

theorem head_of_cons {α : Type} (x : α) (xs : List α) : (x :: xs).head? = some x := rfl

theorem lookup_by_index {α : Type} (xs : List α) (i : Nat) (h : i < xs.length) : xs[i]? = some xs[i] := by
  simp [h]

theorem replicate_length {α : Type} (n : Nat) (a : α) : (List.replicate n a).length = n := by simp

theorem cons_injective {α : Type} (x y : α) (xs ys : List α) (h : x :: xs = y :: ys) : x = y ∧ xs = ys := by
  simpa using h

theorem zip_length {α β : Type} (xs : List α) (ys : List β) :
    (xs.zip ys).length = min xs.length ys.length := by
  simp

theorem list_equality_decided : [1, 2] ++ [3] = [1, 2, 3] ∧ [1, 2] ≠ [2, 1] := by decide

theorem any_is_exists (p : Nat → Bool) (xs : List Nat) : xs.any p = true ↔ ∃ x, x ∈ xs ∧ p x = true := by
  simp

theorem elements_are_smaller (x : Nat) (xs : List Nat) (h : x ∈ xs) : sizeOf x < sizeOf xs :=
  List.sizeOf_lt_of_mem h

theorem attached {α β : Type} (xs : List α) (f : α → β) : (xs.attach.map fun x => f x.1) = xs.map f :=
  List.attach_map_val

theorem counting (xs ys : List Nat) (n : Nat) : (xs ++ ys).count n = xs.count n + ys.count n := by simp

theorem counted_members (xs : List Nat) (n : Nat) : 0 < xs.count n ↔ n ∈ xs := List.count_pos_iff

theorem searching (xs : List Nat) (n : Nat) (h : xs.find? (fun x => 3 < x) = some n) : 3 < n ∧ n ∈ xs :=
  ⟨by simpa using List.find?_some h, List.mem_of_find?_eq_some h⟩

theorem erasing (xs : List Nat) (n : Nat) (h : n ∈ xs) : (xs.erase n).length + 1 = xs.length := by
  have := List.length_pos_of_mem h
  rw [List.length_erase_of_mem h]
  omega

theorem computed_by_simp : [1, 2, 1].erase 1 = [2, 1] ∧ [1, 2, 1].count 1 = 2 ∧ [1, 2, 3][1] = 2 := by simp

theorem no_duplicates : [1, 2, 3].Nodup ∧ ¬[1, 2, 1].Nodup := by simp

theorem inclusion (xs ys zs : List Nat) (h : xs ⊆ ys) (k : ys ⊆ zs) : xs ⊆ zs := List.Subset.trans h k

theorem permutation_keeps_length {α : Type} (xs ys : List α) (h : xs.Perm ys) : xs.length = ys.length :=
  h.length_eq

theorem filter_is_sublist (p : Nat → Bool) (xs : List Nat) : (xs.filter p).Sublist xs := List.filter_sublist

theorem equal_at_every_index {α : Type} (xs ys : List α) (h : xs.length = ys.length)
    (k : ∀ (i : Nat) (hx : i < xs.length) (hy : i < ys.length), xs[i] = ys[i]) : xs = ys :=
  List.ext_getElem h k

theorem set_keeps_length (xs : List Nat) : (xs.set 2 7).length = xs.length := by simp
