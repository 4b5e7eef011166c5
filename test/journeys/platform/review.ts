/** A pull request that is approved by a review, and word of it: the same on every platform. */

import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { addReview } from '../../helpers/fake-github-rest.ts'
import { GIT_HOOK, manifest, type World } from './world.ts'

const CASE_TIMEOUT_MS = 120_000

export const REVIEWED = {
  reviewed: { prod: { merge: 'when-approved', gates: [{ approval: { from: ['github:ann-gh'], otherWays: 1 } }] } },
} as const

export function reviewCases(world: () => World): void {
  it(
    'merges what somebody who may approved in a review, of which it has word',
    { timeout: CASE_TIMEOUT_MS },
    async () => {
      const scene = world().scene('reviewed')
      const digest = await scene.push('1.1.0')
      await scene.tell('1.1.0')
      await scene.until('its pull request is open', () => scene.pulls.some(({ state }) => state === 'OPEN'))
      const [pull] = scene.pulls
      if (pull === undefined) throw new Error('there is no pull request')
      addReview(pull, { by: 'Ann-GH', state: 'APPROVED', body: 'looks good' })
      const body = JSON.stringify({
        action: 'submitted',
        pull_request: { head: { ref: pull.head, repo: { full_name: 'acme/reviewed' } } },
        repository: { full_name: 'acme/reviewed' },
      })
      const word = async (secret: string): Promise<number> => {
        const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
        const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature }
        return (await fetch(`${world().platform.hooks}/hooks/git/reviewed`, { method: 'POST', headers, body })).status
      }
      expect(await word('another secret')).toBe(401)
      expect(await word(GIT_HOOK)).toBe(202)
      expect(await word(GIT_HOOK)).toBe(200)
      await scene.recorded(
        'it is approved',
        ({ kind, by, reason }) => kind === 'approved' && by === 'github:ann-gh' && reason === 'git',
      )
      await scene.recorded('it is healthy', ({ kind }) => kind === 'healthy')
      expect(scene.git.file('prod.yaml')).toBe(manifest(scene.image, '1.1.0', digest))
    },
  )
}
