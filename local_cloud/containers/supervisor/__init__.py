"""The process that forks containers, rewrites their addresses, keeps their logs and reaps them.

It imports the standard library only and has one thread: whatever it forks is small, and ends when it ends.
"""
