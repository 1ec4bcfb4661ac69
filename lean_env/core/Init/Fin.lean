prelude
import Init.Nat.Bounded
/-!
# `Fin`: arithmetic modulo `n`
-/
set_option autoImplicit true
universe u

/-! ## Numbers that are not zero -/
class NeZero {R : Type u} [Zero R] (n : R) : Prop where
  out : n ≠ 0

theorem NeZero.ne {R : Type u} [Zero R] (n : R) [h : NeZero n] : n ≠ 0 := h.out
theorem NeZero.ne' {R : Type u} [Zero R] (n : R) [h : NeZero n] : 0 ≠ n := h.out.symm
theorem neZero_iff {R : Type u} [Zero R] {n : R} : NeZero n ↔ n ≠ 0 := ⟨fun h => h.out, NeZero.mk⟩
instance Nat.instNeZeroSucc {n : Nat} : NeZero (n + 1) := ⟨Nat.succ_ne_zero n⟩
theorem Nat.pos_of_neZero (n : Nat) [NeZero n] : 0 < n := Nat.pos_of_ne_zero (NeZero.ne n)

namespace Fin

@[ext] protected theorem ext {a b : Fin n} (h : (a : Nat) = b) : a = b := Fin.eq_of_val_eq h
theorem val_inj {a b : Fin n} : a.1 = b.1 ↔ a = b := ⟨Fin.eq_of_val_eq, Fin.val_eq_of_eq⟩
theorem val_ne_of_ne {i j : Fin n} (h : i ≠ j) : i.val ≠ j.val := fun e => h (Fin.eq_of_val_eq e)
@[simp] theorem eta (a : Fin n) (h : a < n) : (⟨a, h⟩ : Fin n) = a := rfl
@[simp] theorem is_lt (a : Fin n) : (a : Nat) < n := a.2
theorem pos (i : Fin n) : 0 < n := Nat.lt_of_le_of_lt (Nat.zero_le _) i.2

def elim0.{v} {α : Sort v} : Fin 0 → α
  | ⟨_, h⟩ => absurd h (Nat.not_lt_zero _)
def succ : Fin n → Fin (n + 1)
  | ⟨i, h⟩ => ⟨i + 1, Nat.succ_lt_succ h⟩
protected def ofNat (n : Nat) [NeZero n] (a : Nat) : Fin n :=
  ⟨a % n, Nat.mod_lt _ (Nat.pos_of_neZero n)⟩
protected def toNat (i : Fin n) : Nat := i.val

private theorem mlt {b : Nat} : {a : Nat} → a < n → b % n < n
  | 0, h => Nat.mod_lt _ h
  | _ + 1, h => Nat.mod_lt _ (Nat.lt_trans (Nat.zero_lt_succ _) h)

protected def add : Fin n → Fin n → Fin n
  | ⟨a, h⟩, ⟨b, _⟩ => ⟨(a + b) % n, mlt h⟩
protected def mul : Fin n → Fin n → Fin n
  | ⟨a, h⟩, ⟨b, _⟩ => ⟨(a * b) % n, mlt h⟩
protected def sub : Fin n → Fin n → Fin n
  | ⟨a, h⟩, ⟨b, _⟩ => ⟨((n - b) + a) % n, mlt h⟩
instance : Add (Fin n) := ⟨Fin.add⟩
instance : Sub (Fin n) := ⟨Fin.sub⟩
instance : Mul (Fin n) := ⟨Fin.mul⟩
instance instNeg (n : Nat) : Neg (Fin n) := ⟨fun a => ⟨(n - a) % n, Nat.mod_lt _ a.pos⟩⟩

instance instOfNat {n : Nat} [NeZero n] {i : Nat} : OfNat (Fin n) i := ⟨Fin.ofNat n i⟩
instance instInhabited {n : Nat} [NeZero n] : Inhabited (Fin n) := ⟨0⟩

def castLT (i : Fin m) (h : i.1 < n) : Fin n := ⟨i.1, h⟩
def castLE (h : n ≤ m) (i : Fin n) : Fin m := ⟨i, Nat.lt_of_lt_of_le i.2 h⟩
def castSucc (i : Fin n) : Fin (n + 1) := ⟨i, Nat.lt_succ_of_lt i.2⟩
def last (n : Nat) : Fin (n + 1) := ⟨n, n.lt_succ_self⟩

@[simp] theorem val_zero (n : Nat) [NeZero n] : ((0 : Fin n) : Nat) = 0 := rfl
@[simp] theorem val_last (n : Nat) : (last n).val = n := rfl
@[simp] theorem val_succ (j : Fin n) : (j.succ : Nat) = j + 1 := rfl
@[simp] theorem val_castSucc (i : Fin n) : (castSucc i : Nat) = i := rfl
theorem val_add (a b : Fin n) : (a + b).val = (a.val + b.val) % n := rfl
theorem val_mul (a b : Fin n) : (a * b).val = (a.val * b.val) % n := rfl
theorem lt_def {a b : Fin n} : a < b ↔ a.1 < b.1 := .rfl
theorem le_def {a b : Fin n} : a ≤ b ↔ a.1 ≤ b.1 := .rfl
protected theorem le_refl (a : Fin n) : a ≤ a := Nat.le_refl a.1
protected theorem lt_irrefl (a : Fin n) : ¬a < a := Nat.lt_irrefl a.1
protected theorem le_trans {a b c : Fin n} : a ≤ b → b ≤ c → a ≤ c := Nat.le_trans
protected theorem lt_trans {a b c : Fin n} : a < b → b < c → a < c := Nat.lt_trans
protected theorem le_antisymm {a b : Fin n} (h₁ : a ≤ b) (h₂ : b ≤ a) : a = b := Fin.ext (Nat.le_antisymm h₁ h₂)
protected theorem le_total (a b : Fin n) : a ≤ b ∨ b ≤ a := Nat.le_total a b
@[simp] protected theorem not_le {a b : Fin n} : ¬a ≤ b ↔ b < a := Nat.not_le
@[simp] protected theorem not_lt {a b : Fin n} : ¬a < b ↔ b ≤ a := Nat.not_lt
protected theorem «forall» {p : Fin n → Prop} : (∀ i, p i) ↔ ∀ i h, p ⟨i, h⟩ := ⟨fun h i hi => h ⟨i, hi⟩, fun h ⟨i, hi⟩ => h i hi⟩
protected theorem «exists» {p : Fin n → Prop} : (∃ i, p i) ↔ ∃ i h, p ⟨i, h⟩ :=
  ⟨fun ⟨⟨i, hi⟩, h⟩ => ⟨i, hi, h⟩, fun ⟨i, hi, h⟩ => ⟨⟨i, hi⟩, h⟩⟩
theorem forall_fin_succ {P : Fin (n + 1) → Prop} : (∀ i, P i) ↔ P 0 ∧ ∀ i : Fin n, P i.succ :=
  ⟨fun h => ⟨h 0, fun i => h i.succ⟩, fun h ⟨i, hi⟩ => match i, hi with
    | 0, _ => h.1
    | i + 1, hi => h.2 ⟨i, Nat.lt_of_succ_lt_succ hi⟩⟩

end Fin
