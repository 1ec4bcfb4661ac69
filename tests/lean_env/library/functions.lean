/-! Functions: composition, extensionality, injectivity, inverses. -/

variable {α β γ δ : Type}

theorem composition_associates (f : γ → δ) (g : β → γ) (h : α → β) : (f ∘ g) ∘ h = f ∘ g ∘ h := rfl

theorem composition_with_id (f : α → β) : f ∘ id = f ∧ id ∘ f = f := ⟨rfl, rfl⟩

theorem extensional (f g : α → β) (h : ∀ x, f x = g x) : f = g := funext h

theorem equal_functions (f g : α → β) (h : f = g) (x : α) : f x = g x := congrFun h x

theorem equal_arguments (f : α → β) (x y : α) (h : x = y) : f x = f y := congrArg f h

def Injective (f : α → β) : Prop := ∀ ⦃x y⦄, f x = f y → x = y
def Surjective (f : α → β) : Prop := ∀ y, ∃ x, f x = y

theorem injective_composes {f : α → β} {g : β → γ} (hf : Injective f) (hg : Injective g) :
    Injective (g ∘ f) :=
  fun _ _ h => hf (hg h)

theorem surjective_composes {f : α → β} {g : β → γ} (hf : Surjective f) (hg : Surjective g) :
    Surjective (g ∘ f) := by
  intro z
  obtain ⟨y, rfl⟩ := hg z
  obtain ⟨x, rfl⟩ := hf y
  exact ⟨x, rfl⟩

theorem left_inverse_is_injective {f : α → β} {g : β → α} (h : ∀ x, g (f x) = x) : Injective f := by
  intro x y hxy
  have := congrArg g hxy
  rwa [h, h] at this

theorem surjective_has_right_inverse {f : α → β} (h : Surjective f) : ∃ g : β → α, ∀ y, f (g y) = y :=
  ⟨fun y => Classical.choose (h y), fun y => Classical.choose_spec (h y)⟩

theorem cantor (f : α → α → Prop) : ¬Surjective f := by
  intro h
  obtain ⟨x, hx⟩ := h fun y => ¬f y y
  have : f x x ↔ ¬f x x := by
    constructor
    · intro k
      rw [hx] at k
      exact k
    · intro k
      rw [hx]
      exact k
  simp at this

theorem involution_is_injective (f : α → α) (h : ∀ x, f (f x) = x) : Injective f :=
  left_inverse_is_injective h

theorem currying (f : α × β → γ) : (fun p : α × β => f (p.1, p.2)) = f := by
  funext p
  rfl

theorem beta (n : Nat) : (fun x => x + 1) n = n + 1 := rfl

theorem eta (f : α → β) : (fun x => f x) = f := rfl

theorem constant_function (a : α) (b : β) : Function.const β a b = a := rfl
