"""Logs, metrics and hooks for decisions. Nothing here makes a decision or can make a request fail."""
