"""What is bound of Lean's library and what is left out, told by names."""

from __future__ import annotations

import re

#: Categories that Lean's library declares; the others are built in.
DECLARED_CATEGORIES = {"rcasesPat": "", "rintroPat": "", "binderPred": "", "conv": " (behavior := both)"}
#: Categories whose members are bound, told by the first word of a parser's own name.
NAMED_CATEGORIES = ("tactic", "term", "conv", "stx", "prec", "prio", "rcasesPat", "rintroPat")

#: Parsers that are left out: programs rather than proofs, or engines whose lemmas are not here.
EXCLUDED = re.compile(
    # namespaces
    r"^(?:Std|Lake|IO|Array|Vector|Rat|BitVec|String)\."
    r"|^Lean\.(?:Elab\.(?!Tactic\.Ext)|Meta|Server|Data|Json|Compiler|Order|Doc)\b"
    # tactics that run programs, trust compiled code, wait, or search a library that is not here
    r"|nativeDecide|runTac|runConv|dbgTrace|sleep|attemptAll|firstPar|try(?:Trace|Result)|suggestions"
    r"|exact\?|apply\?|rewrites\?|by\?|withAnnotateState|declareSimpLikeTactic|[sS]howTerm"
    # engines whose lemma libraries are not here
    r"|[gG]rind|Tactic\.(?:bv\w+|sym|lia|cutsat|grobner|cbv|decide_cbv|mvcgen\w*|vcgen\w*)$|Conv\.cbv$"
    r"|Tactic\.m(?:assumption|cases|clear|constructor|dup|exact|exfalso|exists|frame|have|intro|leave"
    r"|left|pure|refine|rename|replace|revert|right|spec|start|stop)|[mM]vcgen|tacticBv_omega"
    # attributes and terms for metaprograms
    r"|simproc|sevalproc|cbv_|method_specs|Attr\.spec$|Eval_pr|Register_parser|ThrowError"
    r"|termPrintln|^term[SFM]!|^Lean\.termM|macro\.trace|∎|normCastAddElim"
    # shows a goal to be false, and leaves a sorry
    r"|Tactic\.impossible$"
)
#: Modules of Lean's library whose macros and unexpanders are bound.
MODULES = """
    Prelude Core Notation NotationExtra Tactics TacticsExtra Conv BinderPredicates ByCases RCases
    SimpLemmas Ext Meta Coe WFTactics GetElem Data_List_Notation Data_List_Basic Data_Bool
    Control_Basic SizeOf PropLemmas Classical LawfulBEqTactics Data_Int_Basic MetaTypes
    Data_List_BasicAux
"""
#: Parsers whose names do not tell their category.
CATEGORIES = {
    "Lean.calc": "term",
    "Lean.calcTactic": "tactic",
    "Lean.cdot": "tactic",
    "Lean.modCast": "term",
    "Lean.Parser.Tactic.guardExprConv": "conv",
    "Lean.Parser.Tactic.guardHypConv": "conv",
    "Lean.Parser.Tactic.guardTargetConv": "conv",
    "Lean.Parser.Syntax.addPrec": "prec",
    "Lean.Parser.Syntax.subPrec": "prec",
    "Lean.Parser.Syntax.addPrio": "prio",
    "Lean.Parser.Syntax.subPrio": "prio",
    "boolIfThenElse": "term",
    "coeNotation": "term",
    "coeFunNotation": "term",
    "coeSortNotation": "term",
    "rawNatLit": "term",
}
#: Unexpanders that Lean's library defines as ordinary functions, and the constant each is for.
NAMED_UNEXPANDERS = {
    "unexpandExists": "Exists",
    "unexpandSigma": "Sigma",
    "unexpandPSigma": "PSigma",
    "unexpandSubtype": "Subtype",
    "unexpandListNil": "List.nil",
    "unexpandListCons": "List.cons",
    "unexpandProdMk": "Prod.mk",
    "unexpandUnit": "Unit.unit",
    "unexpandIte": "ite",
    "unexpandEqNDRec": "Eq.ndrec",
    "unexpandEqRec": "Eq.rec",
    "unexpandGetElem": "getElem",
    "unexpandGetElem!": "getElem!",
    "unexpandGetElem?": "getElem?",
}
#: Constants with unexpanders in Lean that this library does not declare.
ABSENT_CONSTANTS = re.compile(r"^(?:Array|Vector|Rat|Lean|Int|andM|orM)\b|[kK]leisli|bindLeft|mapRev")

#: Notations that need their namespace opened.
SCOPED = frozenset({"List.term_<+_", "List.term_~_", "Int.term-[_+1]"})
