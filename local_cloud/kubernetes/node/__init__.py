"""The node agent: one process that is every node of a cluster, and runs their pods as processes."""
