import { describe, expect, it } from 'vitest'
import { chainEntries, findBreak } from '../../../src/domain/chain.ts'
import { Entry, type Note } from '../../../src/domain/history.ts'
import { NOW } from '../../helpers/build.ts'

const start = { id: 'line/payments', seq: 0, hash: '' }
const whole: Note = {
  kind: 'delivered',
  reason: 'changed',
  detail: 'dev: 1.5.0',
  stage: 'dev',
  promotion: 'payments/dev/x#1',
  image: 'docker.io/acme/payments:1.5.0',
  cause: 'hub/1',
  reference: 'generation/2',
  by: 'ann',
}
const chain = (notes: readonly Note[] = [whole, whole, whole]) => chainEntries(start, notes, NOW, 'c0ffee')
const MEMBERS = Object.keys(Entry.shape).filter((member) => member !== 'hash')

function changed(entry: Entry, member: string): Entry {
  const value: unknown = Reflect.get(entry, member)
  const other = typeof value === 'number' ? value + 1 : member === 'kind' ? 'failed' : `${String(value)}!`
  return { ...entry, [member]: other }
}

describe('the chain', () => {
  it('holds as it was made, over several decisions', async () => {
    const first = await chain()
    const last = first.at(-1)
    const more = await chainEntries({ id: start.id, seq: last?.seq ?? 0, hash: last?.hash ?? '' }, [whole], NOW, 'f00d')
    expect(await findBreak([...first, ...more])).toBeNull()
    expect([...first, ...more].map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
  })

  it.each(MEMBERS)('breaks where %s of an entry was changed', async (member) => {
    const [first, second, third] = await chain()
    if (first === undefined || second === undefined || third === undefined) throw new Error('three entries')
    const tampered = changed(second, member)
    expect(tampered).not.toEqual(second)
    expect(await findBreak([first, tampered, third])).not.toBeNull()
  })

  it.each(['stage', 'promotion', 'image', 'cause', 'reference', 'by'])(
    'breaks where %s was taken out',
    async (member) => {
      const [first, second] = await chain()
      if (first === undefined || second === undefined) throw new Error('two entries')
      const { [member as 'by']: _gone, ...tampered } = second
      expect(await findBreak([first, tampered])).toEqual(tampered)
    },
  )

  it('breaks where the first entry was changed', async () => {
    const [first] = await chain()
    if (first === undefined) throw new Error('an entry')
    expect(await findBreak([{ ...first, detail: 'nothing happened' }])).not.toBeNull()
  })

  it('breaks where an entry was left out, put in twice, or moved', async () => {
    const [first, second, third] = await chain()
    if (first === undefined || second === undefined || third === undefined) throw new Error('three entries')
    expect(await findBreak([first, third])).toEqual(third)
    expect(await findBreak([first, second, second, third])).toEqual(second)
    expect(await findBreak([second, first, third])).toEqual(first)
  })

  it('breaks where an entry was replaced together with its own hash', async () => {
    const [first, , third] = await chain()
    const forged = await chain([whole, { ...whole, detail: 'forged' }])
    if (first === undefined || third === undefined || forged[1] === undefined) throw new Error('entries')
    expect(await findBreak([first, forged[1], third])).toEqual(third)
  })

  it('does not depend on the order of members, nor on members that are absent', async () => {
    const [first] = await chain([{ kind: 'offered', reason: 'newer', detail: 'x' }])
    if (first === undefined) throw new Error('an entry')
    const turned = Object.fromEntries(Object.entries({ ...first, by: undefined }).toReversed())
    expect(await findBreak([turned as Entry])).toBeNull()
  })

  it('of a part of the history holds within that part', async () => {
    const [, second, third] = await chain()
    if (second === undefined || third === undefined) throw new Error('three entries')
    expect(await findBreak([second, third])).toBeNull()
    expect(await findBreak([second, { ...third, detail: 'x' }])).not.toBeNull()
  })
})
