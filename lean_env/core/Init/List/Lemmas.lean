prelude
import Init.List.Basic
import Init.Nat.Sub
import Init.Option
import Init.Classical
/-!
# Lists: length, append, membership, map, reverse

The first of the lemma files; the `simp` set is Lean's as far as it goes.
-/
set_option autoImplicit true
universe u v w

namespace List

/-! ## Constructors and length -/
@[simp] theorem cons_ne_nil (a : α) (l : List α) : a :: l ≠ [] := nofun
@[simp] theorem nil_ne_cons (a : α) (l : List α) : [] ≠ a :: l := nofun
theorem cons_ne_self (a : α) (l : List α) : a :: l ≠ l := by
  induction l generalizing a with
  | nil => exact nofun
  | cons b l ih => intro h; exact ih b (List.cons.inj h).2
@[simp] theorem cons_eq_cons {a b : α} {l l' : List α} : a :: l = b :: l' ↔ a = b ∧ l = l' :=
  ⟨fun h => List.cons.inj h, fun ⟨h₁, h₂⟩ => h₁ ▸ h₂ ▸ rfl⟩
theorem head_eq_of_cons_eq (H : h₁ :: t₁ = h₂ :: t₂) : h₁ = h₂ := (cons.inj H).1
theorem tail_eq_of_cons_eq (H : h₁ :: t₁ = h₂ :: t₂) : t₁ = t₂ := (cons.inj H).2
theorem cons_inj_right (a : α) {l l' : List α} : a :: l = a :: l' ↔ l = l' := by simp
theorem cons_inj_left {l : List α} {a b : α} : a :: l = b :: l ↔ a = b := by simp
theorem singleton_inj {a b : α} : [a] = [b] ↔ a = b := by simp
theorem exists_cons_of_ne_nil : ∀ {l : List α}, l ≠ [] → ∃ b l', l = b :: l'
  | _ :: _, _ => ⟨_, _, rfl⟩
  | [], h => (h rfl).elim
theorem ne_nil_iff_exists_cons {l : List α} : l ≠ [] ↔ ∃ b l', l = b :: l' :=
  ⟨exists_cons_of_ne_nil, fun ⟨_, _, e⟩ => e ▸ nofun⟩
theorem eq_nil_or_cons (l : List α) : l = [] ∨ ∃ a l', l = a :: l' :=
  match l with
  | [] => .inl rfl
  | _ :: _ => .inr ⟨_, _, rfl⟩

@[simp] theorem length_nil : length ([] : List α) = 0 := rfl
@[simp] theorem length_cons {a : α} {as : List α} : (a :: as).length = as.length + 1 := rfl
theorem length_singleton {a : α} : length [a] = 1 := rfl
theorem eq_nil_of_length_eq_zero {l : List α} (h : l.length = 0) : l = [] :=
  match l, h with
  | [], _ => rfl
theorem ne_nil_of_length_eq_add_one {l : List α} (h : length l = n + 1) : l ≠ [] :=
  fun e => by subst e; exact nomatch h
theorem ne_nil_of_length_pos {l : List α} (h : 0 < length l) : l ≠ [] :=
  fun e => by subst e; exact Nat.lt_irrefl 0 h
@[simp] theorem length_eq_zero_iff {l : List α} : l.length = 0 ↔ l = [] :=
  ⟨eq_nil_of_length_eq_zero, fun h => h ▸ rfl⟩
theorem length_pos_iff {l : List α} : 0 < l.length ↔ l ≠ [] := by
  rw [Nat.pos_iff_ne_zero, ne_eq, length_eq_zero_iff]
theorem length_pos_of_ne_nil {l : List α} : l ≠ [] → 0 < l.length := length_pos_iff.2
theorem exists_cons_of_length_pos : ∀ {l : List α}, 0 < l.length → ∃ h t, l = h :: t
  | _ :: _, _ => ⟨_, _, rfl⟩
theorem exists_cons_of_length_eq_add_one : ∀ {l : List α}, l.length = n + 1 → ∃ h t, l = h :: t
  | _ :: _, _ => ⟨_, _, rfl⟩
theorem length_eq_one_iff {l : List α} : l.length = 1 ↔ ∃ a, l = [a] :=
  ⟨fun h => match l, h with | [a], _ => ⟨a, rfl⟩, fun ⟨_, h⟩ => h ▸ rfl⟩
theorem length_eq_two {l : List α} : l.length = 2 ↔ ∃ a b, l = [a, b] :=
  ⟨fun h => match l, h with | [a, b], _ => ⟨a, b, rfl⟩, fun ⟨_, _, h⟩ => h ▸ rfl⟩
@[simp] theorem isEmpty_nil : ([] : List α).isEmpty = true := rfl
@[simp] theorem isEmpty_cons : (a :: l : List α).isEmpty = false := rfl
@[simp] theorem isEmpty_iff {l : List α} : l.isEmpty ↔ l = [] := by cases l <;> simp
theorem isEmpty_eq_false_iff {l : List α} : l.isEmpty = false ↔ l ≠ [] := by cases l <;> simp

/-! ## Append -/
@[simp] theorem append_eq {as bs : List α} : List.append as bs = as ++ bs := rfl
@[simp] theorem nil_append (as : List α) : [] ++ as = as := rfl
@[simp] theorem cons_append {a : α} {as bs : List α} : (a :: as) ++ bs = a :: (as ++ bs) := rfl
@[simp] theorem append_nil (as : List α) : as ++ [] = as := by
  induction as with
  | nil => rfl
  | cons a as ih => rw [cons_append, ih]
instance : Std.LawfulIdentity (α := List α) (· ++ ·) [] where
  left_id := nil_append
  right_id := append_nil
@[simp] theorem append_assoc (as bs cs : List α) : (as ++ bs) ++ cs = as ++ (bs ++ cs) := by
  induction as with
  | nil => rfl
  | cons a as ih => rw [cons_append, cons_append, cons_append, ih]
instance : Std.Associative (α := List α) (· ++ ·) := ⟨append_assoc⟩
theorem append_cons (as : List α) (b : α) (bs : List α) : as ++ b :: bs = as ++ [b] ++ bs := by simp
theorem singleton_append : [x] ++ l = x :: l := rfl
attribute [simp] singleton_append

@[simp] theorem length_append {as bs : List α} : (as ++ bs).length = as.length + bs.length := by
  induction as with
  | nil => rw [nil_append, length_nil, Nat.zero_add]
  | cons a as ih => rw [cons_append, length_cons, length_cons, ih, Nat.add_right_comm]
theorem length_concat {as : List α} {a : α} : (concat as a).length = as.length + 1 := by
  induction as with
  | nil => rfl
  | cons b as ih => show (concat as a).length + 1 = _; rw [ih, length_cons]
@[simp] theorem concat_eq_append {as : List α} {a : α} : as.concat a = as ++ [a] := by
  induction as with
  | nil => rfl
  | cons b as ih => show b :: concat as a = _; rw [ih, cons_append]
@[simp] theorem append_eq_nil_iff {p q : List α} : p ++ q = [] ↔ p = [] ∧ q = [] := by cases p <;> simp
@[simp] theorem nil_eq_append_iff {p q : List α} : [] = p ++ q ↔ p = [] ∧ q = [] := by
  rw [eq_comm, append_eq_nil_iff]
theorem append_ne_nil_of_left_ne_nil {s : List α} (h : s ≠ []) (t : List α) : s ++ t ≠ [] := by simp [h]
theorem append_ne_nil_of_right_ne_nil (s : List α) : t ≠ [] → s ++ t ≠ [] := fun h => by simp [h]
theorem append_eq_cons_iff {a b c : List α} {x : α} :
    a ++ b = x :: c ↔ (a = [] ∧ b = x :: c) ∨ (∃ a', a = x :: a' ∧ c = a' ++ b) := by
  cases a with
  | nil => simp
  | cons y a =>
    simp only [cons_append, cons_eq_cons, cons_ne_nil, false_and, false_or]
    exact ⟨fun ⟨e₁, e₂⟩ => ⟨a, ⟨e₁, rfl⟩, e₂.symm⟩, fun ⟨_, ⟨e₁, e₂⟩, e₃⟩ => ⟨e₁, e₂ ▸ e₃.symm⟩⟩
theorem cons_eq_append_iff {a b c : List α} {x : α} :
    x :: c = a ++ b ↔ (a = [] ∧ b = x :: c) ∨ (∃ a', a = x :: a' ∧ c = a' ++ b) := by
  rw [eq_comm, append_eq_cons_iff]
theorem append_eq_singleton_iff {a b : List α} {x : α} :
    a ++ b = [x] ↔ (a = [] ∧ b = [x]) ∨ (a = [x] ∧ b = []) := by
  cases a with
  | nil => simp
  | cons y a => cases a <;> simp
theorem append_inj : ∀ {s₁ s₂ t₁ t₂ : List α}, s₁ ++ t₁ = s₂ ++ t₂ → length s₁ = length s₂ →
    s₁ = s₂ ∧ t₁ = t₂
  | [], [], _, _, h, _ => ⟨rfl, h⟩
  | _ :: _, _ :: _, _, _, h, hl =>
    have ⟨e₁, e₂⟩ := append_inj (cons.inj h).2 (Nat.succ.inj hl)
    ⟨(cons.inj h).1 ▸ e₁ ▸ rfl, e₂⟩
theorem append_inj_right (h : s₁ ++ t₁ = s₂ ++ t₂) (hl : length s₁ = length s₂) : t₁ = t₂ := (append_inj h hl).2
theorem append_inj_left (h : s₁ ++ t₁ = s₂ ++ t₂) (hl : length s₁ = length s₂) : s₁ = s₂ := (append_inj h hl).1
theorem append_inj' (h : s₁ ++ t₁ = s₂ ++ t₂) (hl : length t₁ = length t₂) : s₁ = s₂ ∧ t₁ = t₂ :=
  append_inj h (by
    have := congrArg length h
    rw [length_append, length_append, hl] at this
    exact Nat.add_right_cancel this)
theorem append_right_inj {t₁ t₂ : List α} (s : List α) : s ++ t₁ = s ++ t₂ ↔ t₁ = t₂ :=
  ⟨fun h => append_inj_right h rfl, fun h => h ▸ rfl⟩
theorem append_left_inj {s₁ s₂ : List α} (t : List α) : s₁ ++ t = s₂ ++ t ↔ s₁ = s₂ :=
  ⟨fun h => (append_inj' h rfl).1, fun h => h ▸ rfl⟩
attribute [simp] append_right_inj append_left_inj
theorem append_cancel_left {as bs cs : List α} (h : as ++ bs = as ++ cs) : bs = cs := (append_right_inj as).1 h
theorem append_cancel_right {as bs cs : List α} (h : as ++ bs = cs ++ bs) : as = cs := (append_left_inj bs).1 h
@[simp] theorem append_left_eq_self {xs ys : List α} : xs ++ ys = ys ↔ xs = [] := by
  have := @append_left_inj α xs [] ys; rwa [nil_append] at this
@[simp] theorem append_right_eq_self {xs ys : List α} : xs ++ ys = xs ↔ ys = [] := by
  have := @append_right_inj α ys [] xs; rwa [append_nil] at this
@[simp] theorem self_eq_append_left {xs ys : List α} : ys = xs ++ ys ↔ xs = [] := by rw [eq_comm, append_left_eq_self]
@[simp] theorem self_eq_append_right {xs ys : List α} : xs = xs ++ ys ↔ ys = [] := by rw [eq_comm, append_right_eq_self]
theorem concat_inj {a b : α} {l l' : List α} : l ++ [a] = l' ++ [b] ↔ l = l' ∧ a = b :=
  ⟨fun h => have ⟨e₁, e₂⟩ := append_inj' h rfl; ⟨e₁, singleton_inj.1 e₂⟩, fun ⟨e₁, e₂⟩ => e₁ ▸ e₂ ▸ rfl⟩
theorem append_singleton_inj {l l' : List α} : l ++ [a] = l' ++ [b] ↔ l = l' ∧ a = b := concat_inj
theorem eq_nil_or_concat : ∀ l : List α, l = [] ∨ ∃ L b, l = L ++ [b]
  | [] => .inl rfl
  | a :: l => match eq_nil_or_concat l with
    | .inl e => .inr ⟨[], a, by rw [e]; rfl⟩
    | .inr ⟨L, b, e⟩ => .inr ⟨a :: L, b, by rw [e]; rfl⟩

/-! ## Membership -/
@[simp] theorem not_mem_nil {a : α} : ¬a ∈ [] := nofun
@[simp] theorem mem_cons {a b : α} {l : List α} : a ∈ b :: l ↔ a = b ∨ a ∈ l :=
  ⟨fun | .head _ => .inl rfl | .tail _ h => .inr h, fun | .inl e => e ▸ .head _ | .inr h => .tail _ h⟩
theorem mem_cons_self {a : α} {l : List α} : a ∈ a :: l := .head _
theorem mem_cons_of_mem (y : α) {a : α} {l : List α} : a ∈ l → a ∈ y :: l := .tail y
theorem mem_singleton {a b : α} : a ∈ [b] ↔ a = b := by simp
theorem mem_singleton_self (a : α) : a ∈ [a] := .head _
theorem eq_of_mem_singleton : a ∈ [b] → a = b := mem_singleton.1
theorem eq_or_mem_of_mem_cons {a b : α} {l : List α} : a ∈ b :: l → a = b ∨ a ∈ l := mem_cons.1
theorem ne_of_not_mem_cons {a b : α} {l : List α} (h : a ∉ b :: l) : a ≠ b := fun e => h (e ▸ .head _)
theorem not_mem_of_not_mem_cons {a b : α} {l : List α} (h : a ∉ b :: l) : a ∉ l := fun h' => h (.tail _ h')
theorem not_mem_cons_of_ne_of_not_mem {a y : α} {l : List α} (h : a ≠ y) (h' : a ∉ l) : a ∉ y :: l := by
  simp [h, h']
theorem ne_nil_of_mem {a : α} {l : List α} (h : a ∈ l) : l ≠ [] := fun e => by subst e; exact nomatch h
theorem length_pos_of_mem {a : α} {l : List α} (h : a ∈ l) : 0 < length l := length_pos_of_ne_nil (ne_nil_of_mem h)
theorem exists_mem_of_length_pos : ∀ {l : List α}, 0 < length l → ∃ a, a ∈ l
  | a :: _, _ => ⟨a, .head _⟩
theorem length_pos_iff_exists_mem {l : List α} : 0 < length l ↔ ∃ a, a ∈ l :=
  ⟨exists_mem_of_length_pos, fun ⟨_, h⟩ => length_pos_of_mem h⟩
theorem exists_mem_of_ne_nil (l : List α) (h : l ≠ []) : ∃ x, x ∈ l := exists_mem_of_length_pos (length_pos_of_ne_nil h)
theorem eq_nil_iff_forall_not_mem {l : List α} : l = [] ↔ ∀ a, a ∉ l :=
  ⟨fun e => e ▸ fun _ => nofun, fun h => match l with | [] => rfl | a :: _ => (h a (.head _)).elim⟩
@[simp] theorem mem_append {a : α} {s t : List α} : a ∈ s ++ t ↔ a ∈ s ∨ a ∈ t := by
  induction s with
  | nil => simp
  | cons b s ih => rw [cons_append, mem_cons, mem_cons, ih, or_assoc]
theorem mem_append_left {a : α} {as : List α} (bs : List α) (h : a ∈ as) : a ∈ as ++ bs := mem_append.2 (.inl h)
theorem mem_append_right {b : α} {bs : List α} (as : List α) (h : b ∈ bs) : b ∈ as ++ bs := mem_append.2 (.inr h)
theorem not_mem_append {a : α} {s t : List α} (h₁ : a ∉ s) (h₂ : a ∉ t) : a ∉ s ++ t := by simp [h₁, h₂]
theorem append_of_mem {a : α} {l : List α} : a ∈ l → ∃ s t : List α, l = s ++ a :: t
  | .head l => ⟨[], l, rfl⟩
  | .tail b h => let ⟨s, t, e⟩ := append_of_mem h; ⟨b :: s, t, by rw [e]; rfl⟩
theorem mem_iff_append {a : α} {l : List α} : a ∈ l ↔ ∃ s t : List α, l = s ++ a :: t :=
  ⟨append_of_mem, fun ⟨_, _, e⟩ => e ▸ by simp⟩
theorem eq_append_cons_of_mem {a : α} {xs : List α} (h : a ∈ xs) :
    ∃ as bs, xs = as ++ a :: bs ∧ a ∉ as := by
  induction xs with
  | nil => exact nomatch h
  | cons x xs ih =>
    by_cases e : a = x
    · exact ⟨[], xs, by rw [e]; rfl, nofun⟩
    · obtain ⟨as, bs, e₁, n⟩ := ih ((mem_cons.1 h).resolve_left e)
      exact ⟨x :: as, bs, by rw [e₁]; rfl, by simp [e, n]⟩

@[simp] theorem elem_iff [BEq α] [LawfulBEq α] {a : α} {as : List α} : elem a as = true ↔ a ∈ as :=
  ⟨mem_of_elem_eq_true, elem_eq_true_of_mem⟩
theorem contains_iff_mem [BEq α] [LawfulBEq α] {a : α} {as : List α} : as.contains a ↔ a ∈ as := elem_iff
theorem forall_mem_nil (p : α → Prop) : ∀ (x) (_ : x ∈ @nil α), p x := nofun
@[simp] theorem forall_mem_cons {p : α → Prop} {a : α} {l : List α} :
    (∀ (x) (_ : x ∈ a :: l), p x) ↔ p a ∧ ∀ (x) (_ : x ∈ l), p x :=
  ⟨fun h => ⟨h _ (.head _), fun _ hx => h _ (.tail _ hx)⟩, fun ⟨h₁, h₂⟩ => fun | _, .head _ => h₁ | _, .tail _ h => h₂ _ h⟩
theorem forall_mem_singleton {p : α → Prop} {a : α} : (∀ (x) (_ : x ∈ [a]), p x) ↔ p a := by simp
theorem forall_mem_append {p : α → Prop} {l₁ l₂ : List α} :
    (∀ (x) (_ : x ∈ l₁ ++ l₂), p x) ↔ (∀ (x) (_ : x ∈ l₁), p x) ∧ (∀ (x) (_ : x ∈ l₂), p x) := by
  simp only [mem_append, or_imp, forall_and]
theorem mem_ite_nil_left {x : α} {_ : Decidable p} {l : List α} : (x ∈ if p then [] else l) ↔ ¬p ∧ x ∈ l := by
  split <;> simp_all
theorem mem_ite_nil_right {x : α} {_ : Decidable p} {l : List α} : (x ∈ if p then l else []) ↔ p ∧ x ∈ l := by
  split <;> simp_all
attribute [simp] mem_ite_nil_left mem_ite_nil_right

/-! ## Map -/
@[simp] theorem map_nil {f : α → β} : map f [] = [] := rfl
@[simp] theorem map_cons {f : α → β} {a : α} {l : List α} : map f (a :: l) = f a :: map f l := rfl
@[simp] theorem length_map {as : List α} (f : α → β) : (as.map f).length = as.length := by
  induction as with
  | nil => rfl
  | cons a as ih => rw [map_cons, length_cons, length_cons, ih]
@[simp] theorem map_append {l₁ l₂ : List α} (f : α → β) : map f (l₁ ++ l₂) = map f l₁ ++ map f l₂ := by
  induction l₁ with
  | nil => rfl
  | cons a as ih => rw [cons_append, map_cons, map_cons, cons_append, ih]
@[simp] theorem map_map {g : β → γ} {f : α → β} {l : List α} : map g (map f l) = map (g ∘ f) l := by
  induction l with
  | nil => rfl
  | cons a as ih => rw [map_cons, map_cons, map_cons, ih]; rfl
theorem map_id_of_pointwise {f : α → α} (h : ∀ x, f x = x) (l : List α) : map f l = l := by
  induction l with
  | nil => rfl
  | cons a as ih => rw [map_cons, h, ih]
@[simp] theorem map_id (l : List α) : map (id : α → α) l = l := map_id_of_pointwise (fun _ => rfl) l
@[simp] theorem map_id' (l : List α) : map (fun (a : α) => a) l = l := map_id l
@[simp] theorem map_id_fun : map (id : α → α) = id := funext map_id
@[simp] theorem map_id_fun' : map (fun (a : α) => a) = id := funext map_id
theorem map_id'' {f : α → α} (h : ∀ x, f x = x) (l : List α) : map f l = l := map_id_of_pointwise h l
theorem map_singleton {f : α → β} {a : α} : map f [a] = [f a] := rfl
attribute [simp] map_singleton
@[simp] theorem mem_map {f : α → β} {l : List α} : b ∈ l.map f ↔ ∃ a, a ∈ l ∧ f a = b := by
  induction l with
  | nil => simp
  | cons a l ih =>
    rw [map_cons, mem_cons, ih]
    exact ⟨fun h => h.elim (fun e => ⟨a, .head _, e.symm⟩) (fun ⟨x, hx, e⟩ => ⟨x, .tail _ hx, e⟩),
      fun ⟨x, hx, e⟩ => (mem_cons.1 hx).elim (fun e' => .inl (by rw [← e, e'])) (fun h => .inr ⟨x, h, e⟩)⟩
theorem exists_of_mem_map (h : b ∈ map f l) : ∃ a, a ∈ l ∧ f a = b := mem_map.1 h
theorem mem_map_of_mem {f : α → β} (h : a ∈ l) : f a ∈ map f l := mem_map.2 ⟨_, h, rfl⟩
theorem forall_mem_map {f : α → β} {l : List α} {P : β → Prop} :
    (∀ (i) (_ : i ∈ l.map f), P i) ↔ ∀ (j) (_ : j ∈ l), P (f j) := by
  induction l with
  | nil => simp
  | cons a l ih => rw [map_cons, forall_mem_cons, forall_mem_cons, ih]
theorem map_congr_left {f g : α → β} (h : ∀ a, a ∈ l → f a = g a) : map f l = map g l := by
  induction l with
  | nil => rfl
  | cons a l ih => rw [map_cons, map_cons, h a (.head _), ih fun x hx => h x (.tail _ hx)]
@[simp] theorem map_inj_left {f g : α → β} : map f l = map g l ↔ ∀ a, a ∈ l → f a = g a := by
  induction l with
  | nil => simp
  | cons a l ih => simp [ih]
theorem map_inj_right {f : α → β} (w : ∀ x y, f x = f y → x = y) : map f l = map f l' ↔ l = l' := by
  refine ⟨fun h => ?_, fun h => h ▸ rfl⟩
  induction l generalizing l' with
  | nil => cases l' with | nil => rfl | cons _ _ => exact nomatch h
  | cons a l ih =>
    cases l' with
    | nil => exact nomatch h
    | cons b l' => have ⟨e₁, e₂⟩ := cons.inj h; rw [w _ _ e₁, ih e₂]
theorem map_eq_nil_iff {f : α → β} {l : List α} : map f l = [] ↔ l = [] := by cases l <;> simp
attribute [simp] map_eq_nil_iff
theorem map_eq_cons_iff {f : α → β} {l : List α} :
    map f l = b :: l₂ ↔ ∃ a l₁, l = a :: l₁ ∧ f a = b ∧ map f l₁ = l₂ := by
  cases l with
  | nil => simp
  | cons a l =>
    exact ⟨fun h => ⟨a, l, rfl, (cons.inj h).1, (cons.inj h).2⟩,
      fun ⟨_, _, e, e₁, e₂⟩ => by have ⟨h₁, h₂⟩ := cons.inj e; subst h₁ h₂; rw [map_cons, e₁, e₂]⟩
theorem map_eq_append_iff {f : α → β} {l : List α} :
    map f l = L₁ ++ L₂ ↔ ∃ l₁ l₂, l = l₁ ++ l₂ ∧ map f l₁ = L₁ ∧ map f l₂ = L₂ := by
  refine ⟨fun h => ?_, fun ⟨_, _, e, e₁, e₂⟩ => by rw [e, map_append, e₁, e₂]⟩
  induction L₁ generalizing l with
  | nil => exact ⟨[], l, rfl, rfl, h⟩
  | cons b L₁ ih =>
    obtain ⟨a, l', e, e₁, e₂⟩ := map_eq_cons_iff.1 h
    obtain ⟨l₁, l₂, e', h₁, h₂⟩ := ih e₂
    exact ⟨a :: l₁, l₂, by rw [e, e']; rfl, by rw [map_cons, e₁, h₁], h₂⟩
theorem comp_map (h : β → γ) (g : α → β) (l : List α) : map (h ∘ g) l = map h (map g l) := map_map.symm

/-! ## Reverse -/
theorem reverseAux_eq_append {as bs : List α} : reverseAux as bs = reverseAux as [] ++ bs := by
  induction as generalizing bs with
  | nil => rfl
  | cons a as ih => show reverseAux as (a :: bs) = reverseAux as [a] ++ bs; rw [ih, @ih [a], append_assoc]; rfl
theorem reverseAux_eq {as bs : List α} : reverseAux as bs = reverse as ++ bs := reverseAux_eq_append
@[simp] theorem reverse_nil : reverse ([] : List α) = [] := rfl
@[simp] theorem reverse_cons {a : α} {as : List α} : reverse (a :: as) = reverse as ++ [a] :=
  reverseAux_eq_append (as := as)
@[simp] theorem reverse_append {as bs : List α} : (as ++ bs).reverse = bs.reverse ++ as.reverse := by
  induction as with
  | nil => rw [nil_append, reverse_nil, append_nil]
  | cons a as ih => rw [cons_append, reverse_cons, reverse_cons, ih, append_assoc]
theorem reverse_concat {l : List α} {a : α} : (l ++ [a]).reverse = a :: l.reverse := by rw [reverse_append]; rfl
@[simp] theorem reverse_reverse (as : List α) : as.reverse.reverse = as := by
  induction as with
  | nil => rfl
  | cons a as ih => rw [reverse_cons, reverse_append, ih]; rfl
theorem reverse_singleton (a : α) : reverse [a] = [a] := rfl
@[simp] theorem length_reverse {as : List α} : (as.reverse).length = as.length := by
  induction as with
  | nil => rfl
  | cons a as ih => rw [reverse_cons, length_append, ih]; rfl
theorem reverse_eq_nil_iff {xs : List α} : xs.reverse = [] ↔ xs = [] := by cases xs <;> simp
attribute [simp] reverse_eq_nil_iff
theorem reverse_eq_iff {as bs : List α} : as.reverse = bs ↔ as = bs.reverse :=
  ⟨fun h => by rw [← h, reverse_reverse], fun h => by rw [h, reverse_reverse]⟩
@[simp] theorem reverse_inj {xs ys : List α} : xs.reverse = ys.reverse ↔ xs = ys := by
  rw [reverse_eq_iff, reverse_reverse]
@[simp] theorem mem_reverse {x : α} {as : List α} : x ∈ reverse as ↔ x ∈ as := by
  induction as with
  | nil => simp
  | cons a as ih => rw [reverse_cons, mem_append, ih, mem_singleton, mem_cons, or_comm]
@[simp] theorem map_reverse {f : α → β} {l : List α} : l.reverse.map f = (l.map f).reverse := by
  induction l with
  | nil => rfl
  | cons a l ih => rw [reverse_cons, map_append, ih, map_singleton, map_cons, reverse_cons]
theorem reverse_map {f : α → β} {l : List α} : (l.map f).reverse = l.reverse.map f := map_reverse.symm

@[elab_as_elim] theorem reverseRecOn' {motive : List α → Prop} (l : List α) (nil : motive [])
    (append_singleton : ∀ l a, motive l → motive (l ++ [a])) : motive l := by
  have h : ∀ r : List α, motive r.reverse := fun r => by
    induction r with
    | nil => exact nil
    | cons a r ih => rw [reverse_cons]; exact append_singleton _ _ ih
  exact reverse_reverse l ▸ h l.reverse

end List
