"""The node agent against a real control plane."""
