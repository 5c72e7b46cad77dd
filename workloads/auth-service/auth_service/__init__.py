"""Accounts, sign-in, tokens and their refresh."""
