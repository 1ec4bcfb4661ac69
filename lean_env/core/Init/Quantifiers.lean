prelude
import Init.PropLemmas
/-!
# Quantifiers, and logic by deciding

`∀` and `∃` against the connectives, one-point rules, and the `Decidable.…` laws that need a case
distinction.
-/
set_option autoImplicit true
universe u v w
variable {a b c d : Prop}

section
variable {α : Sort u} {β : Sort v} {p q : α → Prop} {a' : α}

theorem nonempty_of_exists {α : Sort u} {p : α → Prop} : (∃ x, p x) → Nonempty α
  | ⟨x, _⟩ => ⟨x⟩
theorem Exists.imp {p q : α → Prop} (h : ∀ a, p a → q a) : (∃ a, p a) → ∃ a, q a
  | ⟨a, ha⟩ => ⟨a, h a ha⟩
theorem Exists.imp' {β} {p : α → Prop} {q : β → Prop} (f : α → β) (hpq : ∀ a, p a → q (f a)) :
    (∃ a, p a) → ∃ b, q b
  | ⟨a, ha⟩ => ⟨f a, hpq a ha⟩
theorem exists_imp {p : α → Prop} {b : Prop} : ((∃ x, p x) → b) ↔ ∀ x, p x → b :=
  ⟨fun h x hx => h ⟨x, hx⟩, fun h ⟨x, hx⟩ => h x hx⟩
theorem exists_imp' {p : α → Prop} {b : Prop} : ((∃ x, p x) → b) ↔ ∀ x, p x → b := exists_imp
theorem exists₂_imp {P : (x : α) → p x → Prop} : ((∃ x, ∃ h : p x, P x h) → b) ↔ ∀ x h, P x h → b :=
  ⟨fun f x h k => f ⟨x, h, k⟩, fun f ⟨x, h, k⟩ => f x h k⟩
theorem exists_const (α) [i : Nonempty α] : (∃ _ : α, b) ↔ b :=
  ⟨fun ⟨_, h⟩ => h, fun h => i.elim fun x => ⟨x, h⟩⟩
attribute [simp] exists_const
@[simp] theorem exists_prop_of_true {p : Prop} {q : p → Prop} (h : p) : (Exists fun h' : p => q h') ↔ q h :=
  ⟨fun ⟨_, hq⟩ => hq, fun hq => ⟨h, hq⟩⟩
theorem exists_prop_congr' {p p' : Prop} {q q' : p → Prop} (h : ∀ h, q h ↔ q' h) (hp : p ↔ p') :
    Exists q ↔ ∃ h : p', q' (hp.2 h) :=
  ⟨fun ⟨hp', hq⟩ => ⟨hp.1 hp', (h _).1 hq⟩, fun ⟨hp', hq⟩ => ⟨hp.2 hp', (h _).2 hq⟩⟩
theorem exists_prop_congr {p p' : Prop} {q q' : p → Prop} (h : ∀ h, q h ↔ q' h) (hp : p ↔ p') :
    Exists q ↔ ∃ h : p', q' (hp.2 h) := exists_prop_congr' h hp
theorem exists_true_left (p : True → Prop) : Exists p ↔ p True.intro := exists_prop_of_true _
attribute [simp] exists_true_left
theorem forall_congr' {p q : α → Prop} (h : ∀ a, p a ↔ q a) : (∀ a, p a) ↔ ∀ a, q a :=
  ⟨fun H a => (h a).1 (H a), fun H a => (h a).2 (H a)⟩
theorem forall₂_congr {β : α → Sort _} {p q : ∀ a, β a → Prop} (h : ∀ a b, p a b ↔ q a b) :
    (∀ a b, p a b) ↔ ∀ a b, q a b := forall_congr' fun a => forall_congr' (h a)
theorem exists_congr {p q : α → Prop} (h : ∀ a, p a ↔ q a) : (∃ a, p a) ↔ ∃ a, q a :=
  ⟨Exists.imp fun x => (h x).1, Exists.imp fun x => (h x).2⟩
theorem exists₂_congr {β : α → Sort _} {p q : ∀ a, β a → Prop} (h : ∀ a b, p a b ↔ q a b) :
    (∃ a b, p a b) ↔ ∃ a b, q a b := exists_congr fun a => exists_congr (h a)
theorem exists₃_congr {β : α → Sort _} {γ : ∀ a, β a → Sort _} {p q : ∀ a b, γ a b → Prop}
    (h : ∀ a b c, p a b c ↔ q a b c) : (∃ a b c, p a b c) ↔ ∃ a b c, q a b c :=
  exists_congr fun a => exists₂_congr (h a)
@[simp] theorem exists_false : ¬(∃ _a : α, False) := fun ⟨_, h⟩ => h
@[simp] theorem forall_const (α : Sort _) [i : Nonempty α] : (α → b) ↔ b :=
  ⟨i.elim, fun hb _ => hb⟩
theorem Exists.nonempty : (∃ x, p x) → Nonempty α | ⟨x, _⟩ => ⟨x⟩
theorem not_forall_of_exists_not {p : α → Prop} : (∃ x, ¬p x) → ¬∀ x, p x
  | ⟨x, hn⟩, h => hn (h x)
@[simp] theorem forall_exists_index {q : (∃ x, p x) → Prop} :
    (∀ h, q h) ↔ ∀ x (h : p x), q ⟨x, h⟩ := ⟨fun h x hpx => h ⟨x, hpx⟩, fun h ⟨x, hpx⟩ => h x hpx⟩
@[simp] theorem not_exists {p : α → Prop} : (¬∃ x, p x) ↔ ∀ x, ¬p x := exists_imp
theorem forall_not_of_not_exists {p : α → Prop} (h : ¬∃ x, p x) : ∀ x, ¬p x := not_exists.mp h
theorem not_exists_of_forall_not {p : α → Prop} (h : ∀ x, ¬p x) : ¬∃ x, p x := not_exists.mpr h

theorem forall_and : (∀ x, p x ∧ q x) ↔ (∀ x, p x) ∧ (∀ x, q x) :=
  ⟨fun h => ⟨fun x => (h x).1, fun x => (h x).2⟩, fun h x => ⟨h.1 x, h.2 x⟩⟩
theorem exists_or : (∃ x, p x ∨ q x) ↔ (∃ x, p x) ∨ ∃ x, q x :=
  ⟨fun | ⟨x, .inl h⟩ => .inl ⟨x, h⟩ | ⟨x, .inr h⟩ => .inr ⟨x, h⟩,
   fun | .inl ⟨x, h⟩ => ⟨x, .inl h⟩ | .inr ⟨x, h⟩ => ⟨x, .inr h⟩⟩
@[simp] theorem exists_and_left {b : Prop} : (∃ x, b ∧ p x) ↔ b ∧ (∃ x, p x) :=
  ⟨fun ⟨x, h, hp⟩ => ⟨h, x, hp⟩, fun ⟨h, x, hp⟩ => ⟨x, h, hp⟩⟩
@[simp] theorem exists_and_right {b : Prop} : (∃ x, p x ∧ b) ↔ (∃ x, p x) ∧ b :=
  ⟨fun ⟨x, hp, h⟩ => ⟨⟨x, hp⟩, h⟩, fun ⟨⟨x, hp⟩, h⟩ => ⟨x, hp, h⟩⟩
theorem exists_comm {p : α → β → Prop} : (∃ a b, p a b) ↔ (∃ b a, p a b) :=
  ⟨fun ⟨a, b, h⟩ => ⟨b, a, h⟩, fun ⟨b, a, h⟩ => ⟨a, b, h⟩⟩
theorem forall_comm {p : α → β → Prop} : (∀ a b, p a b) ↔ (∀ b a, p a b) :=
  ⟨fun h b a => h a b, fun h a b => h b a⟩
theorem exists_prop {a b : Prop} : (∃ _h : a, b) ↔ a ∧ b :=
  ⟨fun ⟨ha, hb⟩ => ⟨ha, hb⟩, fun ⟨ha, hb⟩ => ⟨ha, hb⟩⟩
attribute [simp] exists_prop
theorem exists_prop' {p : Prop} : (∃ _ : α, p) ↔ Nonempty α ∧ p :=
  ⟨fun ⟨a, h⟩ => ⟨⟨a⟩, h⟩, fun ⟨⟨a⟩, h⟩ => ⟨a, h⟩⟩
@[simp] theorem exists_and_self (P : Prop → Prop) (p : Prop) : (∃ _ : P p, P p) ↔ P p :=
  ⟨fun ⟨h, _⟩ => h, fun h => ⟨h, h⟩⟩

/-! ## One-point rules -/
@[simp] theorem forall_eq {p : α → Prop} {a' : α} : (∀ a, a = a' → p a) ↔ p a' :=
  ⟨fun h => h a' rfl, fun h _ e => e ▸ h⟩
@[simp] theorem forall_eq' {p : α → Prop} {a' : α} : (∀ a, a' = a → p a) ↔ p a' :=
  ⟨fun h => h a' rfl, fun h _ e => e ▸ h⟩
@[simp] theorem exists_eq : ∃ a, a = a' := ⟨_, rfl⟩
@[simp] theorem exists_eq' : ∃ a, a' = a := ⟨_, rfl⟩
@[simp] theorem exists_eq_left : (∃ a, a = a' ∧ p a) ↔ p a' :=
  ⟨fun ⟨_, e, h⟩ => e ▸ h, fun h => ⟨_, rfl, h⟩⟩
@[simp] theorem exists_eq_right : (∃ a, p a ∧ a = a') ↔ p a' :=
  ⟨fun ⟨_, h, e⟩ => e ▸ h, fun h => ⟨_, h, rfl⟩⟩
@[simp] theorem exists_eq_left' : (∃ a, a' = a ∧ p a) ↔ p a' :=
  ⟨fun ⟨_, e, h⟩ => e ▸ h, fun h => ⟨_, rfl, h⟩⟩
@[simp] theorem exists_eq_right' : (∃ a, p a ∧ a' = a) ↔ p a' :=
  ⟨fun ⟨_, h, e⟩ => e ▸ h, fun h => ⟨_, h, rfl⟩⟩
@[simp] theorem forall_eq_or_imp : (∀ a, a = a' ∨ q a → p a) ↔ p a' ∧ ∀ a, q a → p a :=
  ⟨fun h => ⟨h _ (.inl rfl), fun _ x => h _ (.inr x)⟩,
   fun h _ x => x.elim (fun e => e ▸ h.1) (h.2 _)⟩
@[simp] theorem exists_eq_or_imp : (∃ a, (a = a' ∨ q a) ∧ p a) ↔ p a' ∨ ∃ a, q a ∧ p a :=
  ⟨fun ⟨x, h, hp⟩ => h.elim (fun e => .inl (e ▸ hp)) (fun hq => .inr ⟨x, hq, hp⟩),
   fun h => h.elim (fun hp => ⟨_, .inl rfl, hp⟩) (fun ⟨x, hq, hp⟩ => ⟨x, .inr hq, hp⟩)⟩
@[simp] theorem exists_eq_right_right : (∃ a, p a ∧ q a ∧ a = a') ↔ p a' ∧ q a' :=
  ⟨fun ⟨_, hp, hq, e⟩ => e ▸ ⟨hp, hq⟩, fun h => ⟨_, h.1, h.2, rfl⟩⟩
@[simp] theorem exists_eq_right_right' : (∃ a, p a ∧ q a ∧ a' = a) ↔ p a' ∧ q a' :=
  ⟨fun ⟨_, hp, hq, e⟩ => e ▸ ⟨hp, hq⟩, fun h => ⟨_, h.1, h.2, rfl⟩⟩
@[simp] theorem exists_or_eq_left (y : α) (p : α → Prop) : ∃ x, x = y ∨ p x := ⟨y, .inl rfl⟩
@[simp] theorem exists_or_eq_right (y : α) (p : α → Prop) : ∃ x, p x ∨ x = y := ⟨y, .inr rfl⟩
@[simp] theorem exists_or_eq_left' (y : α) (p : α → Prop) : ∃ x, y = x ∨ p x := ⟨y, .inl rfl⟩
@[simp] theorem exists_or_eq_right' (y : α) (p : α → Prop) : ∃ x, p x ∨ y = x := ⟨y, .inr rfl⟩
theorem exists_eq_subtype_mk (x : { a : α // p a }) : ∃ a h, x = ⟨a, h⟩ := ⟨_, x.2, rfl⟩
@[simp] theorem forall_apply_eq_imp_iff {f : α → β} {p : β → Prop} :
    (∀ b a, f a = b → p b) ↔ ∀ a, p (f a) := ⟨fun h a => h _ a rfl, fun h _ a e => e ▸ h a⟩
@[simp] theorem forall_eq_apply_imp_iff {f : α → β} {p : β → Prop} :
    (∀ b a, b = f a → p b) ↔ ∀ a, p (f a) := ⟨fun h a => h _ a rfl, fun h _ a e => e ▸ h a⟩
@[simp] theorem forall_apply_eq_imp_iff₂ {f : α → β} {P : α → Prop} {Q : β → Prop} :
    (∀ b a, P a → f a = b → Q b) ↔ ∀ a, P a → Q (f a) :=
  ⟨fun h a ha => h _ a ha rfl, fun h _ a ha e => e ▸ h a ha⟩
theorem forall_prop_of_true {p : Prop} {q : p → Prop} (h : p) : (∀ h' : p, q h') ↔ q h :=
  ⟨fun f => f h, fun hq _ => hq⟩
theorem forall_prop_of_false {p : Prop} {q : p → Prop} (hn : ¬p) : (∀ h' : p, q h') ↔ True :=
  iff_true_intro fun h => (hn h).elim
@[simp] theorem and_exists_self (P : Prop) (Q : P → Prop) : (P ∧ ∃ p, Q p) ↔ ∃ p, Q p :=
  ⟨And.right, fun ⟨p, q⟩ => ⟨p, p, q⟩⟩
@[simp] theorem exists_and_self' (P : Prop) (Q : P → Prop) : ((∃ p, Q p) ∧ P) ↔ ∃ p, Q p :=
  ⟨And.left, fun ⟨p, q⟩ => ⟨⟨p, q⟩, p⟩⟩

end

/-! ## Deciding -/
namespace Decidable
theorem not_not [Decidable p] : ¬¬p ↔ p := ⟨of_not_not, not_not_intro⟩
attribute [simp] not_not
theorem by_contra [Decidable p] (h : ¬p → False) : p := byContradiction h
protected theorem or_iff_not_imp_left [Decidable a] : a ∨ b ↔ (¬a → b) :=
  ⟨Or.resolve_left, fun h => (em a).imp id h⟩
protected theorem or_iff_not_imp_right [Decidable b] : a ∨ b ↔ (¬b → a) :=
  or_comm.trans Decidable.or_iff_not_imp_left
protected theorem imp_iff_not_or [Decidable a] : (a → b) ↔ (¬a ∨ b) :=
  ⟨fun h => (em a).elim (fun x => .inr (h x)) .inl, not_imp_of_or⟩
protected theorem imp_iff_or_not [Decidable b] : b → a ↔ a ∨ ¬b := Decidable.imp_iff_not_or.trans or_comm
protected theorem not_imp_comm [Decidable a] [Decidable b] : (¬a → b) ↔ (¬b → a) :=
  ⟨fun h nb => byContradiction fun na => nb (h na), fun h na => byContradiction fun nb => na (h nb)⟩
protected theorem not_imp_symm [Decidable a] (h : ¬a → b) (hb : ¬b) : a := byContradiction (hb ∘ h)
protected theorem not_imp_not [Decidable a] : (¬a → ¬b) ↔ (b → a) :=
  ⟨fun h hb => byContradiction fun na => h na hb, mt⟩
protected theorem imp_or [Decidable a] : (a → b ∨ c) ↔ (a → b) ∨ (a → c) :=
  (em a).elim (fun ha => by simp [ha]) (fun na => by simp [na])
protected theorem imp_or' [Decidable b] : (a → b ∨ c) ↔ (a → b) ∨ (a → c) :=
  (em b).elim (fun hb => ⟨fun _ => .inl fun _ => hb, fun _ _ => .inl hb⟩)
    (fun nb => ⟨fun h => .inr fun ha => (h ha).resolve_left nb,
      fun h ha => h.elim (fun f => .inl (f ha)) (fun f => .inr (f ha))⟩)
protected theorem not_imp_iff_and_not [Decidable a] : ¬(a → b) ↔ a ∧ ¬b :=
  ⟨fun h => ⟨byContradiction (h ∘ Not.elim), fun hb => h fun _ => hb⟩, not_imp_of_and_not⟩
protected theorem not_imp [Decidable a] : ¬(a → b) ↔ a ∧ ¬b := Decidable.not_imp_iff_and_not
protected theorem of_not_imp [Decidable a] (h : ¬(a → b)) : a := byContradiction (h ∘ Not.elim)
protected theorem peirce (a b : Prop) [Decidable a] : ((a → b) → a) → a :=
  fun h => byContradiction fun na => na (h na.elim)
theorem _root_.peirce' {a : Prop} (H : ∀ b : Prop, (a → b) → a) : a := H _ id
protected theorem not_iff_not [Decidable a] [Decidable b] : (¬a ↔ ¬b) ↔ (a ↔ b) :=
  ⟨fun h => ⟨fun ha => byContradiction fun nb => h.2 nb ha, fun hb => byContradiction fun na => h.1 na hb⟩,
   not_congr⟩
protected theorem not_iff_comm [Decidable a] [Decidable b] : (¬a ↔ b) ↔ (¬b ↔ a) :=
  ⟨fun h => ⟨fun nb => byContradiction fun na => nb (h.1 na), fun ha nb => h.2 nb ha⟩,
   fun h => ⟨fun na => byContradiction fun nb => na (h.1 nb), fun hb na => h.2 na hb⟩⟩
protected theorem not_iff [Decidable b] : ¬(a ↔ b) ↔ (¬a ↔ b) :=
  (em b).elim (fun hb => by simp [hb]) (fun nb => by simp [nb])
protected theorem iff_not_comm [Decidable a] [Decidable b] : (a ↔ ¬b) ↔ (b ↔ ¬a) :=
  iff_comm.trans (Decidable.not_iff_comm.trans iff_comm)
protected theorem iff_iff_and_or_not_and_not {a b : Prop} [Decidable b] :
    (a ↔ b) ↔ (a ∧ b) ∨ (¬a ∧ ¬b) :=
  (em b).elim (fun hb => by simp [hb]) (fun nb => by simp [nb])
protected theorem iff_iff_not_or_and_or_not [Decidable a] [Decidable b] :
    (a ↔ b) ↔ (¬a ∨ b) ∧ (a ∨ ¬b) :=
  iff_def.trans (and_congr Decidable.imp_iff_not_or Decidable.imp_iff_or_not)
protected theorem not_and_not_right [Decidable b] : ¬(a ∧ ¬b) ↔ (a → b) :=
  ⟨fun h ha => byContradiction fun nb => h ⟨ha, nb⟩, fun h x => x.2 (h x.1)⟩
protected theorem not_and_iff_not_or_not [Decidable a] : ¬(a ∧ b) ↔ ¬a ∨ ¬b := not_and_or_of
protected theorem not_and_iff_or_not_not [Decidable a] : ¬(a ∧ b) ↔ ¬a ∨ ¬b := not_and_or_of
protected theorem not_and_iff_or_not_not' [Decidable b] : ¬(a ∧ b) ↔ ¬a ∨ ¬b :=
  ⟨fun h => (em b).elim (fun hb => .inl fun ha => h ⟨ha, hb⟩) .inr, not_and_of_not_or_not⟩
protected theorem or_iff_not_and_not [Decidable a] [Decidable b] : a ∨ b ↔ ¬(¬a ∧ ¬b) := by
  rw [← not_or, not_not]
protected theorem and_iff_not_or_not [Decidable a] [Decidable b] : a ∧ b ↔ ¬(¬a ∨ ¬b) := by
  rw [← Decidable.not_and_iff_not_or_not, not_not]
protected theorem or_congr_left' [Decidable c] (h : ¬c → (a ↔ b)) : a ∨ c ↔ b ∨ c :=
  (em c).elim (fun hc => by simp [hc]) (fun nc => or_congr_left (h nc))
protected theorem or_congr_right' [Decidable a] (h : ¬a → (b ↔ c)) : a ∨ b ↔ a ∨ c :=
  (em a).elim (fun ha => by simp [ha]) (fun na => or_congr_right (h na))
@[simp] protected theorem iff_congr_left {P Q R : Prop} [Decidable P] [Decidable Q] [Decidable R] :
    ((P ↔ R) ↔ (Q ↔ R)) ↔ (P ↔ Q) :=
  (em R).elim (fun hr => by simp [hr]) (fun nr => by simp [nr, Decidable.not_iff_not])
theorem imp_iff_left_iff [Decidable a] : (b ↔ a → b) ↔ a ∨ b :=
  (em a).elim (fun h => by simp [h]) (fun h => by simp [h])
theorem imp_iff_right_iff [Decidable a] : (a → b ↔ b) ↔ a ∨ b := iff_comm.trans imp_iff_left_iff
theorem and_or_imp [Decidable a] : a ∧ b ∨ (a → c) ↔ a → b ∨ c :=
  (em a).elim (fun h => by simp [h]) (fun h => by simp [h])
protected theorem not_forall_not {p : α → Prop} [Decidable (∃ x, p x)] : (¬∀ x, ¬p x) ↔ ∃ x, p x :=
  (em (∃ x, p x)).elim (fun h => ⟨fun _ => h, fun ⟨x, hx⟩ n => n x hx⟩)
    (fun h => ⟨fun g => (g (not_exists.1 h)).elim, fun g => (h g).elim⟩)
protected theorem not_exists_not {p : α → Prop} [∀ x, Decidable (p x)] : (¬∃ x, ¬p x) ↔ ∀ x, p x :=
  ⟨fun h x => byContradiction fun n => h ⟨x, n⟩, fun h ⟨x, n⟩ => n (h x)⟩
protected theorem not_forall {p : α → Prop} [Decidable (∃ x, ¬p x)] [∀ x, Decidable (p x)] :
    (¬∀ x, p x) ↔ ∃ x, ¬p x :=
  ⟨fun h => byContradiction fun n => h fun x => byContradiction fun nx => n ⟨x, nx⟩,
   not_forall_of_exists_not⟩
end Decidable

theorem not_iff_comm_of [Decidable a] [Decidable b] : (¬a ↔ b) ↔ (¬b ↔ a) := Decidable.not_iff_comm
@[simp] theorem decide_eq_decide {p q : Prop} {_ : Decidable p} {_ : Decidable q} :
    decide p = decide q ↔ (p ↔ q) := by
  by_cases hp : p <;> by_cases hq : q <;> simp [hp, hq]
