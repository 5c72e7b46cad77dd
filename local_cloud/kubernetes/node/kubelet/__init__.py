"""What the API server asks kubelets: logs, commands, forwarded ports, usage; over HTTPS at every node's address."""
