/-! Lists. -/

theorem append_nothing {α : Type} (xs : List α) : xs ++ [] = xs := by
  sorry

theorem length_append {α : Type} (xs ys : List α) : (xs ++ ys).length = xs.length + ys.length := by
  sorry

theorem reverse_twice {α : Type} (xs : List α) : xs.reverse.reverse = xs := by
  sorry

theorem map_twice {α β γ : Type} (f : α → β) (g : β → γ) (xs : List α) :
    (xs.map f).map g = xs.map fun x => g (f x) := by
  sorry
