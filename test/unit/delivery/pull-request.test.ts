/** Branch names and the words of pull requests and commits, whatever comes from outside. */

import { execFileSync, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cargo } from '../../../src/delivery/delivery.ts'
import { commitMessage, titleOf } from '../../../src/delivery/plan.ts'
import { checkBranch, describePullRequest, describeWithdrawal } from '../../../src/delivery/pull-request.ts'
import { newTrain } from '../../../src/domain/train.ts'
import { aGitTarget, anImage, anOrder, NAME, OLD, written } from '../../helpers/order.ts'

const hostile = fc.string({
  unit: fc.constantFrom(
    '`',
    '@',
    '#',
    '[',
    ']',
    '(',
    ')',
    '<',
    '!',
    '\n',
    '\r',
    ' ',
    'a',
    ':',
    '/',
    '-',
    '\0',
    '\u202e',
    '|',
    '*',
  ),
  maxLength: 80,
})

function aCargo(cargo: Partial<Cargo> = {}): Cargo {
  const { target: _target, ...order } = anOrder()
  return { ...order, targets: [aGitTarget()], ...cargo }
}

describe('a branch', () => {
  it('is ours as a train names it', () => {
    const address = { git: 'gitops', base: 'main', subscription: 'payments-2', stage: 'prod' }
    expect(checkBranch(newTrain(address).branch).ok).toBe(true)
  })

  it('that we take for ours is always one that git takes', () => {
    const part = fc.string({ unit: fc.constantFrom('.', '-', 'a', 'B', '_', 'lock', '.lock', '@', '{'), maxLength: 6 })
    fc.assert(
      fc.property(part, part, (first, second) => {
        const branch = `drayage/${first}/${second}`
        fc.pre(checkBranch(branch).ok)
        expect(spawnSync('git', ['check-ref-format', '--branch', branch]).status).toBe(0)
      }),
      { numRuns: 100 },
    )
  })

  it.each([
    'main',
    'drayage',
    'drayage/',
    'drayage//x',
    'drayage/../main',
    'drayage/x.lock',
    'drayage/a b',
    `drayage/${'x'.repeat(200)}`,
  ])('is not ours: %s', (branch) => {
    expect(checkBranch(branch)).toMatchObject({ ok: false, error: { reason: 'path-refused' } })
  })
})

describe('a pull request', () => {
  it('names image, stage, file, reason and promotion', () => {
    const { title, body } = describePullRequest([{ cargo: aCargo(), found: OLD }])
    expect(title).toBe('Deliver acme/payments:1.5.0 to prod')
    for (const word of [written(anImage()), OLD, 'prod', 'apps/payments.yaml', aCargo().reason, aCargo().promotion]) {
      expect(body).toContain(`\`${word}\``)
    }
  })

  it('has nothing of outside beside its code spans', () => {
    fc.assert(
      fc.property(hostile, (reason) => {
        const lines = describePullRequest([{ cargo: aCargo({ reason }), found: OLD }]).body.split('\n')
        const plain = describePullRequest([{ cargo: aCargo({ reason: 'x' }), found: OLD }]).body.split('\n')
        expect(lines).toHaveLength(plain.length)
        const changed = lines.filter((line, index) => line !== plain[index])
        expect(changed.every((line) => /^- \*\*Why:\*\* (?<fence>`+)(?!`)[^]*(?<!`)\k<fence>$/u.test(line))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('says why it was withdrawn, and wakes nobody', () => {
    expect(describeWithdrawal('@acme/all fixes #1')).toBe('Withdrawn by Drayage: `@acme/all fixes #1`')
  })
})

describe('a commit', () => {
  it('says what, why and for which promotion', () => {
    const image = anImage()
    expect(commitMessage([anOrder()]).split('\n')).toEqual([
      'Deliver acme/payments:1.5.0 to prod',
      '',
      `Image: ${written(image)}`,
      'Reason: a push said that 1.5.0 is new',
      '',
      `Drayage-Promotion: payments/prod/${image.digest}#1`,
      '',
    ])
  })

  it('says that it restores', () => {
    const wish = { kind: 'restore', name: NAME, image: OLD } as const
    expect(titleOf([{ stage: 'prod', wish }])).toBe('Restore acme/payments in prod')
  })

  it('has no trailer but ours, whatever the reason and the promotion are', () => {
    fc.assert(
      fc.property(hostile, hostile, (reason, promotion) => {
        const evil = `${reason}\n\nSigned-off-by: Eve <eve@example.com>`
        const order = anOrder({ reason: evil, promotion: `${promotion}\nCo-authored-by: Eve <eve@example.com>` })
        const message = commitMessage([order])
        const trailers = execFileSync('git', ['interpret-trailers', '--parse'], { input: message, encoding: 'utf8' })
        expect(trailers.trimEnd().split('\n')).toEqual([expect.stringMatching(/^Drayage-Promotion:/u)])
      }),
      { numRuns: 50 },
    )
  })
})
