"""What no example can show: z3 looks for a counterexample in all integers at once.

Each claim about the arithmetic of money stands beside a control: the same claim about a formula
with a fault, for which z3 must find the counterexample. A model that is not the code proves
nothing, so every model also runs on numbers and must agree with the code there.

NOVATE_PROOFS=long, for a night, asks for more: wider models, more positions, longer searches.
"""
