"""What the language models of the local cloud say: conversations that follow the prompt, and JSON by a schema."""
