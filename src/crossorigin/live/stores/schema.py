"""The tables and triggers of stored live origins, version 1, for SQLite and PostgreSQL.

`crossorigin origins init` runs these statements, and nothing else in this package changes a schema. Every statement can
be run again.

- `cors_head` has one row: the epoch, which changes when the history no longer leads to the present, and the revision.
- `cors_origin` has the origins. A scope separates the sets of several apps in one database.
- `cors_change` is the log of all changes. Readers catch up with it, and people audit with it.

Triggers maintain the revision and the log, so edits with raw SQL or an ORM count as well. A transaction that edits
`cors_origin` locks the row of `cors_head` until it commits. Revisions therefore have no gaps, and their order is the
order of the commits.
"""

from __future__ import annotations

from typing import Literal

Engine = Literal["sqlite", "postgresql"]

VERSION = 1
CHANNEL = "crossorigin"
"""The channel on which PostgreSQL notifies of a new revision."""

# SQLite has no session variables. The writer sets `cors_head.actor` at the start of its transaction, and clears it
# before it commits.
SQLITE = (
    """\
CREATE TABLE IF NOT EXISTS cors_head (
    id integer PRIMARY KEY CHECK (id = 1),
    epoch text NOT NULL,
    rev integer NOT NULL,
    schema_version integer NOT NULL,
    actor text
)""",
    """\
CREATE TABLE IF NOT EXISTS cors_origin (
    scope text NOT NULL DEFAULT '',
    origin text NOT NULL,
    PRIMARY KEY (scope, origin)
)""",
    """\
CREATE TABLE IF NOT EXISTS cors_change (
    rev integer PRIMARY KEY,
    scope text NOT NULL,
    origin text NOT NULL,
    action text NOT NULL CHECK (action IN ('add', 'remove')),
    actor text,
    at text NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)""",
    """\
CREATE TRIGGER IF NOT EXISTS cors_origin_inserted AFTER INSERT ON cors_origin BEGIN
    SELECT RAISE(ABORT, 'cors_head is empty. Run: crossorigin origins init') WHERE NOT EXISTS (SELECT 1 FROM cors_head);
    UPDATE cors_head SET rev = rev + 1;
    INSERT INTO cors_change (rev, scope, origin, action, actor)
        SELECT rev, NEW.scope, NEW.origin, 'add', actor FROM cors_head;
END""",
    """\
CREATE TRIGGER IF NOT EXISTS cors_origin_deleted AFTER DELETE ON cors_origin BEGIN
    SELECT RAISE(ABORT, 'cors_head is empty. Run: crossorigin origins init') WHERE NOT EXISTS (SELECT 1 FROM cors_head);
    UPDATE cors_head SET rev = rev + 1;
    INSERT INTO cors_change (rev, scope, origin, action, actor)
        SELECT rev, OLD.scope, OLD.origin, 'remove', actor FROM cors_head;
END""",
    """\
CREATE TRIGGER IF NOT EXISTS cors_origin_updated AFTER UPDATE ON cors_origin BEGIN
    SELECT RAISE(ABORT, 'cors_head is empty. Run: crossorigin origins init') WHERE NOT EXISTS (SELECT 1 FROM cors_head);
    UPDATE cors_head SET rev = rev + 1;
    INSERT INTO cors_change (rev, scope, origin, action, actor)
        SELECT rev, OLD.scope, OLD.origin, 'remove', actor FROM cors_head;
    UPDATE cors_head SET rev = rev + 1;
    INSERT INTO cors_change (rev, scope, origin, action, actor)
        SELECT rev, NEW.scope, NEW.origin, 'add', actor FROM cors_head;
END""",
    """\
INSERT INTO cors_head (id, epoch, rev, schema_version)
    SELECT 1, lower(hex(randomblob(16))), coalesce(max(rev), 0), 1 FROM cors_change WHERE true
    ON CONFLICT (id) DO NOTHING""",
)

# The triggers run once per statement, because 100,000 updates of one row in one transaction take minutes. They run as
# the owner of the tables, so an editor needs no permission on the log. The search path is fixed to the schema of the
# tables, with pg_temp at the end: otherwise an editor could replace cors_head with a temporary table.
POSTGRESQL = (
    """\
CREATE TABLE IF NOT EXISTS cors_head (
    id integer PRIMARY KEY CHECK (id = 1),
    epoch text NOT NULL,
    rev bigint NOT NULL,
    schema_version integer NOT NULL
)""",
    """\
CREATE TABLE IF NOT EXISTS cors_origin (
    scope text NOT NULL DEFAULT '',
    origin text NOT NULL,
    PRIMARY KEY (scope, origin)
)""",
    """\
CREATE TABLE IF NOT EXISTS cors_change (
    rev bigint PRIMARY KEY,
    scope text NOT NULL,
    origin text NOT NULL,
    action text NOT NULL CHECK (action IN ('add', 'remove')),
    actor text NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
)""",
    # Before anything else, so that two transactions which edit the same origins cannot wait for each other.
    """\
CREATE OR REPLACE FUNCTION cors_lock_head() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $function$
BEGIN
    PERFORM FROM cors_head WHERE id = 1 FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'cors_head is empty. Run: crossorigin origins init';
    END IF;
    RETURN NULL;
END
$function$""",
    """\
CREATE OR REPLACE FUNCTION cors_log_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $function$
DECLARE
    editor text := coalesce(nullif(current_setting('crossorigin.actor', true), ''), session_user);
    last_rev bigint;
    edits bigint := 0;
    edited bigint;
BEGIN
    SELECT rev INTO last_rev FROM cors_head WHERE id = 1;
    IF TG_OP IN ('DELETE', 'UPDATE') THEN
        INSERT INTO cors_change (rev, scope, origin, action, actor)
            SELECT last_rev + row_number() OVER (ORDER BY scope, origin), scope, origin, 'remove', editor FROM old_rows;
        GET DIAGNOSTICS edits = ROW_COUNT;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO cors_change (rev, scope, origin, action, actor)
            SELECT last_rev + edits + row_number() OVER (ORDER BY scope, origin), scope, origin, 'add', editor
            FROM new_rows;
        GET DIAGNOSTICS edited = ROW_COUNT;
        edits := edits + edited;
    END IF;
    IF edits > 0 THEN
        UPDATE cors_head SET rev = last_rev + edits WHERE id = 1;
        PERFORM pg_notify('crossorigin', (last_rev + edits)::text);
    END IF;
    RETURN NULL;
END
$function$""",
    """\
CREATE OR REPLACE FUNCTION cors_start_epoch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $function$
BEGIN
    UPDATE cors_head SET epoch = gen_random_uuid()::text WHERE id = 1;
    PERFORM pg_notify('crossorigin', rev::text) FROM cors_head;
    RETURN NULL;
END
$function$""",
    """\
DO $block$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['cors_lock_head', 'cors_log_change', 'cors_start_epoch'] LOOP
        EXECUTE 'ALTER FUNCTION ' || name || '() SET search_path = pg_catalog, ' || quote_ident(current_schema())
            || ', pg_temp';
        EXECUTE 'REVOKE ALL ON FUNCTION ' || name || '() FROM PUBLIC';
    END LOOP;
END
$block$""",
    """\
CREATE OR REPLACE TRIGGER cors_origin_edited BEFORE INSERT OR DELETE OR UPDATE ON cors_origin
    FOR EACH STATEMENT EXECUTE FUNCTION cors_lock_head()""",
    """\
CREATE OR REPLACE TRIGGER cors_origin_inserted AFTER INSERT ON cors_origin
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cors_log_change()""",
    """\
CREATE OR REPLACE TRIGGER cors_origin_deleted AFTER DELETE ON cors_origin
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION cors_log_change()""",
    """\
CREATE OR REPLACE TRIGGER cors_origin_updated AFTER UPDATE ON cors_origin
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION cors_log_change()""",
    """\
CREATE OR REPLACE TRIGGER cors_origin_truncated AFTER TRUNCATE ON cors_origin
    FOR EACH STATEMENT EXECUTE FUNCTION cors_start_epoch()""",
    """\
INSERT INTO cors_head (id, epoch, rev, schema_version)
    SELECT 1, gen_random_uuid()::text, coalesce(max(rev), 0), 1 FROM cors_change
    ON CONFLICT (id) DO NOTHING""",
)

STATEMENTS: dict[Engine, tuple[str, ...]] = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def script(engine: Engine) -> str:
    """Return all statements as one script, for a migration.

    A semicolon and an empty line are between two statements, and never within one, because some migrations run one
    statement at a time. There is no percent sign in the statements for PostgreSQL, which its drivers may interpret.
    """
    return "".join(f"{statement};\n\n" for statement in STATEMENTS[engine]).removesuffix("\n")
