"""The terminal in real Chromium, against a real venue."""
