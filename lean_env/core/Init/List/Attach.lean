prelude
import Init.List.Filter
import Init.Meta
import Init.Omega.Tidy
import Init.Omega.Logic
/-!
# Elements that know their list

`attach` gives each element the proof that it is one, and an element is smaller than its list: with
these, functions on a type that contains lists of itself can be defined by well-founded recursion.
-/
set_option autoImplicit true
universe u v w

namespace List

theorem sizeOf_lt_of_mem {α : Type u} [SizeOf α] {a : α} {as : List α} (h : a ∈ as) :
    sizeOf a < sizeOf as := by
  induction h with
  | head as => simp only [cons.sizeOf_spec]; omega
  | tail b _ ih => simp only [cons.sizeOf_spec]; omega

/-- Applies to each element a function that needs its property. -/
def pmap {P : α → Prop} (f : ∀ a, P a → β) : ∀ l : List α, (H : ∀ a ∈ l, P a) → List β
  | [], _ => []
  | a :: l, H => f a (H a (.head l)) :: pmap f l fun b hb => H b (.tail a hb)

def attachWith (l : List α) (P : α → Prop) (H : ∀ x ∈ l, P x) : List {x // P x} := pmap Subtype.mk l H

/-- Each element with the proof that it is one. -/
def attach (l : List α) : List {x // x ∈ l} := attachWith l _ fun _ h => h

@[simp] theorem pmap_nil {P : α → Prop} {f : ∀ a, P a → β} : pmap f [] (by simp) = [] := rfl
@[simp] theorem pmap_cons {P : α → Prop} {f : ∀ a, P a → β} {a : α} {l : List α} (h : ∀ b ∈ a :: l, P b) :
    pmap f (a :: l) h = f a (h a (.head l)) :: pmap f l fun b hb => h b (.tail a hb) := rfl
@[simp] theorem length_pmap {P : α → Prop} {f : ∀ a, P a → β} {l : List α} {h : ∀ a ∈ l, P a} :
    (pmap f l h).length = l.length := by
  induction l with
  | nil => rfl
  | cons a l ih => simp [ih]
@[simp] theorem length_attach {l : List α} : l.attach.length = l.length := length_pmap
theorem map_pmap {P : α → Prop} (g : β → γ) (f : ∀ a, P a → β) (l : List α) (H : ∀ a ∈ l, P a) :
    map g (pmap f l H) = pmap (fun a h => g (f a h)) l H := by
  induction l with
  | nil => rfl
  | cons a l ih => simp [ih]
theorem pmap_eq_map {p : α → Prop} {f : α → β} {l : List α} (H : ∀ a ∈ l, p a) :
    pmap (fun a _ => f a) l H = map f l := by
  induction l with
  | nil => rfl
  | cons a l ih => simp [ih]
theorem attach_map_val {l : List α} {f : α → β} : (l.attach.map fun i => f i.val) = l.map f := by
  rw [attach, attachWith, map_pmap]
  exact pmap_eq_map _
@[simp] theorem attach_map_subtype_val (l : List α) : l.attach.map Subtype.val = l := by
  rw [attach_map_val (f := fun a => a), map_id']

end List

macro_rules
  | `(tactic| decreasing_trivial) =>
    `(tactic| (apply Nat.lt_of_lt_of_le (List.sizeOf_lt_of_mem ?_) <;> first | assumption | omega))
