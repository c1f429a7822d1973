"""A diagnosis as text for people, and as documents for programs. Pure."""
