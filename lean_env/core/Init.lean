prelude
import Init.Meta
import Init.Repr
import Init.Syntax.Parts
import Init.Syntax.Unexpanders
import Init.Classical
import Init.Bool
import Init.Quotient
import Init.Option
import Init.WF
import Init.AC
import Init.Nat.Bounded
import Init.Nat.Simproc
import Init.Nat.Gcd
import Init.Nat.Bitwise
import Init.Fin
import Init.List.Filter
import Init.List.TakeDrop
import Init.List.Search
import Init.List.Relations
import Init.List.Attach
import Init.Int.Extra
import Init.Omega.Fin
/-!
# The embedded library

What a file without a header imports.
-/
