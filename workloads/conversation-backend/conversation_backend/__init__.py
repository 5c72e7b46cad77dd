"""Conversations for a word: text by Gemini, audio by Text-to-Speech, both kept in buckets."""
