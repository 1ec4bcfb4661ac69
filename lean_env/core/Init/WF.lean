prelude
import Init.Nat.Order
import Init.SizeOf
/-!
# Well-founded recursion

Accessibility, the relations that a termination proof is made of, and what the elaborator
inserts into definitions by well-founded recursion.
-/
set_option autoImplicit true
universe u v w

/-! ## Accessibility -/
inductive Acc {α : Sort u} (r : α → α → Prop) : α → Prop where
  | intro (x : α) (h : (y : α) → r y x → Acc r y) : Acc r x

noncomputable abbrev Acc.ndrec.{u1, u2} {α : Sort u2} {r : α → α → Prop} {C : α → Sort u1}
    (m : (x : α) → ((y : α) → r y x → Acc r y) → ((y : α) → (a : r y x) → C y) → C x)
    {a : α} (n : Acc r a) : C a := n.rec m
noncomputable abbrev Acc.ndrecOn.{u1, u2} {α : Sort u2} {r : α → α → Prop} {C : α → Sort u1}
    {a : α} (n : Acc r a)
    (m : (x : α) → ((y : α) → r y x → Acc r y) → ((y : α) → (a : r y x) → C y) → C x) : C a :=
  n.rec m

theorem Acc.inv {α : Sort u} {r : α → α → Prop} {x y : α} (h₁ : Acc r x) (h₂ : r y x) : Acc r y :=
  h₁.recOn (fun _ h _ h₂ => h y h₂) h₂

inductive WellFounded {α : Sort u} (r : α → α → Prop) : Prop where
  | intro (h : ∀ a, Acc r a) : WellFounded r

class WellFoundedRelation (α : Sort u) where
  rel : α → α → Prop
  wf : WellFounded rel

namespace WellFounded

theorem apply {α : Sort u} {r : α → α → Prop} (wf : WellFounded r) (a : α) : Acc r a :=
  wf.recOn fun p => p a

section
variable {α : Sort u} {r : α → α → Prop} (hwf : WellFounded r)

include hwf in
noncomputable def recursion {C : α → Sort v} (a : α)
    (h : ∀ x, (∀ y, r y x → C y) → C x) : C a := (apply hwf a).rec fun x₁ _ ih => h x₁ ih

include hwf in
theorem induction {C : α → Prop} (a : α) (h : ∀ x, (∀ y, r y x → C y) → C x) : C a :=
  recursion hwf a h

variable {C : α → Sort v} (F : ∀ x, (∀ y, r y x → C y) → C x)

noncomputable def fixF (x : α) (a : Acc r x) : C x := a.rec fun x₁ _ ih => F x₁ ih

theorem fixF_eq (x : α) (acx : Acc r x) :
    fixF F x acx = F x (fun (y : α) (p : r y x) => fixF F y (Acc.inv acx p)) := by
  cases acx; rfl
end

variable {α : Sort u} {C : α → Sort v} {r : α → α → Prop}

@[irreducible] noncomputable def fix (hwf : WellFounded r) (F : ∀ x, (∀ y, r y x → C y) → C x) (x : α) :
    C x := fixF F x (apply hwf x)

theorem fix_eq (hwf : WellFounded r) (F : ∀ x, (∀ y, r y x → C y) → C x) (x : α) :
    fix hwf F x = F x (fun y _ => fix hwf F y) := by
  unfold fix; exact fixF_eq F x (apply hwf x)

end WellFounded

/-! ## Relations -/
@[instance_reducible] def emptyWf {α : Sort u} : WellFoundedRelation α where
  rel := fun _ _ => False
  wf := ⟨fun a => ⟨a, fun _ h => h.elim⟩⟩

def Subrelation {α : Sort u} (q r : α → α → Prop) : Prop := ∀ {x y}, q x y → r x y
namespace Subrelation
variable {α : Sort u} {r q : α → α → Prop}
theorem accessible {a : α} (h₁ : Subrelation q r) (ac : Acc r a) : Acc q a := by
  induction ac with
  | intro x _ ih => exact ⟨x, fun y h => ih y (h₁ h)⟩
theorem wf (h₁ : Subrelation q r) (h₂ : WellFounded r) : WellFounded q :=
  ⟨fun a => accessible h₁ (h₂.apply a)⟩
end Subrelation

def InvImage {α : Sort u} {β : Sort v} (r : β → β → Prop) (f : α → β) : α → α → Prop :=
  fun a₁ a₂ => r (f a₁) (f a₂)
namespace InvImage
variable {α : Sort u} {β : Sort v} {r : β → β → Prop}
private theorem accAux (f : α → β) {b : β} (ac : Acc r b) : (x : α) → f x = b → Acc (InvImage r f) x := by
  induction ac with
  | intro x _ ih => intro z e; exact ⟨z, fun y lt => ih (f y) (e ▸ lt) y rfl⟩
theorem accessible {a : α} (f : α → β) (ac : Acc r (f a)) : Acc (InvImage r f) a := accAux f ac a rfl
theorem wf (f : α → β) (h : WellFounded r) : WellFounded (InvImage r f) :=
  ⟨fun a => accessible f (apply h (f a))⟩
where apply := @WellFounded.apply
end InvImage

@[reducible] def invImage {α : Sort u} {β : Sort v} (f : α → β) (h : WellFoundedRelation β) :
    WellFoundedRelation α where
  rel := InvImage h.rel f
  wf := InvImage.wf f h.wf

inductive Relation.TransGen {α : Sort u} (r : α → α → Prop) : α → α → Prop
  | single {a b} : r a b → TransGen r a b
  | tail {a b c} : TransGen r a b → r b c → TransGen r a c

theorem Nat.lt_wfRel_acc : ∀ n : Nat, Acc (· < ·) n
  | 0 => ⟨0, fun _ h => (Nat.not_lt_zero _ h).elim⟩
  | n + 1 => ⟨n + 1, fun _ h => (Nat.lt_succ_iff_lt_or_eq.1 h).elim ((Nat.lt_wfRel_acc n).inv) fun e => e ▸ Nat.lt_wfRel_acc n⟩

@[instance_reducible] def Nat.lt_wfRel : WellFoundedRelation Nat where
  rel := (· < ·)
  wf := ⟨Nat.lt_wfRel_acc⟩

@[elab_as_elim] protected noncomputable def Nat.strongRecOn {motive : Nat → Sort u} (n : Nat)
    (ind : ∀ n, (∀ m, m < n → motive m) → motive n) : motive n := Nat.lt_wfRel.wf.fix ind n
@[elab_as_elim] protected noncomputable def Nat.caseStrongRecOn {motive : Nat → Sort u} (a : Nat)
    (zero : motive 0) (ind : ∀ n, (∀ m, m ≤ n → motive m) → motive (Nat.succ n)) : motive a :=
  Nat.strongRecOn a fun n =>
    match n with
    | 0 => fun _ => zero
    | n + 1 => fun h₁ => ind n fun m h₂ => h₁ m (Nat.lt_succ_of_le h₂)
theorem Nat.strong_induction_on {p : Nat → Prop} (n : Nat) (h : ∀ n, (∀ m, m < n → p m) → p n) : p n :=
  Nat.strongRecOn n h

abbrev measure {α : Sort u} (f : α → Nat) : WellFoundedRelation α := invImage f Nat.lt_wfRel
abbrev sizeOfWFRel {α : Sort u} [SizeOf α] : WellFoundedRelation α := measure sizeOf
instance (priority := low) [SizeOf α] : WellFoundedRelation α := sizeOfWFRel

namespace Prod
section
variable {α : Type u} {β : Type v} (ra : α → α → Prop) (rb : β → β → Prop)
protected inductive Lex : α × β → α × β → Prop where
  | left {a₁} (b₁) {a₂} (b₂) (h : ra a₁ a₂) : Prod.Lex (a₁, b₁) (a₂, b₂)
  | right (a) {b₁ b₂} (h : rb b₁ b₂) : Prod.Lex (a, b₁) (a, b₂)
inductive RProd : α × β → α × β → Prop where
  | intro {a₁ b₁ a₂ b₂} (h₁ : ra a₁ a₂) (h₂ : rb b₁ b₂) : RProd (a₁, b₁) (a₂, b₂)
end
section
variable {α : Type u} {β : Type v} {ra : α → α → Prop} {rb : β → β → Prop}
theorem lexAccessible {a : α} (aca : Acc ra a) (acb : (b : β) → Acc rb b) (b : β) :
    Acc (Prod.Lex ra rb) (a, b) := by
  induction aca generalizing b with
  | intro x _ iha =>
    induction acb b with
    | intro y _ ihb =>
      refine ⟨_, fun p lt => ?_⟩
      cases lt with
      | left _ _ h => exact iha _ h _
      | right _ h => exact ihb _ h
theorem lex_def {r : α → α → Prop} {s : β → β → Prop} {p q : α × β} :
    Prod.Lex r s p q ↔ r p.1 q.1 ∨ p.1 = q.1 ∧ s p.2 q.2 :=
  ⟨fun | .left _ _ h => .inl h | .right _ h => .inr ⟨rfl, h⟩,
   fun h => match p, q, h with
    | _, _, .inl h => .left _ _ h
    | (_, _), (_, _), .inr ⟨e, h⟩ => by cases e; exact .right _ h⟩
@[reducible] def lex (ha : WellFoundedRelation α) (hb : WellFoundedRelation β) :
    WellFoundedRelation (α × β) where
  rel := Prod.Lex ha.rel hb.rel
  wf := ⟨fun (a, b) => lexAccessible (WellFounded.apply ha.wf a) (WellFounded.apply hb.wf) b⟩
instance [ha : WellFoundedRelation α] [hb : WellFoundedRelation β] : WellFoundedRelation (α × β) :=
  lex ha hb
theorem Lex.right' {a₁ : Nat} {b₁ : β} (h₁ : a₁ ≤ a₂) (h₂ : rb b₁ b₂) :
    Prod.Lex Nat.lt rb (a₁, b₁) (a₂, b₂) :=
  match Nat.eq_or_lt_of_le h₁ with
  | .inl h => h ▸ .right _ h₂
  | .inr h => .left _ _ h
end
end Prod

namespace PSigma
section
variable {α : Sort u} {β : α → Sort v} (r : α → α → Prop) (s : ∀ a, β a → β a → Prop)
protected inductive Lex : PSigma β → PSigma β → Prop where
  | left : ∀ {a₁ : α} (b₁ : β a₁) {a₂ : α} (b₂ : β a₂), r a₁ a₂ → PSigma.Lex ⟨a₁, b₁⟩ ⟨a₂, b₂⟩
  | right : ∀ (a : α) {b₁ b₂ : β a}, s a b₁ b₂ → PSigma.Lex ⟨a, b₁⟩ ⟨a, b₂⟩
end
section
variable {α : Sort u} {β : α → Sort v} {r : α → α → Prop} {s : ∀ (a : α), β a → β a → Prop}
theorem lexAccessible {a} (aca : Acc r a) (acb : (a : α) → WellFounded (s a)) (b : β a) :
    Acc (PSigma.Lex r s) ⟨a, b⟩ := by
  induction aca with
  | intro x _ iha =>
    induction (WellFounded.apply (acb x) b) with
    | intro y _ ihb =>
      refine ⟨_, fun p lt => ?_⟩
      cases lt with
      | left _ _ h => exact iha _ h _
      | right _ h => exact ihb _ h
@[reducible] def lex (ha : WellFoundedRelation α) (hb : (a : α) → WellFoundedRelation (β a)) :
    WellFoundedRelation (PSigma β) where
  rel := PSigma.Lex ha.rel (fun a => hb a |>.rel)
  wf := ⟨fun ⟨a, b⟩ => lexAccessible (WellFounded.apply ha.wf a) (fun a => hb a |>.wf) b⟩
instance [ha : WellFoundedRelation α] [hb : (a : α) → WellFoundedRelation (β a)] :
    WellFoundedRelation (PSigma β) := lex ha hb
end
end PSigma

/-! ## Marks that the elaborator puts into recursive definitions -/
def wfParam {α : Sort u} (a : α) : α := a


set_option linter.unusedVariables false in
@[simp ↓] def binderNameHint {α : Sort u} {β : Sort v} {γ : Sort w} (v : α) (binder : β) (e : γ) : γ := e

/-- Recursive calls in the branches of an `if` may use its condition. -/
@[wf_preprocess] theorem ite_eq_dite {P : Prop} {α : Sort u} {a b : α} [Decidable P] :
    ite P a b = dite P (fun h => binderNameHint h () a) (fun h => binderNameHint h () b) := rfl

/-! ## Recursion measured by a number: fuel instead of accessibility, so that closed terms compute -/
namespace WellFounded

/-- Reduces only when `n` is a number, not when it has free variables. -/
def Nat.eager (n : Nat) : Nat := if Nat.beq n n = true then n else n
theorem Nat.eager_eq (n : Nat) : Nat.eager n = n := ite_self n

section
variable {α : Sort u} {motive : α → Sort v} (h : α → Nat)
  (F : (x : α) → ((y : α) → InvImage (· < ·) h y x → motive y) → motive x)

noncomputable def Nat.fix : (x : α) → motive x :=
  let rec go : ∀ (fuel : Nat) (x : α), (h x < fuel) → motive x :=
    Nat.rec
      (fun _ hfuel => (Nat.not_succ_le_zero _ hfuel).elim)
      (fun _ ih x hfuel =>
        F x (fun y hy => ih y (Nat.lt_of_lt_of_le hy (Nat.le_of_lt_add_one hfuel))))
  fun x => go (Nat.eager (h x + 1)) x (Nat.eager_eq _ ▸ Nat.lt_add_one _)

protected theorem Nat.fix.go_congr (x : α) (fuel₁ fuel₂ : Nat) (h₁ : h x < fuel₁) (h₂ : h x < fuel₂) :
    Nat.fix.go h F fuel₁ x h₁ = Nat.fix.go h F fuel₂ x h₂ := by
  induction fuel₁ generalizing x fuel₂ with
  | zero => exact (Nat.not_lt_zero _ h₁).elim
  | succ f₁ ih =>
    cases fuel₂ with
    | zero => exact (Nat.not_lt_zero _ h₂).elim
    | succ f₂ => exact congrArg (F x) (funext fun y => funext fun _ => ih y f₂ _ _)

theorem Nat.fix_eq (x : α) : Nat.fix h F x = F x (fun y _ => Nat.fix h F y) := by
  have e : ∀ (fuel : Nat) (hf : h x < fuel), fuel = h x + 1 →
      Nat.fix.go h F fuel x hf = F x (fun y _ => Nat.fix h F y) := by
    intro fuel hf e
    subst e
    exact congrArg (F x) (funext fun y => funext fun _ => Nat.fix.go_congr h F y _ _ _ _)
  exact e _ _ (Nat.eager_eq _)
end
end WellFounded

namespace Lean
/-- Keeps a term from being unfolded while equations are derived. -/
opaque opaqueId {α : Sort u} (x : α) : α := x
end Lean
