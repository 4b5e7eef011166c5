/** A trusted root in words: what it consists of, and when it proves nothing any more. */

import { describe, expect, it } from 'vitest'
import { PUBLIC_GOOD } from '../../../../src/domain/signer.ts'
import { describeTrustRoot } from '../../../../src/verification/sigstore/describe.ts'
import { createSigstore, type TrustedRootJson } from '../../../helpers/sigstore/instance.ts'
import { ownRoot } from '../../../helpers/sigstore/question.ts'

const sigstore = createSigstore()
const NOW = sigstore.now.getTime()
const END = new Date(NOW - 60_000)

const described = (change: (root: TrustedRootJson) => void, now = NOW) =>
  describeTrustRoot(
    ownRoot(sigstore, {
      change: (root) => {
        change(root)
        return root
      },
    }),
    now,
  )
const endLogs = (root: TrustedRootJson): void => {
  for (const log of root.tlogs) log.publicKey.validFor = { ...log.publicKey.validFor, end: END.toISOString() }
}
const endStampers = (root: TrustedRootJson): void => {
  for (const one of root.timestampAuthorities) one.validFor = { ...one.validFor, end: END.toISOString() }
}

describe('a trusted root', () => {
  it('names its parts, and since when each is used', () => {
    const { parts, problem, staleAt } = described(() => undefined)
    expect(parts.map(({ kind, to }) => [kind, to])).toEqual([
      ['log', null],
      ['log', null],
      ['certificate log', null],
      ['certificate authority', null],
      ['timestamp authority', null],
    ])
    expect([problem, staleAt]).toEqual([null, null])
  })

  it('says when a part has ended; a log or a stamper that goes on is enough', () => {
    expect(described(endLogs)).toMatchObject({
      problem: null,
      parts: [{ to: END.getTime() }, { to: END.getTime() }, {}, {}, {}],
    })
    expect(described(endStampers).problem).toBeNull()
  })

  it('proves nothing once all of them have ended', () => {
    const all = (root: TrustedRootJson): void => {
      endLogs(root)
      endStampers(root)
    }
    expect(described(all).problem).not.toBeNull()
    expect(described(all, END.getTime()).problem).toBeNull()
  })

  it('that cannot be read has no parts, and a problem', () => {
    const root = { kind: 'custom', json: '{}', require: { log: 1, sct: 1, timestamp: 1 } } as const
    expect(describeTrustRoot(root, NOW)).toMatchObject({ parts: [], problem: expect.any(String), staleAt: null })
  })

  it('that is compiled in has a last day', () => {
    const { staleAt } = describeTrustRoot(PUBLIC_GOOD, NOW)
    const problemAt = (at: number): string | null => describeTrustRoot(PUBLIC_GOOD, at).problem
    expect(problemAt(staleAt ?? 0)).toBeNull()
    expect(problemAt((staleAt ?? 0) + 1)).not.toBeNull()
  })
})
