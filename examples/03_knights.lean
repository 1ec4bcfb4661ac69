/-! Knights always tell the truth, knaves never do. A says: "B is a knave." B says: "We are both knights,
or both knaves." Exactly one of them is a knight, and it is A. -/

theorem who_is_who (a b : Prop) (says_a : a ↔ ¬b) (says_b : b ↔ (a ↔ b)) : a ∧ ¬b := by
  sorry

/-- If A says "I am a knave", the island cannot exist. -/
theorem no_such_island (a : Prop) : ¬(a ↔ ¬a) := by
  sorry
