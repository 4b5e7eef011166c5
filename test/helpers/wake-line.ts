/** A document with one piece of news to tell at an instant: for the contract of wake-ups, in Node and in workerd. */

import { lineId, type Line } from '../../src/domain/line.ts'
import type { Documents } from '../../src/state/documents.ts'
import { aLine, aStageState } from './build.ts'

export const CHANNEL = 'peer'
/** So often does the work on the document `trouble` throw before it succeeds. */
export const TROUBLES = 1

/** Has nothing to do but to tell of itself at that instant. */
export function aLineToWake(name: string, at: number): Line {
  const notice = {
    id: `${lineId(name)}#1`,
    kind: 'noticed',
    urgency: 'tell',
    subject: name,
    title: name,
    detail: '',
    image: null,
    promotion: null,
    by: null,
    at: 1,
    isWell: false,
  } as const
  // It was looked at before: nothing else is to be done.
  const [target, image] = [`git/gitops/${name}.yaml`, `127.0.0.1:9/acme/${name}:main`]
  const known = { looks: { [target]: { image, running: 'not-observed' as const } }, holds: { [target]: [image] } }
  const current = { state: 'found', tag: null, digest: null, counts: false } as const
  return aLine({
    id: lineId(name),
    subscription: name,
    stages: { prod: aStageState({ current, ...known }) },
    effects: [{ kind: 'notify', id: 'news', fence: 0, attempt: 0, due: at, channel: CHANNEL, notice }],
  })
}

/** Null: it has something to do still. */
export async function quietVersion({ load }: Pick<Documents, 'load'>, name: string): Promise<number | null> {
  const loaded = await load(lineId(name))
  return loaded === null || loaded.document.effects.length > 0 ? null : loaded.version
}
