"""The API described from its own registry: openrpc.json, /docs and /docs/limits."""
