/-!
Each tactic of conversion mode at work, told by the word in the theorem's comment.
-/
set_option linter.all false

def double (n : Nat) : Nat := n + n

/-- `conv` -/
theorem use_conv (a b c : Nat) : a + b + c = c + (b + a) := by
  conv => rw [Nat.add_comm]
  conv in a + b => rw [Nat.add_comm]

/-- `at` -/
theorem use_conv_at (a b c : Nat) (h : a + b = c) : b + a = c := by
  conv at h => lhs; rw [Nat.add_comm]
  exact h

/-- `lhs` -/
theorem use_lhs (a b : Nat) : a + b = b + a := by
  conv => lhs; rw [Nat.add_comm]

/-- `rhs` -/
theorem use_rhs (a b : Nat) : a + b = b + a := by
  conv =>
    rhs
    rw [Nat.add_comm]

/-- `left` -/
theorem use_left (a b : Nat) : a + 0 + b = a + b := by
  conv => lhs; left; rw [Nat.add_zero]

/-- `right` -/
theorem use_right (a b : Nat) : a + (b + 0) = a + b := by
  conv => lhs; right; rw [Nat.add_zero]

/-- `arg` -/
theorem use_arg (f : Nat → Nat → Nat) (a b : Nat) : f (0 + a) b = f a b := by
  conv => lhs; arg 1; rw [Nat.zero_add]

/-- `args` -/
theorem use_args (f : Nat → Nat → Nat) (a b : Nat) : f (0 + a) (0 + b) = f a b := by
  conv =>
    lhs
    args
    · rw [Nat.zero_add]
    · rw [Nat.zero_add]

/-- `fun` -/
theorem use_fun (f g : Nat → Nat) (h : f = g) (a : Nat) : f a = g a := by
  conv => lhs; fun; rw [h]

/-- `congr` -/
theorem use_congr (a b c : Nat) : (0 + a) + (0 + b) = a + b := by
  conv =>
    lhs
    congr
    · rw [Nat.zero_add]
    · rw [Nat.zero_add]

/-- `enter` -/
theorem use_enter (f : Nat → Nat) : (fun x => f (0 + x)) = f := by
  conv => enter [1, x, 1]; rw [Nat.zero_add]

/-- `ext` -/
theorem use_ext (f : Nat → Nat) : (fun x => f (0 + x)) = f := by
  conv => lhs; ext x; arg 1; rw [Nat.zero_add]

/-- `intro` -/
theorem use_intro (f : Nat → Nat) : (fun x => f (0 + x)) = f := by
  conv => lhs; intro x; arg 1; rw [Nat.zero_add]

/-- `pattern` -/
theorem use_pattern (f : Nat → Nat) (a : Nat) : f (0 + a) = f a := by
  conv => pattern 0 + _; rw [Nat.zero_add]

/-- `rw` -/
theorem use_rw (a b c : Nat) : a + b + c = c + (b + a) := by
  conv => lhs; rw [Nat.add_comm a b, Nat.add_comm]

/-- `rewrite` -/
theorem use_rewrite (a b : Nat) : a + b = b + a := by
  conv => lhs; rewrite [Nat.add_comm]

/-- `erw` -/
theorem use_erw (a b : Nat) (f : Nat → Nat) (h : f a = b) : f (id a) = b := by
  conv => lhs; erw [h]

/-- `simp` -/
theorem use_simp (a b : Nat) : (a + 0) * 1 = a := by
  conv => lhs; simp

/-- `simp?` -/
theorem use_simp_trace (a b : Nat) : (a + 0) * 1 = a := by
  conv => lhs; simp?

/-- `simp_match` -/
theorem use_simp_match (n : Nat) : (match n + 1 with | 0 => 1 | m + 1 => m) = n := by
  conv => lhs; simp_match

/-- `dsimp` -/
theorem use_dsimp (a : Nat) : (fun x : Nat => x) a = a := by
  conv => lhs; dsimp

/-- `dsimp?` -/
theorem use_dsimp_trace (a : Nat) : (fun x : Nat => x) a = a := by
  conv => lhs; dsimp?

/-- `norm_cast` -/
theorem use_norm_cast (a b : Nat) : (a : Int) + b = ((a + b : Nat) : Int) := by
  conv => lhs; norm_cast

/-- `unfold` -/
theorem use_unfold (n : Nat) : double n = n + n := by
  conv => lhs; unfold double

/-- `delta` -/
theorem use_delta (n : Nat) : double n = n + n := by
  conv => lhs; delta double

/-- `reduce` -/
theorem use_reduce : double 2 = 4 := by
  conv => lhs; reduce

/-- `whnf` -/
theorem use_whnf (p : Nat × Nat) : (p, 3).1 = p := by
  conv => lhs; whnf

/-- `zeta` -/
theorem use_zeta (n : Nat) : (let m := n; m + 1) = n + 1 := by
  conv => lhs; zeta

/-- `change` -/
theorem use_change (n : Nat) : double n = n + n := by
  conv => lhs; change n + n

/-- `apply` -/
theorem use_apply (a b : Nat) (h : a = b) : a + 0 = b := by
  conv => lhs; apply h

/-- `calc` -/
theorem use_calc (a b c : Nat) (h : a = b) (h' : b = c) : a = c := by
  conv =>
    lhs
    calc
      a = b := h
      _ = c := h'

/-- `lift_lets` -/
theorem use_lift_lets (n : Nat) : (let m := n; m + 1) + 0 = n + 1 := by
  conv => lhs; lift_lets

/-- `extract_lets` -/
theorem use_extract_lets (n : Nat) : (let m := n; m + 1) = n + 1 := by
  conv => lhs; extract_lets m

/-- `let_to_have` -/
theorem use_let_to_have (n : Nat) : (let m := n; m + 1) = n + 1 := by
  conv => lhs; let_to_have

/-- `clear` -/
theorem use_clear (a b : Nat) (h : a = b) : 0 + a = a := by
  conv => lhs; clear h; rw [Nat.zero_add]

/-- `case` -/
theorem use_case (a b : Nat) : (0 + a) + (0 + b) = a + b := by
  conv =>
    lhs
    congr
    case a => rw [Nat.zero_add]
    case a => rw [Nat.zero_add]

/-- `case'` -/
theorem use_case' (a b : Nat) : (0 + a) + (0 + b) = a + b := by
  conv =>
    lhs
    congr
    case' a => skip
    all_goals rw [Nat.zero_add]

/-- `next` -/
theorem use_next (a b : Nat) : (0 + a) + (0 + b) = a + b := by
  conv =>
    lhs
    congr
    next => rw [Nat.zero_add]
    next => rw [Nat.zero_add]

/-- `all_goals` -/
theorem use_all_goals (a b : Nat) : (0 + a) + (0 + b) = a + b := by
  conv => lhs; congr; all_goals rw [Nat.zero_add]

/-- `any_goals` -/
theorem use_any_goals (a b : Nat) : (0 + a) + b = a + b := by
  conv => lhs; congr; any_goals rw [Nat.zero_add]

/-- `focus` -/
theorem use_focus (a b : Nat) : (0 + a) + (0 + b) = a + b := by
  conv =>
    lhs
    congr
    focus
      rw [Nat.zero_add]
      rfl
    rw [Nat.zero_add]

/-- `first` -/
theorem use_first (a b : Nat) : 0 + a = a := by
  conv => lhs; first | rw [Nat.add_zero] | rw [Nat.zero_add]

/-- `try` -/
theorem use_try (a b : Nat) : 0 + a = a := by
  conv => lhs; try rw [Nat.add_zero]
  exact Nat.zero_add a

/-- `repeat` -/
theorem use_repeat (a b : Nat) : 0 + (0 + a) = a := by
  conv => lhs; repeat rw [Nat.zero_add]

/-- `<;>` -/
theorem use_seq_focus (a b : Nat) : (0 + a) + (0 + b) = a + b := by
  conv => lhs; congr <;> rw [Nat.zero_add]

/-- `(` -/
theorem use_paren (a b : Nat) : 0 + a = a := by
  conv => (lhs; rw [Nat.zero_add])

/-- `{` -/
theorem use_braces (a b : Nat) : 0 + a = a := by
  conv => { lhs; rw [Nat.zero_add] }

/-- `conv` -/
theorem use_nested_conv (a b : Nat) : 0 + a = a := by
  conv => lhs; conv => rw [Nat.zero_add]

/-- `tactic` -/
theorem use_tactic (a b : Nat) (h : a = b) : a = b := by
  conv => lhs; tactic => exact h

/-- `tactic'` -/
theorem use_tactic' (a b : Nat) (h : a = b) : a = b := by
  conv => lhs; tactic' => exact h

/-- `skip` -/
theorem use_skip (a : Nat) : 0 + a = a := by
  conv => lhs; skip; rw [Nat.zero_add]

/-- `done` -/
theorem use_done (a : Nat) : 0 + a = a := by
  conv =>
    congr
    · rw [Nat.zero_add]
    · rfl
    done

/-- `rfl` -/
theorem use_rfl (a : Nat) : 0 + a = a := by
  conv => rw [Nat.zero_add]; rfl

/-- `fail_if_success` -/
theorem use_fail_if_success (a : Nat) : 0 + a = a := by
  conv => lhs; fail_if_success rw [Nat.add_zero]
  exact Nat.zero_add a

/-- `trace_state` -/
theorem use_trace_state (a : Nat) : 0 + a = a := by
  conv => lhs; trace_state; rw [Nat.zero_add]

/-- `guard_expr` -/
theorem use_guard_expr (a : Nat) : 0 + a = a := by
  conv => lhs; guard_expr (a + 0) =~ a
  exact Nat.zero_add a

/-- `guard_hyp` -/
theorem use_guard_hyp (a b : Nat) (h : a = b) : 0 + a = a := by
  conv => lhs; guard_hyp h : a = b
  exact Nat.zero_add a

/-- `guard_target` -/
theorem use_guard_target (a : Nat) : 0 + a = a := by
  conv => lhs; guard_target = 0 + a; rw [Nat.zero_add]
