-- Generated from src/state/sql/schema.ts by scripts/generate.ts.
CREATE TABLE kept (name TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
