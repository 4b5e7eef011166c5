/** What every store does with kept texts. Run by `state.contract.ts`. */

import { expect, it } from 'vitest'
import type { Keep } from '../../src/state/keep.ts'

export function describeKeep(keep: () => Keep): void {
  it('has nothing under a new name', async () => {
    expect(await keep().load('configuration')).toBe(null)
  })

  it('gives back what was saved, with its version', async () => {
    expect(await keep().save('configuration', 'first', 0)).toBe('saved')
    expect(await keep().load('configuration')).toEqual({ text: 'first', version: 1 })
    expect(await keep().save('configuration', 'second', 1)).toBe('saved')
    expect(await keep().load('configuration')).toEqual({ text: 'second', version: 2 })
  })

  it.each([
    ['creates twice', 0],
    ['read an older version', 1],
    ['names one that is to come', 3],
  ])('refuses who %s', async (_, wasVersion) => {
    await keep().save('configuration', 'first', 0)
    await keep().save('configuration', 'second', 1)
    expect(await keep().save('configuration', 'third', wasVersion)).toBe('conflict')
    expect(await keep().load('configuration')).toEqual({ text: 'second', version: 2 })
  })

  it('refuses to change what is not there', async () => {
    expect(await keep().save('configuration', 'text', 1)).toBe('conflict')
    expect(await keep().load('configuration')).toBe(null)
  })

  it('lets one of all writers win', async () => {
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`)
    const outcomes = await Promise.all(texts.map((text) => keep().save('configuration', text, 0)))
    expect(outcomes.filter((outcome) => outcome === 'saved')).toHaveLength(1)
    expect(await keep().load('configuration')).toEqual({ text: texts[outcomes.indexOf('saved')], version: 1 })
  })

  it('keeps a large text whole, and its neighbours apart', async () => {
    const large = Array.from({ length: 4_000 }, (_, index) => `é${index} "quoted" ☸`).join('\n')
    await keep().save('configuration/a', large, 0)
    await keep().save('configuration/b', '', 0)
    expect((await keep().load('configuration/a'))?.text).toBe(large)
    expect((await keep().load('configuration/b'))?.text).toBe('')
  })
}
