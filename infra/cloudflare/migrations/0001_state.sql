-- Generated from src/state/sql/schema.ts by scripts/generate.ts.
CREATE TABLE document (
      id TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, wake INTEGER, saved INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT;
CREATE INDEX document_wake ON document (wake, id) WHERE wake IS NOT NULL;
CREATE TABLE inbox (
      place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, due INTEGER NOT NULL,
      received INTEGER NOT NULL, attempts INTEGER NOT NULL, accepted TEXT NOT NULL, walk TEXT NOT NULL
    ) STRICT;
CREATE INDEX inbox_due ON inbox (due, place) WHERE state = 'waiting';
CREATE INDEX inbox_dead ON inbox (received, id) WHERE state = 'dead';
CREATE INDEX inbox_received ON inbox (received, id);
CREATE TABLE image (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE journal (
      document TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
      promotion TEXT, image INTEGER REFERENCES image (id), cause TEXT, body TEXT NOT NULL,
      UNIQUE (document, seq)
    ) STRICT;
CREATE INDEX journal_at ON journal (at, document, seq);
CREATE INDEX journal_promotion ON journal (promotion, at, document, seq) WHERE promotion IS NOT NULL;
CREATE INDEX journal_image ON journal (image, at, document, seq) WHERE image IS NOT NULL;
CREATE INDEX journal_cause ON journal (cause, at, document, seq) WHERE cause IS NOT NULL;
