prelude
import Init.WF
/-!
# Recursion on a natural-number measure

The elaborator builds definitions whose measure is a natural number from this fixpoint. It counts down
a budget of `h x + 1` steps and so, unlike `WellFounded.fix`, computes on closed terms; `Nat.eager`
keeps it from unfolding on open ones.
-/
universe u v

namespace WellFounded
variable {α : Sort u} {motive : α → Sort v} (h : α → Nat)
variable (F : (x : α) → ((y : α) → InvImage (· < ·) h y x → motive y) → motive x)

theorem Nat.eager_eq (n : Nat) : Nat.eager n = n := ite_self n

noncomputable def Nat.fix.go : ∀ (fuel : Nat) (x : α), h x < fuel → motive x :=
  _root_.Nat.rec (fun _ hfuel => (Nat.not_lt_zero _ hfuel).elim)
    (fun _ ih x hfuel => F x fun y hy => ih y (Nat.lt_of_lt_of_le hy (Nat.le_of_lt_succ hfuel)))

noncomputable def Nat.fix (x : α) : motive x :=
  Nat.fix.go h F (Nat.eager (h x + 1)) x (Nat.eager_eq _ ▸ Nat.lt_add_one _)

theorem Nat.fix.go_congr (x : α) (fuel₁ fuel₂ : Nat) (h₁ : h x < fuel₁) (h₂ : h x < fuel₂) :
    Nat.fix.go h F fuel₁ x h₁ = Nat.fix.go h F fuel₂ x h₂ := by
  induction fuel₁ generalizing fuel₂ x with
  | zero => exact (Nat.not_lt_zero _ h₁).elim
  | succ fuel₁ ih =>
    cases fuel₂ with
    | zero => exact (Nat.not_lt_zero _ h₂).elim
    | succ fuel₂ => exact congrArg (F x) (funext fun y => funext fun hy => ih y fuel₂ _ _)

theorem Nat.fix_eq (x : α) : Nat.fix h F x = F x fun y _ => Nat.fix h F y := by
  have unfold (fuel : Nat) (hf : h x < fuel) (hs : h x < h x + 1) :
      Nat.fix.go h F fuel x hf = Nat.fix.go h F (h x + 1) x hs := Nat.fix.go_congr h F ..
  refine (unfold _ _ (Nat.lt_add_one _)).trans ?_
  exact congrArg (F x) (funext fun y => funext fun _ => Nat.fix.go_congr h F ..)

end WellFounded
