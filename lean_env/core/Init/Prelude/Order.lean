prelude
import Init.Prelude.Classes
/-!
# The order on `Nat`, division and remainder

Just enough about `≤` to decide it and to see that division by repeated subtraction ends. Division
and remainder recurse structurally on a budget of steps, exactly as Lean's own do.
-/
set_option autoImplicit true

theorem Nat.not_succ_le_zero (n : Nat) (h : LE.le (succ n) 0) : False :=
  Nat.le.casesOn (motive := fun m _ => Eq m 0 → False) h
    (fun e => Nat.noConfusion e) (fun _ e => Nat.noConfusion e) rfl

theorem Nat.not_lt_zero (n : Nat) : Not (LT.lt n 0) := not_succ_le_zero n

theorem Nat.zero_le : (n : Nat) → LE.le 0 n
  | zero => .refl
  | succ n => .step (zero_le n)

theorem Nat.succ_le_succ (h : LE.le n m) : LE.le (succ n) (succ m) :=
  Nat.le.rec (motive := fun k _ => LE.le (succ n) (succ k)) .refl (fun _ ih => .step ih) h

theorem Nat.zero_lt_succ (n : Nat) : LT.lt 0 (succ n) := succ_le_succ (zero_le n)
theorem Nat.le_succ_of_le (h : LE.le n m) : LE.le n (succ m) := .step h

protected theorem Nat.le_trans {n m k : Nat} (h₁ : LE.le n m) (h₂ : LE.le m k) : LE.le n k :=
  Nat.le.rec (motive := fun j _ => LE.le n j) h₁ (fun _ ih => .step ih) h₂

protected theorem Nat.lt_of_lt_of_le {n m k : Nat} : LT.lt n m → LE.le m k → LT.lt n k :=
  Nat.le_trans

protected theorem Nat.lt_trans {n m k : Nat} (h₁ : LT.lt n m) (h₂ : LT.lt m k) : LT.lt n k :=
  Nat.le_trans (.step h₁) h₂

theorem Nat.le_succ (n : Nat) : LE.le n (succ n) := .step .refl
protected theorem Nat.le_refl (n : Nat) : LE.le n n := .refl
theorem Nat.succ_pos (n : Nat) : LT.lt 0 (succ n) := zero_lt_succ n

private theorem Nat.pred_le_self : (n : Nat) → LE.le (pred n) n
  | zero => .refl
  | succ n => le_succ n

theorem Nat.pred_le (n : Nat) : LE.le (Nat.pred n) n := pred_le_self n

theorem Nat.pred_le_pred {n m : Nat} (h : LE.le n m) : LE.le (pred n) (pred m) :=
  Nat.le.rec (motive := fun k _ => LE.le (pred n) (pred k)) .refl
    (fun {k} _ ih => Nat.le_trans ih (pred_le_self k)) h

theorem Nat.le_of_succ_le_succ {n m : Nat} (h : LE.le (succ n) (succ m)) : LE.le n m :=
  pred_le_pred h

theorem Nat.le_of_lt_succ {m n : Nat} : LT.lt m (succ n) → LE.le m n := le_of_succ_le_succ

protected theorem Nat.eq_or_lt_of_le {n m : Nat} (h : LE.le n m) : Or (Eq n m) (LT.lt n m) :=
  Nat.le.casesOn (motive := fun k _ => Or (Eq n k) (LT.lt n k)) h
    (.inl rfl) (fun h => .inr (succ_le_succ h))

protected theorem Nat.lt_or_ge (n : Nat) : (m : Nat) → Or (LT.lt n m) (GE.ge n m)
  | zero => .inr (zero_le n)
  | succ m => (Nat.lt_or_ge n m).elim (fun h => .inl (.step h))
      (fun h => (Nat.eq_or_lt_of_le h).elim
        (fun e => .inl (Eq.subst (motive := fun k => LT.lt n (succ k)) e.symm .refl)) .inr)

theorem Nat.not_succ_le_self : (n : Nat) → Not (LE.le (succ n) n)
  | zero => not_succ_le_zero _
  | succ n => fun h => not_succ_le_self n (le_of_succ_le_succ h)

protected theorem Nat.lt_irrefl (n : Nat) : Not (LT.lt n n) := not_succ_le_self n

protected theorem Nat.lt_of_le_of_lt {n m k : Nat} (h₁ : LE.le n m) (h₂ : LT.lt m k) :
    LT.lt n k := Nat.le_trans (succ_le_succ h₁) h₂

protected theorem Nat.le_antisymm {n m : Nat} (h₁ : LE.le n m) (h₂ : LE.le m n) : Eq n m :=
  (Nat.eq_or_lt_of_le h₁).elim id fun h => (Nat.lt_irrefl n (Nat.lt_of_lt_of_le h h₂)).elim

protected theorem Nat.lt_of_le_of_ne {n m : Nat} (h₁ : LE.le n m) (h₂ : Not (Eq n m)) :
    LT.lt n m := (Nat.eq_or_lt_of_le h₁).resolve_left h₂

theorem Nat.le_of_ble_eq_true : {n m : Nat} → Eq (Nat.ble n m) true → LE.le n m
  | zero, _, _ => zero_le _
  | succ _, zero, h => Bool.noConfusion h
  | succ n, succ m, h => succ_le_succ (le_of_ble_eq_true (n := n) (m := m) h)

theorem Nat.ble_self_eq_true : (n : Nat) → Eq (Nat.ble n n) true
  | zero => rfl
  | succ n => ble_self_eq_true n

theorem Nat.ble_succ_eq_true : {n m : Nat} → Eq (Nat.ble n m) true → Eq (Nat.ble n (succ m)) true
  | zero, _, _ => rfl
  | succ _, zero, h => Bool.noConfusion h
  | succ n, succ m, h => ble_succ_eq_true (n := n) (m := m) h

theorem Nat.ble_eq_true_of_le (h : LE.le n m) : Eq (Nat.ble n m) true :=
  Nat.le.rec (motive := fun k _ => Eq (Nat.ble n k) true) (ble_self_eq_true n)
    (fun _ ih => ble_succ_eq_true ih) h

theorem Nat.not_le_of_not_ble_eq_true (h : Not (Eq (Nat.ble n m) true)) : Not (LE.le n m) :=
  fun h' => h (ble_eq_true_of_le h')

theorem Nat.lt_succ_of_le {n m : Nat} : LE.le n m → LT.lt n (succ m) := succ_le_succ
protected theorem Nat.lt_add_one (n : Nat) : LT.lt n (HAdd.hAdd n 1) := .refl
theorem Nat.lt_succ_self (n : Nat) : LT.lt n (succ n) := .refl

protected theorem Nat.lt_of_not_le {a b : Nat} (h : Not (LE.le a b)) : LT.lt b a :=
  (Nat.lt_or_ge b a).resolve_right h

protected theorem Nat.add_pos_right : {b : Nat} → (a : Nat) → LT.lt 0 b → LT.lt 0 (HAdd.hAdd a b)
  | zero, _, h => (not_succ_le_zero _ h).elim
  | succ _, _, _ => zero_lt_succ _

protected theorem Nat.mul_pos : {n m : Nat} → LT.lt 0 n → LT.lt 0 m → LT.lt 0 (HMul.hMul n m)
  | _, zero, _, h => (not_succ_le_zero _ h).elim
  | _, succ _, h, _ => Nat.add_pos_right _ h

protected theorem Nat.pow_pos {a : Nat} : {n : Nat} → LT.lt 0 a → LT.lt 0 (HPow.hPow a n)
  | zero, _ => zero_lt_succ _
  | succ _, h => Nat.mul_pos (Nat.pow_pos h) h

@[extern "lean_nat_dec_le"]
instance Nat.decLe (n m : @& Nat) : Decidable (LE.le n m) where
  decide := ble n m
  reflects_decide :=
    match h : ble n m with
    | true => le_of_ble_eq_true h
    | false => not_le_of_not_ble_eq_true (Bool.ne_true_of_eq_false h)

@[extern "lean_nat_dec_lt"]
instance Nat.decLt (n m : @& Nat) : Decidable (LT.lt n m) := decLe (succ n) m

instance : Min Nat := minOfLe

/-! ## Subtraction, division, remainder -/
protected theorem Nat.ctorIdx_zero : Eq (Nat.ctorIdx 0) 0 := rfl
protected theorem Nat.ctorIdx_succ : Eq (Nat.ctorIdx (succ n)) 1 := rfl

theorem Nat.succ_sub_succ_eq_sub (n : Nat) :
    (m : Nat) → Eq (HSub.hSub (succ n) (succ m)) (HSub.hSub n m)
  | zero => rfl
  | succ m => congrArg pred (succ_sub_succ_eq_sub n m)

theorem Nat.sub_le (n : Nat) : (m : Nat) → LE.le (HSub.hSub n m) n
  | zero => .refl
  | succ m => Nat.le_trans (pred_le_self _) (sub_le n m)

theorem Nat.sub_lt : {n m : Nat} → LT.lt 0 n → LT.lt 0 m → LT.lt (HSub.hSub n m) n
  | zero, _, h, _ => (Nat.lt_irrefl 0 h).elim
  | succ _, zero, _, h => (Nat.lt_irrefl 0 h).elim
  | succ n, succ m, _, _ => Eq.subst (motive := fun k => LT.lt k (succ n))
      (succ_sub_succ_eq_sub n m).symm (succ_le_succ (sub_le n m))

theorem Nat.div_rec_lemma {x y : Nat} (h : And (LT.lt 0 y) (LE.le y x)) :
    LT.lt (HSub.hSub x y) x := sub_lt (Nat.lt_of_lt_of_le h.1 h.2) h.1

theorem Nat.div_rec_fuel_lemma {x y fuel : Nat} (hy : LT.lt 0 y) (hle : LE.le y x)
    (hfuel : LT.lt x (HAdd.hAdd fuel 1)) : LT.lt (HSub.hSub x y) fuel :=
  Nat.lt_of_lt_of_le (div_rec_lemma ⟨hy, hle⟩) (le_of_lt_succ hfuel)

set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_div", irreducible]
protected def Nat.div (x y : @& Nat) : Nat :=
  dite (LT.lt 0 y) (fun hy =>
    let rec
      go (fuel : Nat) (x : Nat) (hfuel : LT.lt x fuel) : Nat :=
      match fuel with
      | succ fuel =>
        dite (LE.le y x)
          (fun h => HAdd.hAdd (go fuel (HSub.hSub x y) (div_rec_fuel_lemma hy h hfuel)) 1)
          (fun _ => 0)
      termination_by structural fuel
    go (succ x) x (Nat.lt_succ_self _))
    (fun _ => 0)

instance Nat.instDiv : Div Nat := ⟨Nat.div⟩

set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_mod"]
protected noncomputable def Nat.modCore (x y : Nat) : Nat :=
  dite (LT.lt 0 y)
    (fun hy =>
      let rec
        go (fuel : Nat) (x : Nat) (hfuel : LT.lt x fuel) : Nat :=
        match fuel with
        | succ fuel =>
          dite (LE.le y x)
            (fun h => go fuel (HSub.hSub x y) (div_rec_fuel_lemma hy h hfuel))
            (fun _ => x)
        termination_by structural fuel
      go (succ x) x (Nat.lt_succ_self _))
    (fun _ => x)

theorem Nat.modCoreGo_lt {y : Nat} (hy : LT.lt 0 y) : {fuel : Nat} → (x : Nat) →
    (hfuel : LT.lt x fuel) → LT.lt (Nat.modCore.go y hy fuel x hfuel) y
  | zero, _, h => (not_lt_zero _ h).elim
  | succ _, x, _ =>
    show LT.lt (dite _ _ _) _ from
      match Nat.decLe y x with
      | .isTrue _ => modCoreGo_lt hy _ _
      | .isFalse h => Nat.lt_of_not_le h

theorem Nat.modCore_lt {x y : Nat} (hy : LT.lt 0 y) : LT.lt (Nat.modCore x y) y :=
  show LT.lt (dite _ _ _) y from
    match Nat.decLt 0 y with
    | .isTrue _ => modCoreGo_lt hy x _
    | .isFalse h => (h hy).elim

attribute [irreducible] Nat.modCore

set_option bootstrap.genMatcherCode false in
@[extern "lean_nat_mod"]
protected def Nat.mod : @& Nat → @& Nat → Nat
  | 0, _ => 0
  | n@(succ _), m => ite (LE.le m n) (Nat.modCore n m) n

instance Nat.instMod : Mod Nat := ⟨Nat.mod⟩

theorem Nat.mod_lt : (x : Nat) → {y : Nat} → (hy : LT.lt 0 y) → LT.lt (HMod.hMod x y) y
  | 0, _, h => h
  | succ n, m, hm =>
    show LT.lt (ite (LE.le m (succ n)) (Nat.modCore (succ n) m) (succ n)) _ from
      match Nat.decLe m (succ n) with
      | .isTrue _ => modCore_lt hm
      | .isFalse h => Nat.lt_of_not_le h
