"""The theories that `explore.py` searches, and how much weight each has."""

from __future__ import annotations

from data.generate.grow import Theory
from data.generate.terms import ALPHA, BETA, INT, NAT, PROP, fun, list_of, option_of, prod

XS, YS, NS = list_of(ALPHA), list_of(BETA), list_of(NAT)
OA, OB, AB = option_of(ALPHA), option_of(BETA), prod(ALPHA, BETA)
PRED, REL = fun(ALPHA, PROP), fun(ALPHA, ALPHA, PROP)
LOGIC = {"and": 2.0, "or": 2.0, "imp": 2.0, "not": 1.0}
ORDER = ("nat_le", "nat_lt", "nat_le", "nat_lt", "nat_ge", "nat_gt", "eq", "eq", "ne")


def _lists(kind: str, operators: dict[str, float], **more: object) -> Theory:
    settings: dict[str, object] = {
        "variables": ((XS, 1, 3), (ALPHA, 0, 2)),
        "equations": (XS, NAT),
        "literals": (0, 1, 2),
        "atoms": ("eq", "eq", "mem", "mem", "not_mem", "nat_le", "nat_lt", "ne"),
    }
    return Theory(kind, "list", operators=operators, **{**settings, **more})  # type: ignore[arg-type]


CORE_LISTS = {"nil": 0.7, "cons": 1.5, "append": 3.0, "length": 1.5, "reverse": 2.0, "single": 0.8,
              "couple": 0.2}  # fmt: skip

THEORIES: tuple[Theory, ...] = (
    # Propositional logic.
    Theory("proposition", "prop", ((PROP, 2, 3),), {}, atoms=("predicate",), connectives=0.95, weight=2.5),
    Theory("proposition", "prop", ((PROP, 1, 2),), {"true": 0.3, "false": 0.3, **LOGIC}, equations=(PROP,),
           atoms=("predicate",), connectives=0.9, weight=1.5),
    Theory("proposition", "prop", ((PROP, 3, 5),), {}, atoms=("predicate",), connectives=0.95, weight=1.0),
    # First-order logic.
    Theory("quantifier", "fol", ((PRED, 1, 3), (PROP, 0, 1), (ALPHA, 0, 1)), {}, quantified=(ALPHA,),
           atoms=("predicate",), connectives=0.75, weight=4.0),
    Theory("quantifier", "fol", ((PRED, 1, 2), (PROP, 0, 1)), {}, quantified=(ALPHA,), atoms=("predicate",),
           connectives=0.75, instances=(("Nonempty", ALPHA),), weight=1.0),
    Theory("relation", "fol", ((REL, 1, 2), (PRED, 0, 1), (ALPHA, 0, 2)), {}, quantified=(ALPHA,),
           atoms=("predicate",), connectives=0.8, weight=1.5),
    Theory("relation", "fol", ((fun(ALPHA, BETA, PROP), 1, 2), (PRED, 0, 1), (ALPHA, 0, 1), (BETA, 0, 1)), {},
           quantified=(ALPHA, BETA), atoms=("predicate",), connectives=0.8, weight=1.5),
    Theory("equality", "fol", ((ALPHA, 2, 4), (fun(ALPHA, ALPHA), 0, 2), (PRED, 0, 1)), {},
           equations=(ALPHA,), quantified=(ALPHA,), atoms=("eq", "eq", "ne", "predicate"), connectives=0.5,
           weight=1.5),
    Theory("equality", "fol", ((ALPHA, 1, 2), (fun(ALPHA, BETA), 1, 2), (fun(BETA, PROP), 0, 1)), {},
           equations=(BETA, ALPHA), quantified=(ALPHA,), atoms=("eq", "eq", "ne", "predicate"),
           connectives=0.6, weight=1.0),
    # Natural numbers.
    Theory("order", "nat", ((NAT, 2, 4),), {"nat_add": 3.0, "nat_succ": 1.0, "nat_mul": 0.5},
           equations=(NAT,), literals=(0, 1, 1, 2, 3), atoms=ORDER, connectives=0.35, weight=2.5),
    Theory("product", "nat", ((NAT, 2, 4),), {"nat_add": 1.5, "nat_mul": 3.0, "nat_succ": 0.3},
           equations=(NAT,), literals=(0, 1, 1, 2), atoms=ORDER, connectives=0.3, weight=3.5),
    Theory("subtraction", "nat", ((NAT, 2, 4),), {"nat_add": 1.5, "nat_sub": 3.0, "nat_mul": 0.5,
                                                    "nat_pred": 0.4},
           equations=(NAT,), literals=(0, 1, 2), atoms=ORDER, connectives=0.3, weight=1.5),
    Theory("power", "nat", ((NAT, 2, 3),), {"nat_add": 1.0, "nat_pow": 3.0, "nat_mul": 2.0},
           equations=(NAT,), literals=(0, 1, 2), atoms=ORDER, connectives=0.2, weight=2.0),
    Theory("division", "nat", ((NAT, 2, 3),), {"nat_add": 2.0, "nat_mul": 2.5, "nat_sub": 0.5},
           equations=(NAT,), literals=(0, 1, 2, 3),
           atoms=("nat_dvd", "nat_dvd", "nat_dvd", "eq", "nat_lt", "nat_le", "ne"), connectives=0.3,
           weight=1.5),
    Theory("remainder", "nat", ((NAT, 1, 2),),
           {"nat_add": 2.0, "nat_mul": 1.0, "nat_mod": 3.0, "nat_div": 1.5, "nat_gcd": 0.4}, equations=(NAT,),
           literals=(0, 1, 2, 2, 3), atoms=("eq", "eq", "nat_lt", "nat_le"), connectives=0.2, weight=0.7),
    Theory("extremum", "nat", ((NAT, 1, 3),), {"nat_min": 2.0, "nat_max": 2.0, "nat_add": 1.0},
           equations=(NAT,), literals=(0, 1), atoms=ORDER, connectives=0.2, weight=0.6),
    Theory("bounded", "nat", ((NAT, 1, 3), (fun(NAT, PROP), 0, 1)), {"nat_add": 2.0, "nat_mul": 0.7},
           equations=(NAT,), quantified=(NAT,), literals=(0, 1, 2),
           atoms=("eq", "nat_lt", "nat_le", "predicate"), connectives=0.7, weight=1.5),
    Theory("sequence", "nat", ((fun(NAT, NAT), 1, 2), (NAT, 1, 3)), {"nat_add": 2.0}, equations=(NAT,),
           quantified=(NAT,), literals=(0, 1, 2), atoms=("eq", "eq", "nat_le", "nat_lt"), connectives=0.4,
           weight=1.2),
    # Integers.
    Theory("integer", "int", ((INT, 1, 3),),
           {"int_add": 2.0, "int_mul": 1.5, "int_sub": 2.0, "int_neg": 1.0, "int_min": 0.2, "int_max": 0.2},
           equations=(INT,), literals=(0, 1, 2), atoms=("int_le", "int_lt", "eq", "eq", "ne", "int_dvd"),
           connectives=0.3, weight=0.8),
    Theory("integer", "int", ((INT, 1, 2),),
           {"int_mul": 1.0, "int_neg": 1.0, "int_sub": 1.0, "int_abs": 2.0, "int_to_nat": 1.0,
            "nat_add": 0.7}, equations=(NAT,), literals=(0, 1, 2),
           atoms=("eq", "nat_le", "nat_lt", "int_le", "int_lt"),
           connectives=0.3, weight=0.3),
    # Lists.
    _lists("append", CORE_LISTS, weight=2.2),
    _lists("member", {**CORE_LISTS, "map": 0.3}, quantified=(ALPHA,), connectives=0.5, weight=1.7,
           atoms=("mem", "mem", "mem", "not_mem", "eq", "subset")),
    _lists("split", CORE_LISTS, quantified=(XS, ALPHA), connectives=0.6, weight=1.2),
    _lists("map", {**CORE_LISTS, "map": 4.0}, weight=1.5, lambdas=0.08, equations=(YS, NAT),
           variables=((XS, 1, 2), (fun(ALPHA, BETA), 1, 1), (fun(ALPHA, ALPHA), 0, 1), (ALPHA, 0, 1),
                      (YS, 0, 1))),
    _lists("map", {**CORE_LISTS, "map": 4.0, "comp": 1.0, "id": 0.3}, weight=1.0, lambdas=0.1,
           variables=((XS, 1, 2), (fun(ALPHA, ALPHA), 1, 2), (ALPHA, 0, 1))),
    _lists("slice", {**CORE_LISTS, "take": 3.0, "drop": 3.0, "replicate": 1.0, "nat_add": 1.0,
                     "nat_sub": 0.5}, weight=1.0, variables=((XS, 1, 2), (NAT, 1, 2), (ALPHA, 0, 1))),
    _lists("ends", {**CORE_LISTS, "head?": 2.0, "getLast?": 2.0, "tail": 2.0, "some": 1.0, "none": 0.3},
           weight=0.7, equations=(XS, OA)),
    _lists("numbers", {**CORE_LISTS, "sum": 2.0, "nat_add": 2.0, "replicate": 0.7, "map": 0.5}, lambdas=0.3,
           variables=((NS, 1, 2), (NAT, 0, 2)), equations=(NS, NAT), weight=0.7),
    _lists("length", {**CORE_LISTS, "length": 4.0, "nat_add": 2.0, "zip": 0.5, "map": 0.5},
           atoms=("eq", "nat_le", "nat_lt", "ne"), weight=1.0),
    # Options, pairs, functions, conditions.
    Theory("option", "misc", ((OA, 1, 3), (ALPHA, 0, 2), (fun(ALPHA, ALPHA), 0, 1)),
           {"some": 2.0, "none": 0.7, "getD": 2.0, "option_or": 1.0, "option_map": 1.5, "bind": 0.6,
            "apply": 0.1}, equations=(OA, ALPHA), quantified=(ALPHA,), atoms=("eq", "eq", "eq", "ne"),
           connectives=0.4, lambdas=0.3, weight=1.5),
    Theory("option", "misc", ((OA, 1, 1), (fun(ALPHA, BETA), 1, 1), (fun(ALPHA, OB), 1, 1), (OB, 0, 1)),
           {"some": 1.0, "none": 0.5, "option_map": 2.5, "bind": 2.5, "option_or": 0.5}, equations=(OB,),
           quantified=(ALPHA,), atoms=("eq", "eq", "ne"), connectives=0.3, lambdas=0.3, weight=1.0),
    Theory("pair", "misc", ((AB, 1, 2), (ALPHA, 0, 2), (BETA, 0, 2)), {"pair": 2.0, "fst": 2.0, "snd": 2.0},
           equations=(AB, ALPHA, BETA), atoms=("eq", "eq", "eq", "ne"), quantified=(ALPHA, BETA),
           connectives=0.4, weight=1.5),
    Theory("condition", "misc", ((PROP, 1, 2), (ALPHA, 2, 3)), {"ite": 3.0, **LOGIC}, equations=(ALPHA,),
           atoms=("predicate", "eq", "eq"), connectives=0.5, weight=1.0),
    Theory("condition", "misc", ((PROP, 1, 2), (NAT, 1, 3)), {"ite": 3.0, "nat_add": 1.5}, equations=(NAT,),
           literals=(0, 1, 2), atoms=("predicate", "nat_le", "eq", "nat_lt"), connectives=0.3, weight=0.8),
    Theory("condition", "misc", ((PROP, 1, 2), (XS, 1, 2), (ALPHA, 1, 1)),
           {"ite": 3.0, "append": 1.0, "cons": 0.7, "nil": 1.0}, equations=(XS,),
           atoms=("mem", "mem", "predicate"), connectives=0.5, weight=0.6),
    Theory("condition", "misc", ((PROP, 2, 3),), {"ite": 3.0, "true": 0.2, "false": 0.2, **LOGIC},
           equations=(PROP,), atoms=("predicate", "ite", "ite"), connectives=0.7, weight=1.2),
    Theory("function", "misc", ((fun(ALPHA, ALPHA), 1, 3), (ALPHA, 1, 2)), {"comp": 1.0, "id": 1.0},
           equations=(ALPHA,), quantified=(ALPHA,), atoms=("eq", "eq", "ne"), connectives=0.5, weight=0.8),
)  # fmt: skip
