/-! Booleans, options, products, sums, subtypes, bounded numbers. -/

theorem and_commutes (b c : Bool) : (b && c) = (c && b) := by cases b <;> cases c <;> rfl

theorem de_morgan (b c : Bool) : (!(b && c)) = (!b || !c) := by simp

theorem bool_decided : ∀ b c : Bool, (b || c) = (c || b) := by decide

theorem bool_as_proposition (b c : Bool) : (b && c) = true ↔ b = true ∧ c = true := by simp

theorem bool_cases (b : Bool) (h : b ≠ true) : b = false := by simpa using h

theorem decide_is_true (p : Prop) [Decidable p] : decide p = true ↔ p := by simp

theorem boolean_equality (a b : Nat) : (a == b) = true ↔ a = b := by simp

theorem xor_self (b : Bool) : (b ^^ b) = false := by simp

theorem if_true_branch (a b : Nat) (h : a < b) : (if a < b then a else b) = a := by simp [h]

theorem if_is_min (a b : Nat) : (if a ≤ b then a else b) = min a b := by
  split <;> omega

theorem if_dependent (n : Nat) : (if h : 0 < n then (⟨n, h⟩ : {m // 0 < m}).val else 0) = n := by
  split <;> simp_all <;> omega

theorem some_injective (a b : Nat) (h : some a = some b) : a = b := by simpa using h

theorem some_is_not_none (a : Nat) : some a ≠ none := nofun

theorem option_map_composes {α β γ : Type} (f : α → β) (g : β → γ) (x : Option α) :
    (x.map f).map g = x.map (g ∘ f) := by
  cases x <;> rfl

theorem option_bind_some {α : Type} (x : Option α) : (x.bind fun a => some a) = x := by
  cases x <;> rfl

theorem option_default (x : Option Nat) (h : x ≠ none) : ∃ a, x = some a ∧ x.getD 0 = a := by
  cases x with
  | none => contradiction
  | some a => exact ⟨a, rfl, rfl⟩

theorem option_is_some (x : Option Nat) (h : x.isSome = true) : ∃ a, x = some a :=
  Option.isSome_iff_exists.mp h

theorem option_notation : (do let x ← some 3; return x + 1) = some 4 := rfl

theorem pair_eta {α β : Type} (p : α × β) : (p.1, p.2) = p := rfl

theorem pair_equality {α β : Type} (p q : α × β) (h : p.1 = q.1) (k : p.2 = q.2) : p = q := Prod.ext h k

theorem pair_injective (a b c d : Nat) (h : (a, b) = (c, d)) : a = c ∧ b = d := by simpa using h

theorem swap_twice {α β : Type} (p : α × β) : p.swap.swap = p := by simp

theorem sum_cases {α β : Type} (s : α ⊕ β) : (∃ a, s = .inl a) ∨ ∃ b, s = .inr b := by
  cases s with
  | inl a => exact .inl ⟨a, rfl⟩
  | inr b => exact .inr ⟨b, rfl⟩

theorem sum_disjoint {α β : Type} (a : α) (b : β) : (Sum.inl a : α ⊕ β) ≠ .inr b := nofun

theorem subtype_property (x : {n : Nat // 3 < n}) : 2 < x.val := Nat.lt_trans (by decide) x.property

theorem subtype_equality (p : Nat → Prop) (x y : {n // p n}) (h : x.val = y.val) : x = y := Subtype.ext h

theorem subtype_made : ∃ x : {n : Nat // n % 2 = 0}, x.val = 4 := ⟨⟨4, rfl⟩, rfl⟩

theorem sigma_equality (p : (n : Nat) × Fin (n + 1)) : p = ⟨p.1, p.2⟩ := rfl

theorem fin_is_bounded (x : Fin 5) : x.val < 5 := x.isLt

theorem fin_wraps : (3 : Fin 5) + 4 = 2 := by decide

theorem fin_decided : ∀ x y : Fin 4, x + y = y + x := by decide

theorem unit_is_unique (x y : Unit) : x = y := rfl

theorem nothing_is_empty (x : Empty) : 1 = 2 := nomatch x

theorem strings_differ : "a" ≠ "b" := by decide

theorem chars_differ : 'a' ≠ 'b' := by decide

theorem number_as_text : Nat.repr 120 = "120" := by decide
