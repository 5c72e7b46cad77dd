"""The services as processes, over a real MongoDB protocol and the local cloud."""
