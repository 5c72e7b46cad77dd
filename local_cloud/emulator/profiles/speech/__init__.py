"""Text-to-Speech behaviour that is more than data: voices, how long a text is spoken, and the sound itself."""
