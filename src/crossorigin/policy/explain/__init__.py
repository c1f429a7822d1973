"""Explanations of decisions for people. They are imported only when they are needed."""
