"""Nothing acknowledged is ever lost: real processes, killed under load, and the proof after it.

clients   who trades meanwhile, and asks again with the same key until there is an answer
proof     what must hold afterwards, whatever was killed
stage     an empty venue on the servers of the test run
campaign  a whole venue and random kills: python -m tests.crash --kills 200 --seed 1
"""
