prelude
import Init.Core
import Init.GetElem
import Init.Syntax.Unexpanders
import Init.Classical
import Init.Std
import Init.Nat.Basic
/-!
# The embedded library

What a file without a header imports.
-/
