prelude
import Init.Quantifiers
/-!
# `Option`

The operations and their usual laws.
-/
set_option autoImplicit true
universe u v w

namespace Option

@[inline] protected def isSome : Option α → Bool
  | some _ => true
  | none => false
@[inline] protected def isNone : Option α → Bool
  | some _ => false
  | none => true
@[inline] protected def bind : Option α → (α → Option β) → Option β
  | none, _ => none
  | some a, f => f a
@[inline] protected def get {α : Type u} : (o : Option α) → Option.isSome o → α
  | some x, _ => x
@[inline] def get! {α : Type u} [Inhabited α] : Option α → α
  | some x => x
  | none => panic "value is none"
@[inline] protected def elim : Option α → β → (α → β) → β
  | some x, _, f => f x
  | none, y, _ => y
@[inline] protected def filter (p : α → Bool) : Option α → Option α
  | some a => if p a then some a else none
  | none => none
@[inline] protected def all (p : α → Bool) : Option α → Bool
  | some a => p a
  | none => true
@[inline] protected def any (p : α → Bool) : Option α → Bool
  | some a => p a
  | none => false
@[macro_inline] protected def orElse : Option α → (Unit → Option α) → Option α
  | some a, _ => some a
  | none, b => b ()
instance : OrElse (Option α) where
  orElse := Option.orElse
@[macro_inline] protected def or : Option α → Option α → Option α
  | some a, _ => some a
  | none, b => b
def join (x : Option (Option α)) : Option α := x.bind id
def toList : Option α → List α
  | none => []
  | some a => [a]
def merge (fn : α → α → α) : Option α → Option α → Option α
  | none, none => none
  | some x, none => some x
  | none, some y => some y
  | some x, some y => some <| fn x y

instance : Functor Option where
  map := Option.map
instance : Monad Option where
  pure := some
  bind := Option.bind

instance [DecidableEq α] : DecidableEq (Option α) := fun a b =>
  match a, b with
  | none, none => isTrue rfl
  | none, some _ => isFalse nofun
  | some _, none => isFalse nofun
  | some a, some b =>
    match decEq a b with
    | isTrue h => isTrue (congrArg some h)
    | isFalse h => isFalse fun e => h (Option.some.inj e)

protected def lt {α} (r : α → α → Prop) : Option α → Option α → Prop
  | none, some _ => True
  | some x, some y => r x y
  | _, _ => False
instance [LT α] : LT (Option α) where
  lt := Option.lt (· < ·)

instance : Membership α (Option α) := ⟨fun b a => b = some a⟩

@[simp] theorem mem_def {a : α} {b : Option α} : a ∈ b ↔ b = some a := .rfl
theorem mem_some {a b : α} : a ∈ some b ↔ b = a := ⟨Option.some.inj, congrArg some⟩
theorem mem_some_self (a : α) : a ∈ some a := rfl
theorem not_mem_none (a : α) : ¬a ∈ (none : Option α) := nofun

/-! ## Constructors -/
@[simp] theorem some_ne_none (x : α) : some x ≠ none := nofun
theorem some_inj {a b : α} : some a = some b ↔ a = b := ⟨Option.some.inj, congrArg some⟩
protected theorem «forall» {p : Option α → Prop} : (∀ x, p x) ↔ p none ∧ ∀ x, p (some x) :=
  ⟨fun h => ⟨h _, fun _ => h _⟩, fun h x => match x with | none => h.1 | some x => h.2 x⟩
protected theorem «exists» {p : Option α → Prop} : (∃ x, p x) ↔ p none ∨ ∃ x, p (some x) :=
  ⟨fun | ⟨none, h⟩ => .inl h | ⟨some x, h⟩ => .inr ⟨x, h⟩,
   fun | .inl h => ⟨_, h⟩ | .inr ⟨_, h⟩ => ⟨_, h⟩⟩
theorem eq_none_or_eq_some (a : Option α) : a = none ∨ ∃ x, a = some x :=
  match a with
  | none => .inl rfl
  | some x => .inr ⟨x, rfl⟩
theorem eq_some_unique {o : Option α} {a b : α} (ha : o = some a) (hb : o = some b) : a = b :=
  Option.some.inj (ha.symm.trans hb)
theorem eq_none_iff_forall_ne_some {o : Option α} : o = none ↔ ∀ a, o ≠ some a := by
  cases o with
  | none => simp
  | some a => exact ⟨nofun, fun h => (h a rfl).elim⟩
theorem eq_none_iff_forall_not_mem {o : Option α} : o = none ↔ ∀ a, ¬a ∈ o :=
  eq_none_iff_forall_ne_some
theorem ne_none_iff_exists {o : Option α} : o ≠ none ↔ ∃ x, some x = o := by cases o <;> simp
theorem ne_none_iff_exists' {o : Option α} : o ≠ none ↔ ∃ x, o = some x := by cases o <;> simp
@[ext] theorem ext : ∀ {o₁ o₂ : Option α}, (∀ a, o₁ = some a ↔ o₂ = some a) → o₁ = o₂
  | none, none, _ => rfl
  | some x, _, h => ((h x).1 rfl).symm
  | none, some x, h => (h x).2 rfl

/-! ## `getD`, `isSome`, `isNone`, `get` -/
@[simp] theorem getD_none : getD none a = a := rfl
@[simp] theorem getD_some : getD (some a) b = a := rfl
theorem getD_of_ne_none {x : Option α} (hx : x ≠ none) (y : α) : some (x.getD y) = x := by
  cases x with
  | none => exact (hx rfl).elim
  | some x => rfl
theorem getD_eq_iff {o : Option α} {a b : α} : o.getD a = b ↔ (o = some b ∨ o = none ∧ a = b) := by
  cases o <;> simp
@[simp] theorem isSome_none : (@none α).isSome = false := rfl
@[simp] theorem isSome_some : (some a).isSome = true := rfl
@[simp] theorem isNone_none : (@none α).isNone = true := rfl
@[simp] theorem isNone_some : (some a).isNone = false := rfl
theorem isSome_iff_exists {x : Option α} : x.isSome ↔ ∃ a, x = some a := by cases x <;> simp
theorem isSome_eq_isSome {x : Option α} {y : Option β} :
    x.isSome = y.isSome ↔ (x = none ↔ y = none) := by cases x <;> cases y <;> simp
@[simp] theorem not_isSome {o : Option α} : (!o.isSome) = o.isNone := by cases o <;> rfl
@[simp] theorem not_isNone {o : Option α} : (!o.isNone) = o.isSome := by cases o <;> rfl
theorem isNone_iff_eq_none {o : Option α} : o.isNone ↔ o = none := by cases o <;> simp
theorem isSome_iff_ne_none {o : Option α} : o.isSome ↔ o ≠ none := by cases o <;> simp
theorem not_isSome_iff_eq_none {o : Option α} : ¬o.isSome ↔ o = none := by cases o <;> simp
theorem eq_none_of_isNone {o : Option α} (h : o.isNone) : o = none := isNone_iff_eq_none.1 h
@[simp] theorem some_get : ∀ {x : Option α} (h : x.isSome), some (x.get h) = x
  | some _, _ => rfl
@[simp] theorem get_some (x : α) (h : (some x).isSome) : (some x).get h = x := rfl
theorem get_of_eq_some {o : Option α} (h : o.isSome) (h' : o = some a) : o.get h = a := by
  subst h'; rfl

/-! ## `bind` and `map` -/
@[simp] theorem bind_some (x : Option α) : x.bind some = x := by cases x <;> rfl
@[simp] theorem some_bind (a : α) (f : α → Option β) : (some a).bind f = f a := rfl
@[simp] theorem none_bind (f : α → Option β) : none.bind f = none := rfl
@[simp] theorem bind_none (x : Option α) : x.bind (fun _ => none (α := β)) = none := by cases x <;> rfl
@[simp] theorem bind_fun_some (x : Option α) : x.bind some = x := bind_some x
theorem bind_eq_some_iff {o : Option α} {f : α → Option β} : o.bind f = some b ↔ ∃ a, o = some a ∧ f a = some b := by
  cases o <;> simp
theorem bind_eq_none_iff {o : Option α} {f : α → Option β} : o.bind f = none ↔ ∀ a, o = some a → f a = none := by
  cases o <;> simp
theorem bind_comm {f : α → β → Option γ} (a : Option α) (b : Option β) :
    (a.bind fun x => b.bind (f x)) = b.bind fun y => a.bind fun x => f x y := by
  cases a <;> cases b <;> rfl
theorem bind_assoc (x : Option α) (f : α → Option β) (g : β → Option γ) :
    (x.bind f).bind g = x.bind fun y => (f y).bind g := by cases x <;> rfl
theorem bind_congr {o : Option α} {f g : α → Option β} (h : ∀ a, o = some a → f a = g a) :
    o.bind f = o.bind g := by cases o <;> simp [h]
@[simp] theorem map_none (f : α → β) : none.map f = none := rfl
@[simp] theorem map_some (a : α) (f : α → β) : (some a).map f = some (f a) := rfl
@[simp] theorem map_eq_none_iff {x : Option α} {f : α → β} : x.map f = none ↔ x = none := by cases x <;> simp
@[simp] theorem map_eq_some_iff {x : Option α} {f : α → β} : x.map f = some b ↔ ∃ a, x = some a ∧ f a = b := by
  cases x <;> simp
@[simp] theorem isSome_map {x : Option α} {f : α → β} : (x.map f).isSome = x.isSome := by cases x <;> rfl
@[simp] theorem isNone_map {x : Option α} {f : α → β} : (x.map f).isNone = x.isNone := by cases x <;> rfl
theorem map_congr {f g : α → β} {x : Option α} (h : ∀ a, x = some a → f a = g a) : x.map f = x.map g := by
  cases x <;> simp [h]
@[simp] theorem map_id_fun {α : Type u} : Option.map (id : α → α) = id := by
  funext x; cases x <;> rfl
@[simp] theorem map_id {x : Option α} : x.map id = x := by cases x <;> rfl
@[simp] theorem map_id' {x : Option α} : x.map (fun a => a) = x := map_id
@[simp] theorem map_map (h : β → γ) (g : α → β) (x : Option α) : (x.map g).map h = x.map (h ∘ g) := by
  cases x <;> rfl
theorem comp_map (h : β → γ) (g : α → β) (x : Option α) : x.map (h ∘ g) = (x.map g).map h :=
  (map_map ..).symm
@[simp] theorem map_comp_map (f : α → β) (g : β → γ) : Option.map g ∘ Option.map f = Option.map (g ∘ f) := by
  funext x; simp
theorem map_inj_right {f : α → β} {o o' : Option α} (w : ∀ x y, f x = f y → x = y) :
    o.map f = o'.map f ↔ o = o' := by
  cases o with
  | none => cases o' <;> simp
  | some a =>
    cases o' with
    | none => simp
    | some b => simpa using ⟨w a b, congrArg f⟩
theorem map_eq_bind {x : Option α} {f : α → β} : x.map f = x.bind (some ∘ f) := by cases x <;> rfl
theorem bind_map {f : α → β} {g : β → Option γ} {x : Option α} : (x.map f).bind g = x.bind (g ∘ f) := by
  cases x <;> rfl
theorem map_bind {f : α → Option β} {g : β → γ} {x : Option α} :
    (x.bind f).map g = x.bind (Option.map g ∘ f) := by cases x <;> rfl
theorem map_if {f : α → β} {_ : Decidable c} :
    (if c then some a else none).map f = if c then some (f a) else none := by split <;> rfl
@[simp] theorem some_orElse (a : α) (f) : (some a).orElse f = some a := rfl
@[simp] theorem none_orElse (f : Unit → Option α) : none.orElse f = f () := rfl
@[simp] theorem some_or : (some a).or o = some a := rfl
@[simp] theorem none_or : none.or o = o := rfl
@[simp] theorem or_none : Option.or o none = o := by cases o <;> rfl
theorem or_assoc : Option.or (Option.or o₁ o₂) o₃ = Option.or o₁ (Option.or o₂ o₃) := by cases o₁ <;> rfl
@[simp] theorem or_self : Option.or o o = o := by cases o <;> rfl
@[simp] theorem elim_none (x : β) (f : α → β)  : Option.elim none x f = x := rfl
@[simp] theorem elim_some (x : β) (f : α → β) (a : α) : (some a).elim x f = f a := rfl
@[simp] theorem join_none : (none : Option (Option α)).join = none := rfl
@[simp] theorem join_some : (some x).join = x := rfl
@[simp] theorem filter_none (p : α → Bool) : none.filter p = none := rfl
theorem filter_some : Option.filter p (some a) = if p a then some a else none := rfl

end Option
