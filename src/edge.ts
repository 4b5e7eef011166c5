/** A request as it came, as far as the platform still has it: the standard `Request` has its URL normalised and repeated headers joined. */

export type Edge = {
  /** The target of the request line: nothing decoded, nothing normalised. */
  targetOf(request: Request, env: unknown): string
  /** Lower-case names; a header that came twice has both values. */
  headersOf(request: Request, env: unknown): ReadonlyMap<string, readonly string[]>
  bodyOf(request: Request, env: unknown): AsyncIterable<Uint8Array> | null
}

/** Where there is nothing but the `Request`. */
export const standardEdge: Edge = {
  targetOf: ({ url }) => url.slice(url.indexOf('/', url.indexOf('//') + 2)),
  headersOf: ({ headers }) => new Map([...headers].map(([name, value]) => [name, [value]])),
  bodyOf: ({ body }) => body,
}

export type Target = { readonly path: string; readonly query: URLSearchParams }

/** Whatever is no path of ours (`http://elsewhere/hooks/a`, `*`) is no route either. */
export function parseTarget(target: string): Target {
  const path = pathOf(target)
  return { path, query: new URLSearchParams(target.slice(path.length + 1)) }
}

/** The path alone, as it came. */
export function pathOf(target: string): string {
  const at = target.indexOf('?')
  return at < 0 ? target : target.slice(0, at)
}
