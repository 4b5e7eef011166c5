/** What every delivery into a repository does, whichever host it is: each adapter runs this on a real bare repository. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Delivery } from '../../src/delivery/delivery.ts'
import { RetryLater } from '../../src/domain/retry.ts'
import { createRepository, type Entry, type GitRepository } from '../helpers/git-repository.ts'
import { aGitTarget, aManifest, anImage, anOrder, NAME, OLD, written } from '../helpers/order.ts'

export type Playground = { readonly delivery: Delivery; close(): Promise<void> }
/** `base` is the branch that the target `gitops` names. */
export type MakePlayground = (repository: GitRepository, base: string) => Promise<Playground>

const FILE = 'apps/payments.yaml'
const IMAGE = anImage()
const ELSEWHERE = { 'README.md': 'hello\n', 'apps/other.yaml': aManifest('registry.example.com/acme/other:1') }

/** Out of the repository, into its innards or its workflows, or into the arguments of a program. */
const LEAVING = [
  '../x.yaml',
  'apps/../../x.yaml',
  '/etc/passwd',
  '.git/config',
  'apps/.GIT/config',
  'apps//x.yaml',
  './x.yaml',
  '.github/workflows/x.yaml',
  '.GitHub/x.yaml',
  'apps\\x.yaml',
  '--upload-pack=x',
  'a\0b',
  'a\nb',
]
/** Nothing decodes, globs or folds case on the way to the file. */
const LITERAL = ['apps/%2e%2e/x.yaml', 'apps/:(glob)*.yaml', 'apps/*.yaml', 'Apps/payments.yaml']

export function describeFileDelivery(title: string, make: MakePlayground): void {
  describe(title, () => {
    let repository: GitRepository
    let delivery: Delivery
    let closers: (() => Promise<void> | void)[]

    const setUp = async (files: Record<string, Entry> = { [FILE]: aManifest() }, base = 'main'): Promise<void> => {
      repository = createRepository({ ...ELSEWHERE, ...files })
      const playground = await make(repository, base)
      delivery = playground.delivery
      closers.push(() => playground.close(), repository.close)
    }
    beforeEach(() => {
      closers = []
    })
    afterEach(async () => {
      for (const close of closers) await close()
    })

    it('observes the image exactly as it is written', async () => {
      await setUp()
      expect(await delivery.observe(aGitTarget(), NAME)).toEqual({
        ok: true,
        value: { image: OLD, running: 'not-observed' },
      })
    })

    it('writes tag and digest as one commit upon the base', async () => {
      await setUp()
      const before = repository.head()
      const answer = await delivery.deliver(anOrder({ expected: [OLD] }))
      expect(answer).toMatchObject({
        ok: true,
        value: { status: 'changed', previous: OLD, now: written(IMAGE), reference: repository.head() },
      })
      expect(repository.file(FILE)).toBe(aManifest(written(IMAGE)))
      expect(repository.git(['rev-parse', 'main^'])).toBe(before)
      expect(repository.changedFiles('main')).toEqual([FILE])
    })

    it('shows the diff of what it wrote', async () => {
      await setUp()
      const answer = await delivery.deliver(anOrder())
      const diff = answer.ok ? (answer.value.diff ?? '') : ''
      expect(diff.split('\n')).toEqual(
        expect.arrayContaining([
          `-      image: ${OLD}   # do not touch this comment`,
          `+      image: ${written(IMAGE)}   # do not touch this comment`,
        ]),
      )
    })

    it('keeps an executable file executable', async () => {
      await setUp({ [FILE]: { mode: '100755', content: aManifest() } })
      await delivery.deliver(anOrder())
      expect(repository.mode(FILE)).toBe('100755')
    })

    it('changes nothing the second time', async () => {
      await setUp()
      await delivery.deliver(anOrder({ expected: [OLD] }))
      const head = repository.head()
      const again = await delivery.deliver(anOrder({ expected: [OLD] }))
      expect(again).toMatchObject({ ok: true, value: { status: 'unchanged', reference: head, now: written(IMAGE) } })
      expect(repository.head()).toBe(head)
    })

    it("stops at a person's hand and says what it found", async () => {
      await setUp()
      const head = repository.head()
      const answer = await delivery.deliver(anOrder({ expected: ['registry.example.com/acme/payments:1.3.0'] }))
      expect(answer).toMatchObject({ ok: false, error: { reason: 'moved', found: OLD } })
      expect(repository.head()).toBe(head)
    })

    it('puts back exactly what the first look found', async () => {
      await setUp()
      await delivery.deliver(anOrder())
      const wish = { kind: 'restore', name: NAME, image: OLD } as const
      const answer = await delivery.deliver(anOrder({ wish, expected: [written(IMAGE)] }))
      expect(answer).toMatchObject({ ok: true, value: { status: 'changed', now: OLD } })
      expect(repository.file(FILE)).toBe(aManifest())
    })

    it('previews the change and writes nothing', async () => {
      await setUp()
      const head = repository.head()
      const answer = await delivery.preview(anOrder())
      expect(answer).toMatchObject({ ok: true, value: { status: 'changed', previous: OLD, now: written(IMAGE) } })
      expect(answer.ok && answer.value.diff).toContain(written(IMAGE))
      expect(repository.head()).toBe(head)
    })

    describe('a lease', () => {
      it.each([
        ['before the read', 0],
        ['between the read and the write', 1],
      ])('that ended %s stops it', async (_title, heldFor) => {
        await setUp()
        const head = repository.head()
        let asked = 0
        const stillHeld = (): boolean => (asked += 1) <= heldFor
        const answer = await delivery.deliver(anOrder({ stillHeld }))
        expect(answer).toMatchObject({ ok: false, error: { reason: 'fenced' } })
        expect(repository.head()).toBe(head)
      })
    })

    describe('a base that moves under it', () => {
      /** The lease is asked between look and act: the moment at which somebody else comes in between. */
      const meanwhile = (act: () => void, times: number): (() => boolean) => {
        let done = 0
        return () => {
          if (done < times) act()
          done += 1
          return true
        }
      }

      it('is read again, and nobody loses anything', async () => {
        await setUp()
        const stillHeld = meanwhile(() => repository.commit({ 'README.md': `${Math.random()}` }), 2)
        const answer = await delivery.deliver(anOrder({ expected: [OLD], stillHeld }))
        expect(answer).toMatchObject({ ok: true, value: { status: 'changed' } })
        expect(repository.file(FILE)).toBe(aManifest(written(IMAGE)))
        expect(repository.count()).toBe(4)
        expect(repository.changedFiles('main')).toEqual([FILE])
      })

      it('is not given back a commit that somebody took away', async () => {
        await setUp()
        const before = repository.head() ?? ''
        const taken = repository.commit({ 'README.md': 'a mistake\n' })
        const stillHeld = meanwhile(() => repository.git(['update-ref', 'refs/heads/main', before]), 1)
        expect(await delivery.deliver(anOrder({ stillHeld }))).toMatchObject({ ok: true, value: { status: 'changed' } })
        expect(repository.git(['rev-list', 'main'])).not.toContain(taken)
      })

      it('is left for later if it never rests', async () => {
        await setUp()
        const stillHeld = meanwhile(() => repository.commit({ 'README.md': `${Math.random()}` }), 1_000)
        await expect(delivery.deliver(anOrder({ stillHeld }))).rejects.toThrow(RetryLater)
      })

      it('with another image by a person stops it', async () => {
        await setUp()
        const other = 'registry.example.com/acme/payments:1.4.1'
        const stillHeld = meanwhile(() => repository.commit({ [FILE]: aManifest(other) }), 1)
        const answer = await delivery.deliver(anOrder({ expected: [OLD], stillHeld }))
        expect(answer).toMatchObject({ ok: false, error: { reason: 'moved', found: other } })
        expect(repository.file(FILE)).toBe(aManifest(other))
      })

      it('by deliveries to other files takes all of them', async () => {
        await setUp()
        const files = ['a', 'b', 'c', 'd'].map((name) => `apps/${name}.yaml`)
        repository.commit(Object.fromEntries(files.map((file) => [file, aManifest()])))
        const before = repository.count()
        const answers = await Promise.all(
          files.map((file) => delivery.deliver(anOrder({ target: aGitTarget({ file }) }))),
        )
        expect(answers.map((answer) => answer.ok && answer.value.status)).toEqual(files.map(() => 'changed'))
        expect(repository.count()).toBe(before + files.length)
        expect(files.map((file) => repository.file(file))).toEqual(files.map(() => aManifest(written(IMAGE))))
      })
    })

    it.each([
      ['a file that is not there', aGitTarget({ file: 'apps/none.yaml' }), 'target-missing'],
      ['a folder', aGitTarget({ file: 'apps' }), 'path-refused'],
      ['a path through a file', aGitTarget({ file: `${FILE}/x.yaml` }), 'target-missing'],
      ['a file without the image', aGitTarget({ file: 'apps/other.yaml' }), 'image-missing'],
      ['a repository that is not configured', aGitTarget({ git: 'nowhere' }), 'target-missing'],
    ])('answers for %s', async (_title, target, reason) => {
      await setUp()
      expect(await delivery.deliver(anOrder({ target }))).toMatchObject({ ok: false, error: { reason } })
      expect(await delivery.observe(target, NAME)).toMatchObject({ ok: false, error: { reason } })
    })

    it('answers for a base that is not there', async () => {
      await setUp({ [FILE]: aManifest() }, 'none')
      expect(await delivery.deliver(anOrder())).toMatchObject({ ok: false, error: { reason: 'target-missing' } })
    })

    it.each([
      ['twice', `${aManifest()}---\n${aManifest('registry.example.com/acme/payments:1.3.0')}`, 'image-ambiguous'],
      ['in broken YAML', `a: [\n  image: ${OLD}\n`, 'unparsable'],
    ])('answers for a file that holds the image %s', async (_title, content, reason) => {
      await setUp({ [FILE]: content })
      expect(await delivery.deliver(anOrder())).toMatchObject({ ok: false, error: { reason } })
    })

    it('refuses a file that is larger than a person writes', async () => {
      await setUp({ [FILE]: `${aManifest()}${'# filler\n'.repeat(130_000)}` })
      expect(await delivery.deliver(anOrder())).toMatchObject({ ok: false, error: { reason: 'unsafe-edit' } })
    })

    describe('CVE-2022-24348, CVE-2022-24731, CVE-2022-24877, CVE-2023-40026, CVE-2026-33211, CVE-2026-40923, CVE-2026-47680: a path that leads elsewhere', () => {
      it('is refused before anything is read', async () => {
        await setUp()
        expect(await reasonsFor(delivery, LEAVING)).toEqual(LEAVING.map((file) => [file, 'path-refused']))
      })

      it.each([
        ['a symbolic link', { [FILE]: { mode: '120000', content: 'other.yaml' } }, FILE],
        ['a symbolic link to workflows', { ci: { mode: '120000', content: '.github' } }, 'ci/workflows/x.yaml'],
        ['a submodule', { module: { mode: '160000', content: 'a'.repeat(40) } }, 'module/x.yaml'],
      ] as const)('is refused: %s', async (_title, files, file) => {
        await setUp(files)
        const head = repository.head()
        const answer = await delivery.deliver(anOrder({ target: aGitTarget({ file }) }))
        expect(answer).toMatchObject({ ok: false, error: { reason: 'path-refused' } })
        expect(repository.head()).toBe(head)
      })

      it('is taken by the letter', async () => {
        await setUp()
        expect(await reasonsFor(delivery, LITERAL)).toEqual(LITERAL.map((file) => [file, 'target-missing']))
      })
    })

    it('writes a message whose only trailer is ours', async () => {
      await setUp()
      const reason = 'x\n\nSigned-off-by: Eve <eve@example.com>\r\nfixes #1 @acme/all [skip ci]'
      await delivery.deliver(anOrder({ reason }))
      const message = repository.message()
      expect(message.split('\n')[0]).toBe('Deliver acme/payments:1.5.0 to prod')
      expect(repository.git(['interpret-trailers', '--parse'], message)).toBe(
        `Drayage-Promotion: payments/prod/${IMAGE.digest}#1`,
      )
      expect(message).toContain(IMAGE.digest)
      expect(message).not.toMatch(/#1 |@acme|\[skip/u)
    })
  })
}

function reasonsFor(delivery: Delivery, files: readonly string[]): Promise<[string, string][]> {
  return Promise.all(
    files.map(async (file): Promise<[string, string]> => {
      const answer = await delivery.deliver(anOrder({ target: aGitTarget({ file }) }))
      return [file, answer.ok ? answer.value.status : answer.error.reason]
    }),
  )
}
