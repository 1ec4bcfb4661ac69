/-! Functions that never meet, and functions that reach everything. -/

theorem injective_comp {α β γ : Type} (f : α → β) (g : β → γ) (hf : ∀ x y, f x = f y → x = y)
    (hg : ∀ x y, g x = g y → x = y) : ∀ x y, g (f x) = g (f y) → x = y := by
  sorry

theorem injective_of_comp {α β γ : Type} (f : α → β) (g : β → γ)
    (h : ∀ x y, g (f x) = g (f y) → x = y) : ∀ x y, f x = f y → x = y := by
  sorry

theorem surjective_of_comp {α β γ : Type} (f : α → β) (g : β → γ) (h : ∀ z, ∃ x, g (f x) = z) :
    ∀ z, ∃ y, g y = z := by
  sorry
