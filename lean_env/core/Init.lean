prelude
import Init.Core
import Init.Meta
import Init.GetElem
import Init.Syntax.Unexpanders
import Init.Classical
import Init.Std
import Init.Nat.Order
import Init.List.Basic
import Init.Option
import Init.WF
/-!
# The embedded library

What a file without a header imports.
-/
