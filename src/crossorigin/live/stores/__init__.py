"""Live origins in SQLite and PostgreSQL: the tables, following them, and editing them."""
