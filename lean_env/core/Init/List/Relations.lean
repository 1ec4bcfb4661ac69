prelude
import Init.List.Filter
/-!
# Relations between lists

Inclusion, sublists, beginnings and ends, permutations, and lists whose elements are related in pairs.
-/
set_option autoImplicit true
universe u v w

namespace List

/-! ## `⊆` -/
theorem subset_def {l₁ l₂ : List α} : l₁ ⊆ l₂ ↔ ∀ {a : α}, a ∈ l₁ → a ∈ l₂ := ⟨fun h _ ha => h ha, fun h _ ha => h ha⟩
@[simp] theorem nil_subset (l : List α) : [] ⊆ l := fun _ h => absurd h not_mem_nil
@[simp] theorem Subset.refl (l : List α) : l ⊆ l := fun _ h => h
theorem Subset.trans {l₁ l₂ l₃ : List α} (h₁ : l₁ ⊆ l₂) (h₂ : l₂ ⊆ l₃) : l₁ ⊆ l₃ := fun _ h => h₂ (h₁ h)
@[simp] theorem cons_subset {a : α} {l m : List α} : a :: l ⊆ m ↔ a ∈ m ∧ l ⊆ m :=
  ⟨fun h => ⟨h (.head _), fun _ hb => h (.tail _ hb)⟩,
   fun ⟨ha, hl⟩ _ hb => match mem_cons.1 hb with
    | .inl e => e ▸ ha
    | .inr hb => hl hb⟩
theorem subset_cons_self (a : α) (l : List α) : l ⊆ a :: l := fun _ h => .tail _ h
theorem subset_append_left (l₁ l₂ : List α) : l₁ ⊆ l₁ ++ l₂ := fun _ h => mem_append.2 (.inl h)
theorem subset_append_right (l₁ l₂ : List α) : l₂ ⊆ l₁ ++ l₂ := fun _ h => mem_append.2 (.inr h)
@[simp] theorem append_subset {l₁ l₂ l : List α} : l₁ ++ l₂ ⊆ l ↔ l₁ ⊆ l ∧ l₂ ⊆ l :=
  ⟨fun h => ⟨fun _ ha => h (mem_append.2 (.inl ha)), fun _ ha => h (mem_append.2 (.inr ha))⟩,
   fun ⟨h₁, h₂⟩ _ ha => (mem_append.1 ha).elim (fun h => h₁ h) fun h => h₂ h⟩
theorem map_subset {l₁ l₂ : List α} (f : α → β) (h : l₁ ⊆ l₂) : map f l₁ ⊆ map f l₂ := fun b hb => by
  obtain ⟨a, ha, rfl⟩ := mem_map.1 hb
  exact mem_map.2 ⟨a, h ha, rfl⟩
theorem eq_nil_of_subset_nil {l : List α} (h : l ⊆ []) : l = [] := by
  cases l with
  | nil => rfl
  | cons a l => exact absurd (h (.head _)) not_mem_nil
theorem filter_subset_self {p : α → Bool} (l : List α) : filter p l ⊆ l := fun _ h => (mem_filter.1 h).1

/-! ## Sublists -/
@[simp] theorem nil_sublist : ∀ (l : List α), Sublist [] l
  | [] => .slnil
  | a :: l => (nil_sublist l).cons a
@[simp] theorem Sublist.refl : ∀ (l : List α), Sublist l l
  | [] => .slnil
  | a :: l => (Sublist.refl l).cons₂ a
theorem Sublist.trans {l₁ l₂ l₃ : List α} (h₁ : Sublist l₁ l₂) (h₂ : Sublist l₂ l₃) : Sublist l₁ l₃ := by
  induction h₂ generalizing l₁ with
  | slnil => exact h₁
  | cons a _ ih => exact (ih h₁).cons a
  | cons₂ a _ ih =>
    cases h₁ with
    | cons _ h => exact (ih h).cons a
    | cons₂ _ h => exact (ih h).cons₂ a
theorem sublist_cons_self (a : α) (l : List α) : Sublist l (a :: l) := (Sublist.refl l).cons a
theorem Sublist.length_le {l₁ l₂ : List α} (h : Sublist l₁ l₂) : length l₁ ≤ length l₂ := by
  induction h with
  | slnil => exact Nat.le_refl _
  | cons a _ ih => exact Nat.le_succ_of_le ih
  | cons₂ a _ ih => exact Nat.succ_le_succ ih
theorem Sublist.subset {l₁ l₂ : List α} (h : Sublist l₁ l₂) : l₁ ⊆ l₂ := by
  induction h with
  | slnil => exact Subset.refl _
  | cons a _ ih => exact fun _ hb => .tail _ (ih hb)
  | cons₂ a _ ih =>
    intro b hb
    cases hb with
    | head => exact .head _
    | tail _ hb => exact .tail _ (ih hb)
@[simp] theorem filter_sublist {p : α → Bool} : ∀ {l : List α}, Sublist (filter p l) l
  | [] => .slnil
  | a :: l => by
    by_cases h : p a
    · rw [filter_cons_of_pos h]
      exact filter_sublist.cons₂ a
    · rw [filter_cons_of_neg h]
      exact filter_sublist.cons a
@[simp] theorem sublist_append_left : ∀ (l₁ l₂ : List α), Sublist l₁ (l₁ ++ l₂)
  | [], _ => nil_sublist _
  | a :: l₁, l₂ => (sublist_append_left l₁ l₂).cons₂ a
@[simp] theorem sublist_append_right : ∀ (l₁ l₂ : List α), Sublist l₂ (l₁ ++ l₂)
  | [], l₂ => Sublist.refl l₂
  | a :: l₁, l₂ => (sublist_append_right l₁ l₂).cons a

/-! ## Beginnings and ends -/
@[simp] theorem prefix_append (l₁ l₂ : List α) : IsPrefix l₁ (l₁ ++ l₂) := ⟨l₂, rfl⟩
@[simp] theorem suffix_append (l₁ l₂ : List α) : IsSuffix l₂ (l₁ ++ l₂) := ⟨l₁, rfl⟩
theorem prefix_refl (l : List α) : IsPrefix l l := ⟨[], append_nil l⟩
theorem suffix_refl (l : List α) : IsSuffix l l := ⟨[], rfl⟩
@[simp] theorem nil_prefix {l : List α} : IsPrefix [] l := ⟨l, rfl⟩
@[simp] theorem nil_suffix {l : List α} : IsSuffix [] l := ⟨l, append_nil l⟩
theorem IsPrefix.trans {l₁ l₂ l₃ : List α} : IsPrefix l₁ l₂ → IsPrefix l₂ l₃ → IsPrefix l₁ l₃
  | ⟨r₁, e₁⟩, ⟨r₂, e₂⟩ => ⟨r₁ ++ r₂, by rw [← append_assoc, e₁, e₂]⟩
theorem IsPrefix.length_le {l₁ l₂ : List α} : IsPrefix l₁ l₂ → l₁.length ≤ l₂.length
  | ⟨r, e⟩ => by
    rw [← e, length_append]
    exact Nat.le_add_right ..

/-! ## Permutations -/
@[simp] theorem Perm.refl : ∀ (l : List α), Perm l l
  | [] => .nil
  | x :: l => (Perm.refl l).cons x
theorem Perm.rfl {l : List α} : Perm l l := .refl l
protected theorem Perm.symm {l₁ l₂ : List α} (h : Perm l₁ l₂) : Perm l₂ l₁ := by
  induction h with
  | nil => exact .nil
  | cons x _ ih => exact ih.cons x
  | swap x y l => exact .swap y x l
  | trans _ _ ih₁ ih₂ => exact ih₂.trans ih₁
theorem Perm.mem_iff {a : α} {l₁ l₂ : List α} (h : Perm l₁ l₂) : a ∈ l₁ ↔ a ∈ l₂ := by
  induction h with
  | nil => exact Iff.rfl
  | cons x _ ih => rw [mem_cons, mem_cons, ih]
  | swap x y l => rw [mem_cons, mem_cons, mem_cons, mem_cons, or_left_comm]
  | trans _ _ ih₁ ih₂ => exact ih₁.trans ih₂
theorem Perm.length_eq {l₁ l₂ : List α} (h : Perm l₁ l₂) : length l₁ = length l₂ := by
  induction h with
  | nil => rfl
  | cons x _ ih => rw [length_cons, length_cons, ih]
  | swap x y l => rfl
  | trans _ _ ih₁ ih₂ => exact ih₁.trans ih₂
theorem Perm.subset {l₁ l₂ : List α} (h : Perm l₁ l₂) : l₁ ⊆ l₂ := fun _ ha => h.mem_iff.1 ha
theorem Perm.map (f : α → β) {l₁ l₂ : List α} (h : Perm l₁ l₂) : Perm (l₁.map f) (l₂.map f) := by
  induction h with
  | nil => exact .nil
  | cons x _ ih => exact ih.cons _
  | swap x y l => exact .swap ..
  | trans _ _ ih₁ ih₂ => exact ih₁.trans ih₂

/-! ## Pairs of elements -/
@[simp] theorem pairwise_cons {R : α → α → Prop} {a : α} {l : List α} :
    Pairwise R (a :: l) ↔ (∀ a', a' ∈ l → R a a') ∧ Pairwise R l :=
  ⟨fun | .cons h₁ h₂ => ⟨h₁, h₂⟩, fun ⟨h₁, h₂⟩ => .cons h₁ h₂⟩
theorem pairwise_singleton (R : α → α → Prop) (a : α) : Pairwise R [a] := by simp [Pairwise.nil]
@[simp] theorem nodup_nil : Nodup ([] : List α) := Pairwise.nil
@[simp] theorem nodup_cons {a : α} {l : List α} : Nodup (a :: l) ↔ a ∉ l ∧ Nodup l := by
  unfold Nodup
  rw [pairwise_cons]
  exact and_congr_left fun _ => ⟨fun h h' => h a h' rfl, fun h b hb e => h (e ▸ hb)⟩

end List
