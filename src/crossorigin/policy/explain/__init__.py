"""Explanations of decisions, imported only when somebody asks for one."""
