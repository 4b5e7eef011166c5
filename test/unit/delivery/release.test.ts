import { describe, expect, it } from 'vitest'
import { ImageName } from '../../../src/domain/image.ts'
import { commitMessage, planEdits, titleOf } from '../../../src/delivery/plan.ts'
import { aGitTarget, anImage, anOrder, written } from '../../helpers/order.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const worker = ImageName.parse({ registry: 'registry.example.com', repository: 'acme/worker' })
const api = anImage()
const WISH = { kind: 'pinned', image: api, others: [{ ...api, ...worker }] } as const
const { tag: _tag, digest: _digest, ...apiName } = api
const apiTarget = aGitTarget({ image: apiName })
const workerTarget = aGitTarget({ image: worker })

describe('one commit of a release', () => {
  it('sets each image in its own place', () => {
    const text = `a:\n  image: registry.example.com/acme/payments:1.4.0\nb:\n  image: registry.example.com/acme/worker:1.4.0\n`
    const plan = planEdits(
      { wish: WISH, expected: null },
      [apiTarget, workerTarget],
      new Map([['apps/payments.yaml', bytes(text)]]),
    )
    if (!plan.ok) throw new Error(plan.error.detail)
    expect(plan.value.changes).toEqual([
      {
        file: 'apps/payments.yaml',
        text: `a:\n  image: ${written(api)}\nb:\n  image: ${written({ ...api, ...worker })}\n`,
      },
    ])
    expect(plan.value.edits.map(({ found }) => found)).toEqual([
      'registry.example.com/acme/payments:1.4.0',
      'registry.example.com/acme/worker:1.4.0',
    ])
  })

  it('changes nothing where one of them has no place', () => {
    const text = 'image: registry.example.com/acme/payments:1.4.0\n'
    const files = new Map([['apps/payments.yaml', bytes(text)]])
    expect(planEdits({ wish: WISH, expected: null }, [apiTarget, workerTarget], files)).toMatchObject({
      ok: false,
      error: { reason: 'image-missing' },
    })
  })

  it('refuses a target of an image that is not in it', () => {
    const other = aGitTarget({ image: ImageName.parse({ registry: 'registry.example.com', repository: 'acme/other' }) })
    expect(
      planEdits({ wish: WISH, expected: null }, [other], new Map([['apps/payments.yaml', bytes('a: b\n')]])),
    ).toMatchObject({
      ok: false,
      error: { reason: 'image-missing', detail: expect.stringContaining('acme/other') },
    })
  })

  it('names all of them', () => {
    const message = commitMessage([anOrder({ wish: WISH })])
    expect(message).toContain(`Image: ${written(api)}\nImage: ${written({ ...api, ...worker })}\n`)
    expect(titleOf([anOrder({ wish: WISH })])).toBe('Deliver acme/payments:1.5.0 and acme/worker:1.5.0 to prod')
  })

  it('counts the rest in its title', () => {
    const others = ['b', 'c', 'd'].map((name) => ({
      ...api,
      ...ImageName.parse({ ...worker, repository: `acme/${name}` }),
    }))
    const title = titleOf([anOrder({ wish: { ...WISH, others } })])
    expect(title).toBe('Deliver acme/payments:1.5.0, acme/b:1.5.0 and 2 more to prod')
  })
})
