prelude
import Init.SimpLemmas
/-!
# Extensionality lemmas for `ext`, and pairs, sums, subtypes
-/
set_option autoImplicit true
universe u v w

attribute [ext] funext

/-! ## `Unit` -/
@[ext] protected theorem PUnit.ext (x y : PUnit) : x = y := rfl
theorem PUnit.subsingleton (a b : PUnit) : a = b := rfl
instance : DecidableEq PUnit := fun _ _ => isTrue rfl
instance : Inhabited PUnit := ⟨⟨⟩⟩
instance : Inhabited True := ⟨trivial⟩
instance : Inhabited Prop := ⟨True⟩

/-! ## Pairs -/
namespace Prod
@[ext] protected theorem ext : ∀ {p q : α × β}, p.fst = q.fst → p.snd = q.snd → p = q
  | (_, _), (_, _), rfl, rfl => rfl
@[simp] protected theorem mk.eta {p : α × β} : (p.1, p.2) = p := rfl
theorem mk_inj {a₁ a₂ : α} {b₁ b₂ : β} : (a₁, b₁) = (a₂, b₂) ↔ a₁ = a₂ ∧ b₁ = b₂ := Prod.ext_iff
@[simp] protected theorem «forall» {p : α × β → Prop} : (∀ x, p x) ↔ ∀ a b, p (a, b) :=
  ⟨fun h a b => h (a, b), fun h ⟨a, b⟩ => h a b⟩
@[simp] protected theorem «exists» {p : α × β → Prop} : (∃ x, p x) ↔ ∃ a b, p (a, b) :=
  ⟨fun ⟨⟨a, b⟩, h⟩ => ⟨a, b, h⟩, fun ⟨a, b, h⟩ => ⟨(a, b), h⟩⟩
def map {α₁ : Type u₁} {α₂ : Type u₂} {β₁ : Type v₁} {β₂ : Type v₂} (f : α₁ → α₂) (g : β₁ → β₂) :
    α₁ × β₁ → α₂ × β₂
  | (a, b) => (f a, g b)
@[simp] theorem map_apply (f : α → β) (g : γ → δ) (x) (y) : Prod.map f g (x, y) = (f x, g y) := rfl
@[simp] theorem map_fst (f : α → β) (g : γ → δ) (x) : (Prod.map f g x).1 = f x.1 := rfl
@[simp] theorem map_snd (f : α → β) (g : γ → δ) (x) : (Prod.map f g x).2 = g x.2 := rfl
def swap : α × β → β × α := fun p => (p.2, p.1)
@[simp] theorem swap_swap : ∀ x : α × β, swap (swap x) = x
  | (_, _) => rfl
@[simp] theorem fst_swap {p : α × β} : (swap p).1 = p.2 := rfl
@[simp] theorem snd_swap {p : α × β} : (swap p).2 = p.1 := rfl
@[simp] theorem swap_prod_mk {a : α} {b : β} : swap (a, b) = (b, a) := rfl
end Prod
instance [Inhabited α] [Inhabited β] : Inhabited (α × β) := ⟨(default, default)⟩
instance [h1 : Nonempty α] [h2 : Nonempty β] : Nonempty (α × β) :=
  h1.elim fun x => h2.elim fun y => ⟨(x, y)⟩
instance [DecidableEq α] [DecidableEq β] : DecidableEq (α × β) := fun (a, b) (a', b') =>
  match decEq a a' with
  | isTrue e₁ =>
    match decEq b b' with
    | isTrue e₂ => isTrue (e₁ ▸ e₂ ▸ rfl)
    | isFalse n₂ => isFalse fun h => n₂ (congrArg Prod.snd h)
  | isFalse n₁ => isFalse fun h => n₁ (congrArg Prod.fst h)
@[ext] protected theorem PProd.ext : ∀ {p q : PProd α β}, p.fst = q.fst → p.snd = q.snd → p = q
  | ⟨_, _⟩, ⟨_, _⟩, rfl, rfl => rfl
@[ext] protected theorem MProd.ext : ∀ {p q : MProd α β}, p.fst = q.fst → p.snd = q.snd → p = q
  | ⟨_, _⟩, ⟨_, _⟩, rfl, rfl => rfl
@[ext] protected theorem Sigma.ext {β : α → Type v} : ∀ {x y : Sigma β}, x.fst = y.fst → x.snd ≍ y.snd → x = y
  | ⟨_, _⟩, ⟨_, _⟩, rfl, .rfl => rfl
@[ext] protected theorem PSigma.ext {β : α → Sort v} : ∀ {x y : PSigma β}, x.fst = y.fst → x.snd ≍ y.snd → x = y
  | ⟨_, _⟩, ⟨_, _⟩, rfl, .rfl => rfl
@[ext] protected theorem PLift.ext : ∀ {x y : PLift α}, x.down = y.down → x = y
  | ⟨_⟩, ⟨_⟩, rfl => rfl
@[ext] protected theorem ULift.ext : ∀ {x y : ULift α}, x.down = y.down → x = y
  | ⟨_⟩, ⟨_⟩, rfl => rfl

/-! ## Subtypes -/
namespace Subtype
theorem existsOfSubtype {α : Type u} {p : α → Prop} : { x // p x } → ∃ x, p x
  | ⟨a, h⟩ => ⟨a, h⟩
variable {α : Sort u} {p : α → Prop}
@[ext] protected theorem ext : ∀ {a1 a2 : {x // p x}}, val a1 = val a2 → a1 = a2
  | ⟨_, _⟩, ⟨_, _⟩, rfl => rfl
protected theorem eq : ∀ {a1 a2 : {x // p x}}, val a1 = val a2 → a1 = a2 := Subtype.ext
@[simp] theorem eta (a : {x // p x}) (h : p (val a)) : mk (val a) h = a := rfl
theorem mk.injEq' {a b : α} {ha : p a} {hb : p b} : (⟨a, ha⟩ : {x // p x}) = ⟨b, hb⟩ ↔ a = b := Subtype.ext_iff
@[simp] protected theorem «forall» {q : {a // p a} → Prop} : (∀ x, q x) ↔ ∀ a b, q ⟨a, b⟩ :=
  ⟨fun h a b => h ⟨a, b⟩, fun h ⟨a, b⟩ => h a b⟩
@[simp] protected theorem «exists» {q : {a // p a} → Prop} : (∃ x, q x) ↔ ∃ a b, q ⟨a, b⟩ :=
  ⟨fun ⟨⟨a, b⟩, h⟩ => ⟨a, b, h⟩, fun ⟨a, b, h⟩ => ⟨⟨a, b⟩, h⟩⟩
end Subtype
instance {α : Type u} {p : α → Prop} [DecidableEq α] : DecidableEq {x : α // p x} :=
  fun ⟨a, h₁⟩ ⟨b, h₂⟩ =>
    if h : a = b then isTrue (by subst h; exact rfl)
    else isFalse fun h' => Subtype.noConfusion rfl .rfl (heq_of_eq h') fun h' => absurd (eq_of_heq h') h

/-! ## Sums -/
namespace Sum
instance inhabitedLeft [Inhabited α] : Inhabited (Sum α β) := ⟨.inl default⟩
instance inhabitedRight [Inhabited β] : Inhabited (Sum α β) := ⟨.inr default⟩
instance nonemptyLeft [h : Nonempty α] : Nonempty (Sum α β) := h.elim fun a => ⟨.inl a⟩
instance nonemptyRight [h : Nonempty β] : Nonempty (Sum α β) := h.elim fun b => ⟨.inr b⟩
instance [DecidableEq α] [DecidableEq β] : DecidableEq (Sum α β) := fun a b =>
  match a, b with
  | .inl a, .inl b => if h : a = b then isTrue (h ▸ rfl) else isFalse fun h' => h (Sum.inl.inj h')
  | .inr a, .inr b => if h : a = b then isTrue (h ▸ rfl) else isFalse fun h' => h (Sum.inr.inj h')
  | .inl _, .inr _ => isFalse nofun
  | .inr _, .inl _ => isFalse nofun
protected def elim {α β γ} (f : α → γ) (g : β → γ) : Sum α β → γ
  | .inl a => f a
  | .inr b => g b
@[simp] theorem elim_inl (f : α → γ) (g : β → γ) (x : α) : Sum.elim f g (.inl x) = f x := rfl
@[simp] theorem elim_inr (f : α → γ) (g : β → γ) (x : β) : Sum.elim f g (.inr x) = g x := rfl
protected def map (f : α → α') (g : β → β') : Sum α β → Sum α' β' := Sum.elim (.inl ∘ f) (.inr ∘ g)
@[simp] theorem map_inl (f : α → α') (g : β → β') (x : α) : (Sum.inl x).map f g = .inl (f x) := rfl
@[simp] theorem map_inr (f : α → α') (g : β → β') (x : β) : (Sum.inr x).map f g = .inr (g x) := rfl
def swap : Sum α β → Sum β α := Sum.elim .inr .inl
@[simp] theorem swap_inl (x : α) : swap (.inl x : Sum α β) = .inr x := rfl
@[simp] theorem swap_inr (x : β) : swap (.inr x : Sum α β) = .inl x := rfl
@[simp] theorem swap_swap (x : Sum α β) : swap (swap x) = x := by cases x <;> rfl
def isLeft : Sum α β → Bool
  | .inl _ => true
  | .inr _ => false
def isRight : Sum α β → Bool
  | .inl _ => false
  | .inr _ => true
@[simp] protected theorem «forall» {p : Sum α β → Prop} : (∀ x, p x) ↔ (∀ a, p (.inl a)) ∧ ∀ b, p (.inr b) :=
  ⟨fun h => ⟨fun _ => h _, fun _ => h _⟩, fun h x => match x with | .inl a => h.1 a | .inr b => h.2 b⟩
@[simp] protected theorem «exists» {p : Sum α β → Prop} : (∃ x, p x) ↔ (∃ a, p (.inl a)) ∨ ∃ b, p (.inr b) :=
  ⟨fun | ⟨.inl a, h⟩ => .inl ⟨a, h⟩ | ⟨.inr b, h⟩ => .inr ⟨b, h⟩,
   fun | .inl ⟨a, h⟩ => ⟨.inl a, h⟩ | .inr ⟨b, h⟩ => ⟨.inr b, h⟩⟩
end Sum
