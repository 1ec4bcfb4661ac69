/-! Connectives, quantifiers, classical logic, equality. -/

theorem and_swap (p q : Prop) : p ∧ q ↔ q ∧ p :=
  ⟨fun ⟨hp, hq⟩ => ⟨hq, hp⟩, fun ⟨hq, hp⟩ => ⟨hp, hq⟩⟩

theorem and_distributes (p q r : Prop) : p ∧ (q ∨ r) ↔ p ∧ q ∨ p ∧ r := by
  constructor
  · rintro ⟨hp, hq | hr⟩
    · exact .inl ⟨hp, hq⟩
    · exact .inr ⟨hp, hr⟩
  · rintro (⟨hp, hq⟩ | ⟨hp, hr⟩)
    · exact ⟨hp, .inl hq⟩
    · exact ⟨hp, .inr hr⟩

theorem not_or_is_and (p q : Prop) : ¬(p ∨ q) ↔ ¬p ∧ ¬q := not_or

theorem not_and_is_or (p q : Prop) : ¬(p ∧ q) ↔ ¬p ∨ ¬q := Classical.not_and_iff_not_or_not

theorem doubly_negated_em (p : Prop) : ¬¬(p ∨ ¬p) := fun h => h (.inr fun hp => h (.inl hp))

theorem excluded_middle (p : Prop) : p ∨ ¬p := Classical.em p

theorem from_double_negation (p : Prop) (h : ¬¬p) : p := Classical.byContradiction h

theorem contrapositive (p q : Prop) (h : ¬q → ¬p) (hp : p) : q := by
  apply Classical.byContradiction
  intro hq
  exact h hq hp

theorem peirce_by_cases (p q : Prop) (h : (p → q) → p) : p := by
  by_cases hp : p
  · exact hp
  · exact h fun hp' => absurd hp' hp

theorem not_forall_exists (α : Type) (p : α → Prop) (h : ¬∀ x, p x) : ∃ x, ¬p x :=
  Classical.not_forall.mp h

theorem not_exists_forall (α : Type) (p : α → Prop) : (¬∃ x, p x) ↔ ∀ x, ¬p x := not_exists

theorem exists_swap (α β : Type) (p : α → β → Prop) : (∃ x y, p x y) → ∃ y x, p x y :=
  fun ⟨x, y, h⟩ => ⟨y, x, h⟩

theorem forall_and_split (α : Type) (p q : α → Prop) : (∀ x, p x ∧ q x) ↔ (∀ x, p x) ∧ ∀ x, q x :=
  ⟨fun h => ⟨fun x => (h x).1, fun x => (h x).2⟩, fun ⟨h, k⟩ x => ⟨h x, k x⟩⟩

theorem drinker (α : Type) [Nonempty α] (p : α → Prop) : ∃ x, p x → ∀ y, p y := by
  by_cases h : ∀ y, p y
  · obtain ⟨x⟩ := ‹Nonempty α›
    exact ⟨x, fun _ => h⟩
  · obtain ⟨x, hx⟩ := Classical.not_forall.mp h
    exact ⟨x, fun hp => absurd hp hx⟩

theorem exists_unique_unfolds (p : Nat → Prop) (h : ∃ x, p x ∧ ∀ y, p y → y = x) (a b : Nat)
    (ha : p a) (hb : p b) : a = b := by
  obtain ⟨x, _, hu⟩ := h
  rw [hu a ha, hu b hb]

theorem subst_both_ways (a b : Nat) (p : Nat → Prop) (h : a = b) : p a ↔ p b := by
  constructor <;> intro hp
  · exact h ▸ hp
  · rw [h]
    exact hp

theorem iff_rewrites_under_binders (p q : Nat → Prop) (h : ∀ x, p x ↔ q x) : (∀ x, p x) ↔ ∀ x, q x := by
  simp only [h]

theorem propositions_are_equal (p q : Prop) (h : p ↔ q) : p = q := propext h

theorem proofs_are_equal (p : Prop) (h k : p) : h = k := rfl

theorem heterogeneous (α : Type) (a b : α) (h : HEq a b) : a = b := eq_of_heq h

theorem cast_is_identity (α : Type) (h : α = α) (a : α) : cast h a = a := rfl

theorem choose_a_witness (p : Nat → Prop) (h : ∃ x, p x) : p (Classical.choose h) :=
  Classical.choose_spec h

theorem choice_function (α β : Type) (r : α → β → Prop) (h : ∀ x, ∃ y, r x y) :
    ∃ f : α → β, ∀ x, r x (f x) :=
  Classical.axiomOfChoice h

theorem xor_is_not_iff (p q : Prop) : (p ∧ ¬q) ∨ (q ∧ ¬p) ↔ ¬(p ↔ q) := by
  by_cases hp : p <;> by_cases hq : q <;> simp [hp, hq]

theorem implication_as_or (p q : Prop) : (p → q) ↔ ¬p ∨ q := by
  by_cases hp : p <;> simp [hp]

theorem decidable_cases (p q : Prop) [Decidable p] (h : p → q) (k : ¬p → q) : q := Decidable.byCases h k

theorem quotient_equality (r : Nat → Nat → Prop) (a b : Nat) (h : r a b) : Quot.mk r a = Quot.mk r b :=
  Quot.sound h
