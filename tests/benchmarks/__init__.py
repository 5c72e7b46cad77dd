"""What is measured and reported, never asserted."""
