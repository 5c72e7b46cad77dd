"""The pure parts of the node agent."""
