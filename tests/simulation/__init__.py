"""A slow, plain venue that shares no code with the kernels, and an auditor that trusts none."""
