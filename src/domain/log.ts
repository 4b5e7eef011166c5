/** What the program says of itself: events with fields, so that they group. Never a header, a body, a URL with its query, a token. */

export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>

export type Log = {
  debug(event: string, fields?: Fields): void
  info(event: string, fields?: Fields): void
  warn(event: string, fields?: Fields): void
  error(event: string, fields?: Fields): void
}
