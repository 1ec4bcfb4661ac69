/-! Russell's barber shaves exactly those who do not shave themselves. There is none; and the same argument
is Cantor's, that no function reaches all sets. -/

theorem no_barber {α : Type} (shaves : α → α → Prop) (b : α) : ¬∀ x, shaves b x ↔ ¬shaves x x := by
  sorry

theorem cantor {α : Type} (f : α → α → Prop) : ¬∃ a, ∀ x, f a x ↔ ¬f x x := by
  sorry
