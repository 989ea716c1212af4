"""The engine: pure decisions. Same commands in, same events and same bytes out, on any machine.

Read in this order: units, commands, events, rejects, state, then state_machine, which
dispatches to hot_path (trading) and to the handlers of custody, clearing and governance.
"""
