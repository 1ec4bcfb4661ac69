"""Lean's words that matter to readers who do not run Lean: commands, and what hides or cheats.

The lists are of all Lean versions that we know, core and Mathlib; a word too many costs nothing.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMANDS = _words(
    """
    abbrev add_decl_doc attribute axiom binder_predicate builtin_dsimproc builtin_initialize
    builtin_simproc class declare_syntax_cat def deriving dsimproc dsimproc_decl elab
    elab_rules end example export import inductive infix infixl infixr init_quot initialize instance
    local macro macro_rules mutual namespace noncomputable nonrec notation notation3 opaque partial
    postfix prefix private protected register_builtin_option register_option section simproc
    simproc_decl structure syntax theorem unif_hint universe unsafe variable
    """
)
"""Keywords of Lean: no identifier can be called so, and no tactic contains them."""

SOFT_COMMANDS = _words(
    """
    add_aesop_rules alias assert_not_exists assert_not_imported coinductive compile_def compile_inductive
    constant declare_aesop_rule_sets deprecated gen_injective_theorems grind_pattern include
    initialize_simps_projections irreducible_def lemma library_note meta module omit proof_wanted
    public recall register_label_attr register_simp_attr seal suppress_compilation universes
    unseal variables
    """
)
"""Commands whose words may be a variable's name in some version of Lean: refused at a line's start."""

RESERVED = (
    COMMANDS
    | SOFT_COMMANDS
    | _words(
        """
        Prop Sort StateRefT Type abbrev add_decl_doc assert_not_exists assert_not_imported at
        attribute axiom bif binder_predicate break builtin_initialize by calc catch cbv_eval class
        coinductive coinductive_fixpoint continue dbg_trace declare_syntax_cat decreasing_by def
        deprecated_module deprecated_syntax deriving do docs_to_verso elab elab_rules else end
        example exists export extends finally for forall from fun generalizing grind_pattern have
        haveI hiding idbg if import in include inductive inductive_fixpoint inferInstanceAs infix
        infixl infixr init_grind_norm init_quot initialize instance leading_parser let letI
        let_delayed let_expr let_fun let_tmp local logNamedError logNamedErrorAt logNamedWarning
        logNamedWarningAt macro macro_rules match match_expr matches max_prec meta mod_cast
        monotonicity_by mut mutual namespace nat_lit no_index nofun nomatch noncomputable nonrec
        notation omit opaque open partial partial_fixpoint postfix prefix private protected public
        recall recommended_spelling register_tactic_tag renaming repeat return scoped section
        set_option show show_term_elab sorry structure suffices syntax tactic_alt tactic_extension
        tactic_name tactic_tag termination_by then theorem throwNamedError throwNamedErrorAt
        trailing_parser try universe unless unlock_limits unsafe until using variable where while
        with with_weak_namespace without_expected_type
        """
    )
)
"""What no theorem can be called in some version of Lean: 4.35 refuses these words as names."""

HASH_COMMANDS = _words(
    """
    check check_failure check_simp check_tactic conv discr_tree_key eval exit find find_home guard
    guard_expr guard_msgs guard_panic help import_path instances leansearch lint loogle min_imports
    norm_num print push_discr_tree_key redundant_imports reduce ring_nf sample search simp
    simp_discr_tree_key string_diagram synth test trans_imports unfold version where whnf whnfR
    with_exporting widget
    """
)

MODIFIERS = _words("private protected noncomputable unsafe partial nonrec local scoped public meta")
"""What may stand between attributes and a command's own keyword."""

CLAUSES = _words("where termination_by termination_by? decreasing_by")
"""What may follow a declaration's body, and would be outside of the block of tactics."""

CODE_RUNNERS = _words("run_cmd run_elab run_meta run_tac by_elab eval_term evalExpr")
FILE_READERS = _words("include_str include_bytes bv_check polyrith")
COMPILED = _words(
    """
    native_decide nativeDecide bv_decide bv_decide? ofReduceBool ofReduceNat reduceBool reduceNat
    trustCompiler
    """
)
HIDDEN_SORRIES = _words("sorryAx lcProof lcUnreachable lcAny unsafeCast admitGoal")
SEARCHES = _words("exact? apply? rw? rw?? rewrite? have? observe? observe?? try? library_search rw_search")
