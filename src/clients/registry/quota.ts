/** What is left of a registry's rate limit, as Docker Hub says it: `ratelimit-remaining: 76;w=21600`. */

import type { Quota } from '../../domain/registry.ts'

export type { Quota } from '../../domain/registry.ts'

/** Null where an answer says nothing about it. */
export function quotaOf(headers: Headers): Quota | null {
  const remaining = read(headers.get('ratelimit-remaining'))
  if (remaining === null) return null
  return {
    limit: read(headers.get('ratelimit-limit'))?.count ?? null,
    remaining: remaining.count,
    windowSeconds: remaining.windowSeconds,
  }
}

function read(value: string | null): { count: number; windowSeconds: number | null } | null {
  const groups = /^(?<count>[0-9]{1,12})(?:;w=(?<window>[0-9]{1,12}))?$/u.exec(value?.trim() ?? '')?.groups
  if (groups === undefined) return null
  return {
    count: Number(groups['count']),
    windowSeconds: groups['window'] === undefined ? null : Number(groups['window']),
  }
}
