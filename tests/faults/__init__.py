"""Media, servers and clocks that fail: what the engine does, and what its clients hear.

proxy     a connection that is slow, swallows bytes or breaks at a given one
strace    slow and failing system calls of another process
"""
