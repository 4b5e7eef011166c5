import { describe, expect, it } from 'vitest'
import { copyOf } from '../../../src/domain/copy.ts'

describe('copyOf', () => {
  it('copies what JSON can say, at every depth', () => {
    const value = { a: [1, 'two', null, true, [{}]], b: { c: { d: [] } }, e: undefined }
    expect(copyOf(value)).toEqual(structuredClone(value))
  })

  it('shares nothing with what it copied', () => {
    const value = { list: [{ name: 'a' }], inner: { list: ['b'] } }
    const copy = copyOf(value)
    copy.list[0] = { name: 'c' }
    copy.inner.list.push('d')
    expect(value).toEqual({ list: [{ name: 'a' }], inner: { list: ['b'] } })
  })

  it('keeps a member that is called like the prototype a member', () => {
    const value = JSON.parse('{ "__proto__": { "admin": true }, "constructor": { "x": [1] } }') as object
    const copy = copyOf(value)
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
    expect(JSON.stringify(copy)).toBe(JSON.stringify(value))
    expect((copy as { admin?: boolean }).admin).toBeUndefined()
  })
})
