/** What every way of bringing several promotions in one commit does: each adapter runs this on a real bare repository. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Fate } from '../../src/domain/answer.ts'
import { PinnedImage } from '../../src/domain/image.ts'
import type { Result } from '../../src/domain/result.ts'
import type { Cargo, Cargos, ProposalFailure } from '../../src/delivery/delivery.ts'
import { createRepository, type Entry, type GitRepository } from '../helpers/git-repository.ts'
import { aGitTarget, aManifest, anOrder } from '../helpers/order.ts'

export type Together = {
  bring(cargos: Cargos): Promise<Result<{ readonly fates: readonly Fate[] }, ProposalFailure>>
  /** Where the commit is found. */
  readonly branch: string
  close(): Promise<void>
}
export type MakeTogether = (repository: GitRepository) => Promise<Together>

const MANY = 25
const HOST = 'registry.example.com'

export function imageOf(name: string, tag = '2'): PinnedImage {
  const hex = Buffer.from(`${name}${tag}`).toString('hex').padEnd(64, '0').slice(0, 64)
  return PinnedImage.parse({ registry: HOST, repository: `acme/${name}`, tag, digest: `sha256:${hex}` })
}

export function writtenOf(name: string, tag?: string): string {
  const image = imageOf(name, tag)
  return `${HOST}/acme/${name}:${image.tag}@${image.digest}`
}

export function cargoOf(name: string, parts: Partial<Cargo> = {}): Cargo {
  const { target: _target, ...order } = anOrder()
  const image = imageOf(name)
  const targets = [aGitTarget({ file: `apps/${name}.yaml` })] as const
  const promotion = `${name}/prod/${image.digest}#1`
  const expected = [`${HOST}/acme/${name}:1`]
  return { ...order, subscription: name, promotion, wish: { kind: 'pinned', image }, expected, targets, ...parts }
}

function manifestsOf(...names: readonly string[]): Record<string, Entry> {
  return Object.fromEntries(names.map((name) => [`apps/${name}.yaml`, aManifest(`${HOST}/acme/${name}:1`)]))
}

/** One file that two of them have an image in. */
const SHARED = `# kept by people
images:
  - name: ${HOST}/acme/ledger
    newTag: "1"   # of the ledger
  - name: ${HOST}/acme/reports
    newTag: "1"
`

const fatesOf = (answer: Awaited<ReturnType<Together['bring']>>): Record<string, string> =>
  Object.fromEntries(
    (answer.ok ? answer.value.fates : []).map((one) => [
      one.promotion.split('/')[0] ?? '',
      one.fate === 'stopped' ? one.reason : one.fate,
    ]),
  )

export function describeTogether(title: string, make: MakeTogether): void {
  describe(title, () => {
    let repository: GitRepository
    let together: Together

    const setUp = async (
      files: Record<string, Entry> = manifestsOf('ledger', 'payments', 'reports'),
    ): Promise<void> => {
      repository = createRepository({ 'README.md': 'hello\n', ...files })
      together = await make(repository)
    }
    const commits = (): number => repository.count(together.branch)
    const all: Cargos = [cargoOf('ledger'), cargoOf('payments'), cargoOf('reports')]

    beforeEach(() => setUp())
    afterEach(async () => {
      await together.close()
      repository.close()
    })
    const startOver = async (files: Record<string, Entry>): Promise<void> => {
      await together.close()
      repository.close()
      await setUp(files)
    }

    it('is one commit upon the base, with a trailer for each', async () => {
      const before = repository.head()
      expect(fatesOf(await together.bring(all))).toEqual({ ledger: 'aboard', payments: 'aboard', reports: 'aboard' })
      expect(repository.git(['rev-parse', `${together.branch}^`])).toBe(before)
      expect(repository.changedFiles(together.branch)).toEqual([
        'apps/ledger.yaml',
        'apps/payments.yaml',
        'apps/reports.yaml',
      ])
      expect(repository.file('apps/payments.yaml', together.branch)).toBe(aManifest(writtenOf('payments')))
      const trailers = repository.git([
        'log',
        '-1',
        '--format=%(trailers:key=Drayage-Promotion,valueonly)',
        together.branch,
      ])
      expect(trailers.split('\n').filter((line) => line !== '')).toEqual(all.map(({ promotion }) => promotion))
      expect(repository.git(['log', '-1', '--format=%s', together.branch])).toBe('Deliver 3 images to prod')
    })

    it('composes what goes into one file', async () => {
      await startOver({ 'apps/all.yaml': SHARED })
      const into = (name: string): Cargo =>
        cargoOf(name, { targets: [aGitTarget({ file: 'apps/all.yaml' })], expected: null })
      const answer = await together.bring([into('ledger'), into('reports')])
      expect(fatesOf(answer)).toEqual({ ledger: 'aboard', reports: 'aboard' })
      const text = repository.file('apps/all.yaml', together.branch)
      for (const name of ['ledger', 'reports']) expect(text).toContain(imageOf(name).digest)
      expect(text).toContain('# kept by people')
      expect(text).toContain('# of the ledger')
      const diffs = answer.ok ? answer.value.fates.map((fate) => (fate.fate === 'aboard' ? fate.diff : '')) : []
      expect(diffs[0]).not.toContain(imageOf('reports').digest)
      expect(diffs[1]).toContain(imageOf('reports').digest)
    })

    it.each<{ why: string; reason: string; change: () => Record<string, Entry> }>([
      {
        why: 'a person changed its file',
        reason: 'moved',
        change: () => ({ 'apps/payments.yaml': aManifest(`${HOST}/acme/payments:hand`) }),
      },
      {
        why: 'its file has another image',
        reason: 'image-missing',
        change: () => ({ 'apps/payments.yaml': aManifest(`${HOST}/acme/other:1`) }),
      },
      {
        why: 'its file is a link',
        reason: 'path-refused',
        change: () => ({ 'apps/payments.yaml': { mode: '120000', content: 'ledger.yaml' } }),
      },
    ])('stops one alone where $why', async ({ reason, change }) => {
      await startOver({ ...manifestsOf('ledger', 'reports'), ...change() })
      expect(fatesOf(await together.bring(all))).toEqual({ ledger: 'aboard', payments: reason, reports: 'aboard' })
      expect(repository.changedFiles(together.branch)).toEqual(['apps/ledger.yaml', 'apps/reports.yaml'])
    })

    it('stops one alone whose file is not there', async () => {
      await startOver(manifestsOf('ledger', 'reports'))
      expect(fatesOf(await together.bring(all))).toMatchObject({ payments: 'target-missing', reports: 'aboard' })
    })

    it('brings of one with several files all or nothing', async () => {
      const targets = [aGitTarget({ file: 'apps/payments.yaml' }), aGitTarget({ file: 'apps/none.yaml' })] as const
      const answer = await together.bring([cargoOf('ledger'), cargoOf('payments', { targets })])
      expect(fatesOf(answer)).toEqual({ ledger: 'aboard', payments: 'target-missing' })
      expect(repository.changedFiles(together.branch)).toEqual(['apps/ledger.yaml'])
    })

    it('changes nothing the second time', async () => {
      await together.bring(all)
      const head = repository.head(together.branch)
      expect((await together.bring(all)).ok).toBe(true)
      expect(repository.head(together.branch)).toBe(head)
    })

    it('says who is there already', async () => {
      repository.commit({ 'apps/payments.yaml': aManifest(writtenOf('payments')) })
      expect(fatesOf(await together.bring(all))).toEqual({ ledger: 'aboard', payments: 'there', reports: 'aboard' })
    })

    it('of whom all are there is no commit', async () => {
      repository.commit(
        Object.fromEntries(
          ['ledger', 'payments', 'reports'].map((name) => [`apps/${name}.yaml`, aManifest(writtenOf(name))]),
        ),
      )
      const head = repository.head()
      expect(fatesOf(await together.bring(all))).toEqual({ ledger: 'there', payments: 'there', reports: 'there' })
      expect(repository.head()).toBe(head)
    })

    it('of whom none can be brought is no commit, and each says why', async () => {
      const gone: Cargos = [cargoOf('none'), cargoOf('nothing')]
      const head = repository.head()
      expect(fatesOf(await together.bring(gone))).toEqual({ none: 'target-missing', nothing: 'target-missing' })
      expect(repository.head()).toBe(head)
    })

    it.each([0, 1])('is stopped by a lease that ended, after %i questions', async (heldFor) => {
      let asked = 0
      const stillHeld = (): boolean => (asked += 1) <= heldFor * 3
      const [first, ...others] = all
      const answer = await together.bring([
        { ...first, stillHeld },
        ...others.map((cargo) => ({ ...cargo, stillHeld })),
      ])
      expect(answer).toMatchObject({ ok: false, error: { reason: 'fenced' } })
    })

    it('goes again upon a base that moved meanwhile', async () => {
      let isDone = false
      const stillHeld = (): boolean => {
        if (!isDone) repository.commit({ 'README.md': 'changed\n' })
        isDone = true
        return true
      }
      const [first, ...others] = all
      expect((await together.bring([{ ...first, stillHeld }, ...others])).ok).toBe(true)
      expect(repository.file('apps/reports.yaml', together.branch)).toBe(aManifest(writtenOf('reports')))
    })

    it('of many is one commit all the same', async () => {
      const names = Array.from({ length: MANY }, (_, index) => `app-${index}`)
      await startOver(manifestsOf(...names))
      const before = repository.count()
      const [first = cargoOf('none'), ...others] = names.map((name) => cargoOf(name))
      const answer = await together.bring([first, ...others])
      expect(Object.values(fatesOf(answer)).filter((fate) => fate === 'aboard')).toHaveLength(MANY)
      expect(commits()).toBe(before + 1)
      expect(repository.changedFiles(together.branch)).toHaveLength(MANY)
    })

    it.each(['../x.yaml', '.git/config', '.github/workflows/x.yaml'])(
      'leaves the repository for nobody: %s',
      async (file) => {
        const answer = await together.bring([
          cargoOf('ledger'),
          cargoOf('payments', { targets: [aGitTarget({ file })] }),
        ])
        expect(answer).toMatchObject({ ok: false, error: { reason: 'path-refused' } })
        expect(repository.count()).toBe(1)
      },
    )

    it('is of one repository', async () => {
      const answer = await together.bring([
        cargoOf('ledger'),
        cargoOf('payments', { targets: [aGitTarget({ git: 'other' })] }),
      ])
      expect(answer).toMatchObject({ ok: false, error: { reason: 'target-missing' } })
    })
  })
}
