/-!
Each tactic of Lean's own library at work. The word in a theorem's comment is the tactic it is for; a
test compares the tactics that ran with those that the library binds.
-/
set_option linter.all false

/-! ## Introduction and closing -/

/-- `intro` -/
theorem use_intro (p q : Prop) : p ∧ q → q → p := by
  intro ⟨hp, _⟩ _
  exact hp

/-- `intros` -/
theorem use_intros (p q : Prop) : p → q → q := by
  intros _ hq
  exact hq

/-- `exact` -/
theorem use_exact (p : Prop) (hp : p) : p := by
  exact hp

/-- `assumption` -/
theorem use_assumption (p q : Prop) (_ : p) (_ : q) : p := by
  assumption

/-- `apply` -/
theorem use_apply (p q r : Prop) (hpq : p → q) (hqr : q → r) (hp : p) : r := by
  apply hqr
  apply hpq hp

/-- `refine` -/
theorem use_refine (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  refine ⟨?_, hq⟩
  exact hp

/-- `refine'` -/
theorem use_refine' (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  refine' ⟨_, hq⟩
  exact hp

/-- `apply_assumption` -/
theorem use_apply_assumption (p q : Prop) (h : p → q) (hp : p) : q := by
  apply_assumption
  exact hp

/-- `apply_rules` -/
theorem use_apply_rules (a b c d : Nat) (h : a ≤ b) (h' : c ≤ d) : a + c ≤ b + d := by
  apply_rules [Nat.add_le_add]

/-- `solve_by_elim` -/
theorem use_solve_by_elim (p q r s : Prop) (f : p → q) (g : q → r) (h : r → s) (hp : p) : s := by
  solve_by_elim

/-- `constructor` -/
theorem use_constructor (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  constructor
  · exact hp
  · exact hq

/-- `constructor!` -/
theorem use_constructor_bang (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  constructor!
  · exact hp
  · exact hq

/-- `and_intros` -/
theorem use_and_intros (p q r : Prop) (hp : p) (hq : q) (hr : r) : p ∧ q ∧ r := by
  and_intros
  · exact hp
  · exact hq
  · exact hr

/-- `left` -/
theorem use_left (p q : Prop) (hp : p) : p ∨ q := by
  left
  exact hp

/-- `right` -/
theorem use_right (p q : Prop) (hq : q) : p ∨ q := by
  right
  exact hq

/-- `exists` -/
theorem use_exists : ∃ x y : Nat, x * y = 6 ∧ x < y := by
  exists 2, 3

/-- `trivial` -/
theorem use_trivial : True ∧ True := by
  constructor <;> trivial

/-- `infer_instance` -/
theorem use_infer_instance : Nonempty (Nat × Bool) := by
  infer_instance

/-- `as_aux_lemma` -/
theorem use_as_aux_lemma (a b : Nat) : a + b = b + a := by
  as_aux_lemma => exact Nat.add_comm a b

/-- `nofun` -/
theorem use_nofun : ¬ (0 = 1) := by
  nofun

/-- `nomatch` -/
theorem use_nomatch (p : Prop) (h : p ∧ False) : 1 = 2 := by
  nomatch h.2

/-! ## Contradiction -/

/-- `exfalso` -/
theorem use_exfalso (h : False) : 1 = 2 := by
  exfalso
  exact h

/-- `contradiction` -/
theorem use_contradiction (p : Prop) (h : p) (h' : ¬p) : 1 = 2 := by
  contradiction

/-- `absurd` -/
theorem use_absurd (p : Prop) (h : p) (h' : ¬p) : 1 = 2 := by
  exact absurd h h'

/-- `false_or_by_contra` -/
theorem use_false_or_by_contra (p : Prop) (h : ¬¬p) : p := by
  false_or_by_contra
  rename_i h'
  exact h h'

/-- `by_cases` -/
theorem use_by_cases (p q : Prop) (h : p → q) (h' : ¬p → q) : q := by
  by_cases hp : p
  · exact h hp
  · exact h' hp

/-- `classical` -/
theorem use_classical (p : Prop) : ∃ n : Nat, (p → n = 1) ∧ (¬p → n = 2) := by
  classical
  exact ⟨if p then 1 else 2, fun h => if_pos h, fun h => if_neg h⟩

/-! ## Taking apart -/

/-- `cases` -/
theorem use_cases (p q : Prop) (h : p ∨ q) : q ∨ p := by
  cases h with
  | inl hp => exact .inr hp
  | inr hq => exact .inl hq

/-- `cases` -/
theorem use_cases_using (n : Nat) (h : n ≠ 0) : ∃ m, n = m + 1 := by
  cases n using Nat.casesAuxOn with
  | zero => contradiction
  | succ m => exact ⟨m, rfl⟩

/-- `rcases` -/
theorem use_rcases (p q r : Prop) (h : p ∧ (q ∨ r)) : p ∧ q ∨ p ∧ r := by
  rcases h with ⟨hp, (hq | hr)⟩
  · exact .inl ⟨hp, hq⟩
  · exact .inr ⟨hp, hr⟩

/-- `rcases` -/
theorem use_rcases_patterns (a b : Nat) (p : Prop) (h : a = b ∧ p ∧ True) (k : ∃ _ : Nat, p) : b = a ∧ p := by
  rcases h with ⟨rfl, hp, -⟩
  rcases k with @⟨_, (_ : p)⟩
  exact ⟨rfl, hp⟩

/-- `obtain` -/
theorem use_obtain (p : Nat → Prop) (h : ∃ x, p x ∧ x = 3) : p 3 := by
  obtain ⟨x, hx, rfl⟩ : ∃ x, p x ∧ x = 3 := h
  exact hx

/-- `rintro` -/
theorem use_rintro (p q r : Prop) : (p ∨ q) ∧ r → r ∧ (q ∨ p) := by
  rintro ⟨hp | hq, hr⟩
  · exact ⟨hr, .inr hp⟩
  · exact ⟨hr, .inl hq⟩

/-- `rintro` -/
theorem use_rintro_binder : ∀ x y : Nat, x = y → y = x := by
  rintro (x y : Nat) rfl
  rfl

/-- `match` -/
theorem use_match (n : Nat) (h : n > 0) : ∃ m, n = m + 1 := by
  match n with
  | m + 1 => exact ⟨m, rfl⟩

/-- `injection` -/
theorem use_injection (a b : Nat) (h : some a = some b) : a = b := by
  injection h

/-- `injections` -/
theorem use_injections (a b : Nat) (h : some (some a) = some (some b)) : a = b := by
  injections

/-- `split` -/
theorem use_split (n : Nat) : (if n = 0 then 1 else n) ≠ 0 := by
  split
  · decide
  · assumption

/-- `split` -/
theorem use_split_at (p : Prop) [Decidable p] (h : (if p then 1 else 2) = 1) : p := by
  split at h
  · assumption
  · contradiction

/-- `if` -/
theorem use_if (p : Prop) [Decidable p] : p ∨ ¬p := by
  if h : p then exact .inl h
  else exact .inr h

/-- `if` -/
theorem use_if_plain (p q : Prop) [Decidable p] (hq : q) : p ∨ q := by
  if p then exact .inr hq else exact .inr hq

/-! ## Induction -/

/-- `induction` -/
theorem use_induction (n : Nat) : 0 + n = n := by
  induction n with
  | zero => rfl
  | succ n ih => rw [← Nat.add_assoc, ih]

/-- `using` -/
theorem use_induction_using (n : Nat) : n % 2 = 0 ∨ n % 2 = 1 := by
  induction n using Nat.strongRecOn with
  | ind n ih =>
    match n with
    | 0 => exact .inl rfl
    | 1 => exact .inr rfl
    | m + 2 =>
      have := ih m (by omega)
      omega

def into {α : Type} : List α → List α → List α
  | [], ys => ys
  | x :: xs, ys => into xs (x :: ys)

/-- `generalizing` -/
theorem use_induction_generalizing {α : Type} (xs ys : List α) :
    (into xs ys).length = xs.length + ys.length := by
  induction xs generalizing ys with
  | nil => simp [into]
  | cons x xs ih =>
    rw [into, ih, List.length_cons, List.length_cons]
    omega

def halve : Nat → Nat
  | 0 => 0
  | 1 => 0
  | n + 2 => halve n + 1

/-- `fun_induction` -/
theorem use_fun_induction (n : Nat) : halve n ≤ n := by
  fun_induction halve n with
  | case1 => exact Nat.le_refl 0
  | case2 => exact Nat.zero_le 1
  | case3 n ih => omega

/-- `fun_cases` -/
theorem use_fun_cases (n : Nat) (h : 2 ≤ n) : 0 < halve n := by
  fun_cases halve n with
  | case1 => contradiction
  | case2 => contradiction
  | case3 n => exact Nat.succ_pos _

/-! ## Rewriting -/

/-- `rw` -/
theorem use_rw (a b c : Nat) (h : a = b) (h' : b = c) : c = a := by
  rw [h, ← h']

/-- `at` -/
theorem use_rw_at (p q : Prop) (h : p ↔ q) (hp : p) : q := by
  rw [h] at hp
  exact hp

/-- `rewrite` -/
theorem use_rewrite (a b : Nat) (h : a = b) : a + 0 = b := by
  rewrite [h]
  rfl

/-- `rwa` -/
theorem use_rwa (a b c : Nat) (h : a = b) (h' : b = c) : a = c := by
  rwa [h]

/-- `rwa` -/
theorem use_rwa_at (a b c : Nat) (h : a = b) (h' : a = c) : b = c := by
  rwa [h] at h'

/-- `erw` -/
theorem use_erw (a b : Nat) (f : Nat → Nat) (h : f a = b) : f (id a) = b := by
  erw [h]

/-- `subst` -/
theorem use_subst (a b : Nat) (p : Nat → Prop) (h : a = b) (hp : p a) : p b := by
  subst h
  exact hp

/-- `subst_vars` -/
theorem use_subst_vars (a b c : Nat) (h : a = b) (h' : b = c) : a = c := by
  subst_vars
  rfl

/-- `subst_eqs` -/
theorem use_subst_eqs (a b : Nat) (h : a = b) : b = a := by
  subst_eqs
  rfl

/-- `calc` -/
theorem use_calc (a b c d : Nat) (h : a = b) (h' : b < c) (h'' : c ≤ d) : a < d := by
  calc
    a = b := h
    _ < c := h'
    _ ≤ d := h''

/-- `symm` -/
theorem use_symm (a b : Nat) (h : a = b) : b = a := by
  symm
  exact h

/-- `symm` -/
theorem use_symm_iff (p q : Prop) (h : p ↔ q) : q ↔ p := by
  symm at h
  exact h

/-- `symm_saturate` -/
theorem use_symm_saturate (a b : Nat) (h : a = b) : b = a := by
  symm_saturate
  assumption

/-- `congr` -/
theorem use_congr (f : Nat → Nat → Nat) (a b c d : Nat) (h : a = b) (h' : c = d) : f a c = f b d := by
  congr

/-- `ac_rfl` -/
theorem use_ac_rfl (a b c d : Nat) : a + b + (c + d) = d + (b + c) + a := by
  ac_rfl

/-- `ac_nf` -/
theorem use_ac_nf (a b c : Nat) : a * b * c = c * (b * a) := by
  ac_nf

/-- `ac_nf0` -/
theorem use_ac_nf0 (a b c : Nat) : a * b * c = c * (b * a) := by
  ac_nf0
  rfl

/-! ## Equality by computation -/

/-- `rfl` -/
theorem use_rfl : 2 + 2 = 4 := by
  rfl

/-- `rfl` -/
theorem use_rfl_iff (p : Prop) : p ↔ p := by
  rfl

/-- `rfl'` -/
theorem use_rfl' : 2 + 2 = 4 := by
  rfl'

/-- `eq_refl` -/
theorem use_eq_refl (n : Nat) : n + 1 = n.succ := by
  eq_refl

/-- `apply_rfl` -/
theorem use_apply_rfl (a : Nat) : a ≤ a := by
  apply_rfl

/-- `decide` -/
theorem use_decide : ∀ n : Nat, n < 6 → n * n < 26 := by
  decide

/-- `decide` -/
theorem use_decide_revert (x : Fin 3) : x * x * x + 2 * x = 0 := by
  decide +revert

/-- `omega` -/
theorem use_omega (a b : Int) (h : 2 * a + 1 = 2 * b) : False := by
  omega

/-! ## Functions and extensionality -/

/-- `funext` -/
theorem use_funext (f g : Nat → Nat → Nat) (h : ∀ x y, f x y = g x y) : f = g := by
  funext x y
  exact h x y

/-- `ext` -/
theorem use_ext (s t : Nat × Bool) (h : s.1 = t.1) (h' : s.2 = t.2) : s = t := by
  ext
  · exact h
  · rw [h']

/-- `ext1` -/
theorem use_ext1 (f g : Nat → Nat) (h : ∀ x, f x = g x) : f = g := by
  ext1 x
  exact h x

/-- `apply_ext_theorem` -/
theorem use_apply_ext_theorem (f g : Nat → Nat) (h : ∀ x, f x = g x) : f = g := by
  apply_ext_theorem
  exact h

/-! ## Simplification -/

/-- `simp` -/
theorem use_simp (xs : List Nat) : (xs ++ []).length + 0 = xs.length := by
  simp

/-- `only` -/
theorem use_simp_only (a b : Nat) (h : a = b) : a + 0 = b := by
  simp only [Nat.add_zero, h]

/-- `at` -/
theorem use_simp_at (a b : Nat) (h : a + 0 = b ∧ True) : a = b := by
  simp at h
  exact h

/-- `simp_all` -/
theorem use_simp_all (p q r : Prop) (hp : p) (hpq : p → q) (hqr : q → r) : r := by
  simp_all

/-- `simpa` -/
theorem use_simpa (a b : Nat) (this : a + 0 = b) : a = b := by
  simpa

/-- `using` -/
theorem use_simpa_using (a b : Nat) (h : a + 0 = 0 + b) : a = b := by
  simpa using h

/-- `simpa!` -/
theorem use_simpa_bang (h : halve 0 = 0) : halve 0 = 0 := by
  simpa!

/-- `using!` -/
theorem use_simpa_using_bang (a b : Nat) (h : a + 0 = b) : a = b := by
  simpa using! h

/-- `simp!` -/
theorem use_simp_auto_unfold : halve 4 = 2 := by
  simp!

/-- `simp_all!` -/
theorem use_simp_all_auto_unfold (n : Nat) (h : n = 4) : halve n = 2 := by
  simp_all!

/-- `dsimp` -/
theorem use_dsimp (a : Nat) : (fun x : Nat => x) a = a := by
  dsimp

/-- `dsimp!` -/
theorem use_dsimp_auto_unfold : into [1] [2] = [1, 2] := by
  dsimp!

/-- `simp?` -/
theorem use_simp_trace (xs : List Nat) : xs ++ [] = xs := by
  simp?

/-- `simp?!` -/
theorem use_simp_trace_bang : halve 4 = 2 := by
  simp?!

/-- `simp_all?` -/
theorem use_simp_all_trace (p q : Prop) (hp : p) (h : p → q) : q := by
  simp_all?

/-- `simp_all?!` -/
theorem use_simp_all_trace_bang (n : Nat) (h : n = 4) : halve n = 2 := by
  simp_all?!

/-- `simpa?` -/
theorem use_simpa_trace (a b : Nat) (h : a + 0 = b) : a = b := by
  simpa? using h

/-- `simpa?` -/
theorem use_simpa_trace_this (a b : Nat) (this : a + 0 = b) : a = b := by
  simpa?

/-- `simpa!` -/
theorem use_simpa_bang_using_bang (a b : Nat) (h : a + 0 = b) : a = b := by
  simpa! using! h

/-- `simpa?` -/
theorem use_simpa_trace_using_bang (a b : Nat) (h : a + 0 = b) : a = b := by
  simpa? using! h

/-- `simpa?!` -/
theorem use_simpa_trace_bang_using_bang (a b : Nat) (h : a + 0 = b) : a = b := by
  simpa?! using! h

/-- `simpa?!` -/
theorem use_simpa_trace_bang (a b : Nat) (h : a + 0 = b) : a = b := by
  simpa?! using h

/-- `dsimp?` -/
theorem use_dsimp_trace (a : Nat) : (fun x : Nat => x) a = a := by
  dsimp?

/-- `dsimp?!` -/
theorem use_dsimp_trace_bang : into [1] [2] = [1, 2] := by
  dsimp?!

/-- `norm_cast` -/
theorem use_norm_cast (a b : Nat) (h : (a : Int) + b = 3) : a + b = 3 := by
  norm_cast at h

/-- `push_cast` -/
theorem use_push_cast (a b : Nat) : ((a + b : Nat) : Int) = b + a := by
  push_cast
  exact Int.add_comm a b

/-- `exact_mod_cast` -/
theorem use_exact_mod_cast (a b : Nat) (h : (a : Int) < b) : a < b := by
  exact_mod_cast h

/-- `apply_mod_cast` -/
theorem use_apply_mod_cast (a b : Nat) (h : (a : Int) ≤ b) : a ≤ b := by
  apply_mod_cast h

/-- `assumption_mod_cast` -/
theorem use_assumption_mod_cast (a b : Nat) (h : (a : Int) = b) : a = b := by
  assumption_mod_cast

/-- `rw_mod_cast` -/
theorem use_rw_mod_cast (a b c : Nat) (h : b = c) (k : (a : Int) + (b : Int) = 3) : a + c = 3 := by
  rw_mod_cast [h] at k
  exact k

/-! ## Definitions and goals -/

def double (n : Nat) : Nat := n + n

/-- `unfold` -/
theorem use_unfold (n : Nat) : double n = 2 * n := by
  unfold double
  exact (Nat.two_mul n).symm

/-- `delta` -/
theorem use_delta (n : Nat) : double n = n + n := by
  delta double
  rfl

/-- `show` -/
theorem use_show (n : Nat) : double n = n + n := by
  show n + n = n + n
  rfl

/-- `change` -/
theorem use_change (n : Nat) (h : double n = 4) : n + n = 4 := by
  change n + n = 4 at h
  exact h

/-- `have` -/
theorem use_have (p q : Prop) (h : p ∧ q) : q := by
  have ⟨_, hq⟩ := h
  exact hq

/-- `have'` -/
theorem use_have' (p q : Prop) (h : p → q) (hp : p) : q := by
  have' hq := h _
  · exact hq
  · exact hp

/-- `haveI` -/
theorem use_haveI : Nonempty (Nat × Nat) := by
  haveI : Inhabited Nat := ⟨1⟩
  infer_instance

/-- `let` -/
theorem use_let (n : Nat) : ∃ m, m = n + n := by
  let m := n + n
  exact ⟨m, rfl⟩

/-- `let'` -/
theorem use_let' (n : Nat) : ∃ m, m = n + n := by
  let' m := n + n
  exact ⟨m, rfl⟩

/-- `letI` -/
theorem use_letI : Nonempty Nat := by
  letI : Inhabited Nat := ⟨1⟩
  infer_instance

/-- `let rec` -/
theorem use_let_rec (n : Nat) : 0 ≤ n := by
  let rec down : ∀ m : Nat, 0 ≤ m
    | 0 => Nat.le_refl 0
    | m + 1 => Nat.le_succ_of_le (down m)
  exact down n

/-- `suffices` -/
theorem use_suffices (p q : Prop) (hp : p) (h : p → q) : q := by
  suffices hp' : p from h hp'
  exact hp

/-- `replace` -/
theorem use_replace (p q : Prop) (h : p ∧ q) : p := by
  replace h := h.1
  exact h

/-- `specialize` -/
theorem use_specialize (p : Nat → Prop) (h : ∀ x, p x) : p 3 := by
  specialize h 3
  exact h

/-- `generalize` -/
theorem use_generalize (a b : Nat) : (a + b) * 1 = a + b := by
  generalize h : a + b = c
  exact Nat.mul_one c

/-- `revert` -/
theorem use_revert (p : Nat → Prop) (x : Nat) (h : p x) : p x := by
  revert x
  intro y hy
  exact hy

/-- `clear` -/
theorem use_clear (p q : Prop) (hp : p) (hq : q) : p := by
  clear hq
  exact hp

/-- `clear_value` -/
theorem use_clear_value : ∃ n : Nat, n = n := by
  let m := 3
  clear_value m
  exact ⟨m, rfl⟩

/-- `rename_i` -/
theorem use_rename_i (p q : Prop) : p → q → p := by
  intros
  rename_i hp _
  exact hp

/-- `rename` -/
theorem use_rename (p q : Prop) : p → q → p := by
  intros
  rename p => hp
  exact hp

/-- `expose_names` -/
theorem use_expose_names (p q : Prop) : p → q → p := by
  intros
  expose_names
  exact h

/-- `unhygienic` -/
theorem use_unhygienic (p : Prop) : p → p := by
  unhygienic intro
  exact a

/-- `extract_lets` -/
theorem use_extract_lets (n : Nat) : let m := n + 1; m ≠ 0 := by
  extract_lets m
  exact Nat.succ_ne_zero n

/-- `lift_lets` -/
theorem use_lift_lets (n : Nat) : (let m := n; m + 1) = n + 1 := by
  lift_lets
  intro m
  rfl

/-- `let_to_have` -/
theorem use_let_to_have (n : Nat) : (let m := n; m + 1) = n + 1 := by
  let_to_have
  rfl

/-- `refine_lift` -/
theorem use_refine_lift (p q : Prop) (hp : p) : p ∨ q := by
  refine_lift have := hp; ?_
  exact .inl this

/-- `refine_lift'` -/
theorem use_refine_lift' (p q : Prop) (hp : p) : p ∨ q := by
  refine_lift' have := hp; _
  exact .inl this

/-! ## Structure of proofs -/

/-- `·` -/
theorem use_cdot (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  apply And.intro
  · exact hp
  · exact hq

/-- `(` -/
theorem use_paren (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  constructor <;> (first | exact hp | exact hq)

/-- `<;>` -/
theorem use_seq_focus (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  constructor <;> assumption

/-- `next` -/
theorem use_next (p q : Prop) (h : p ∨ q) : q ∨ p := by
  cases h
  next hp => exact .inr hp
  next hq => exact .inl hq

/-- `case` -/
theorem use_case (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  refine ⟨?a, ?b⟩
  case b => exact hq
  case a => exact hp

/-- `case'` -/
theorem use_case' (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  refine ⟨?a, ?b⟩
  case' b => skip
  all_goals assumption

/-- `all_goals` -/
theorem use_all_goals (p : Prop) (hp : p) : p ∧ p := by
  constructor
  all_goals exact hp

/-- `any_goals` -/
theorem use_any_goals (p q : Prop) (hp : p) (h : p → q) : p ∧ q := by
  constructor
  any_goals exact hp
  exact h hp

/-- `focus` -/
theorem use_focus (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  constructor
  focus
    exact hp
  exact hq

/-- `rotate_left` -/
theorem use_rotate_left (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  constructor
  rotate_left
  · exact hq
  · exact hp

/-- `rotate_right` -/
theorem use_rotate_right (p q : Prop) (hp : p) (hq : q) : p ∧ q := by
  constructor
  rotate_right
  · exact hq
  · exact hp

/-- `first` -/
theorem use_first : 2 + 2 = 4 := by
  first | contradiction | rfl

/-- `try` -/
theorem use_try (a : Nat) : a = a := by
  try contradiction
  rfl

/-- `repeat` -/
theorem use_repeat (p : Prop) (h : p) : p ∧ p ∧ p := by
  repeat (first | exact h | constructor)

/-- `repeat'` -/
theorem use_repeat' (p : Prop) (h : p) : (p ∧ p) ∧ p ∧ p := by
  repeat' constructor
  all_goals exact h

/-- `repeat1'` -/
theorem use_repeat1' (p : Prop) (h : p) : (p ∧ p) ∧ p ∧ p := by
  repeat1' constructor
  all_goals exact h

/-- `iterate` -/
theorem use_iterate (p : Prop) (h : p) : p ∧ p ∧ p := by
  iterate 2 refine ⟨h, ?_⟩
  exact h

/-- `skip` -/
theorem use_skip (p : Prop) (h : p) : p := by
  skip
  exact h

/-- `done` -/
theorem use_done (p : Prop) (h : p) : p := by
  exact h
  done

/-- `fail` -/
theorem use_fail (p : Prop) (h : p) : p := by
  first | fail "never mind" | exact h

/-- `fail_if_success` -/
theorem use_fail_if_success (p : Prop) (h : p) : p := by
  fail_if_success contradiction
  exact h

/-- `guard_expr` -/
theorem use_guard_expr (p : Prop) (h : p) : p := by
  guard_expr (2 + 2 : Nat) =~ 4
  exact h

/-- `guard_hyp` -/
theorem use_guard_hyp (p : Prop) (h : p) : p := by
  guard_hyp h : p
  exact h

/-- `guard_target` -/
theorem use_guard_target (p : Prop) (h : p) : p := by
  guard_target = p
  exact h

/-- `trace` -/
theorem use_trace (p : Prop) (h : p) : p := by
  trace "here"
  exact h

/-- `trace_state` -/
theorem use_trace_state (p : Prop) (h : p) : p := by
  trace_state
  exact h

/-- `with_reducible` -/
theorem use_with_reducible (p : Prop) (h : p) : p := by
  with_reducible exact h

/-- `with_reducible_and_instances` -/
theorem use_with_reducible_and_instances (p : Prop) (h : p) : p := by
  with_reducible_and_instances exact h

/-- `with_unfolding_all` -/
theorem use_with_unfolding_all (n : Nat) : double n = n + n := by
  with_unfolding_all rfl

/-- `with_unfolding_none` -/
theorem use_with_unfolding_none (p : Prop) (h : p) : p := by
  with_unfolding_none exact h

/-- `with_implicit` -/
theorem use_with_implicit (p : Prop) (h : p) : p := by
  with_implicit exact h

/-- `open` -/
theorem use_open (a : Nat) : a < a + 1 := by
  open Nat in exact lt_succ_self a

/-- `set_option` -/
theorem use_set_option (p : Prop) (h : p) : p := by
  set_option pp.all true in exact h

/-! ## Termination and array bounds, which Lean calls by itself -/

/-- `decreasing_tactic` -/
theorem use_decreasing_tactic (a b : Nat) (h : 0 < b) : sizeOf (a % b) < sizeOf b := by
  first | decreasing_tactic | exact Nat.mod_lt _ h

/-- `decreasing_trivial` -/
theorem use_decreasing_trivial (n : Nat) (h : 0 < n) : n - 1 < n := by
  decreasing_trivial

/-- `decreasing_trivial_pre_omega` -/
theorem use_decreasing_trivial_pre_omega (n i : Nat) (h : i < n) : n - (i + 1) < n - i := by
  decreasing_trivial_pre_omega

/-- `decreasing_with` -/
theorem use_decreasing_with (n : Nat) : n < n + 1 := by
  decreasing_with simp

/-- `simp_wf` -/
theorem use_simp_wf (n : Nat) : n < n + 1 := by
  simp_wf

/-- `clean_wf` -/
theorem use_clean_wf (n : Nat) : n < n + 1 := by
  clean_wf
  exact Nat.lt_succ_self n

/-- `sizeOf_list_dec` -/
theorem use_sizeOf_list_dec (x : Nat) (xs : List Nat) (h : x ∈ xs) : sizeOf x < sizeOf xs := by
  open List in sizeOf_list_dec

/-- `get_elem_tactic` -/
theorem use_get_elem_tactic (xs : List Nat) (i : Nat) (h : i < xs.length) : i < xs.length := by
  get_elem_tactic

/-- `xs[` -/
theorem use_get_elem_bound (xs : List Nat) (h : 2 < xs.length) : xs[1] = xs[1] := by
  have : xs[0 + 1] = xs[1] := rfl
  exact this
