/-! Binary trees, and their mirror images. Somebody must think of an induction on the tree. -/

inductive Tree where
  | leaf : Tree
  | node : Tree → Tree → Tree

@[simp] def mirror : Tree → Tree
  | .leaf => .leaf
  | .node l r => .node (mirror r) (mirror l)

@[simp] def leaves : Tree → Nat
  | .leaf => 1
  | .node l r => leaves l + leaves r

theorem mirror_leaf : mirror .leaf = .leaf := by
  sorry

theorem mirror_mirror (t : Tree) : mirror (mirror t) = t := by
  sorry

theorem leaves_mirror (t : Tree) : leaves (mirror t) = leaves t := by
  sorry

theorem leaves_positive (t : Tree) : 0 < leaves t := by
  sorry
