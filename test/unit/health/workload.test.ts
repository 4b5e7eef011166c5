/** A workload that another applies from Git: it runs our image by now, or not yet; only with our image can it fail. */

import { describe, expect, it } from 'vitest'
import { createClusterOver } from '../../../src/clients/kubernetes.ts'
import { checkWorkload } from '../../../src/health/workload.ts'
import { createMemoryCluster } from '../../helpers/memory-cluster.ts'

const DIGEST = `sha256:${'1'.repeat(64)}`
const IMAGE = `docker.io/acme/payments:1.4.3@${DIGEST}`
const PATH = '/apis/apps/v1/namespaces/shop/deployments/web'
const RULE = { cluster: 'dev', namespace: 'shop', workload: 'deployment/web', container: 'app' }
const WELL = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 }
const STUCK = {
  ...WELL,
  conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'too late' }],
}

const ask = (image: string | null, status: object = WELL, rule = RULE) => {
  const { objects, send } = createMemoryCluster({
    before: ({ path }) => (path.includes('/pods') ? { body: '{"metadata":{},"items":[]}' } : undefined),
  })
  const template = { spec: { containers: [{ name: 'app', image }] } }
  const metadata = { name: 'web', namespace: 'shop', generation: 1, resourceVersion: '1', uid: 'u' }
  if (image !== null)
    objects.set(PATH, { metadata, spec: { replicas: 1, selector: { matchLabels: {} }, template }, status })
  return checkWorkload({ clusters: new Map([['dev', createClusterOver(send)]]), now: Date.now }, rule, IMAGE)
}

describe('a workload that is applied from Git', () => {
  it.each<[string, string | null, object, string, RegExp]>([
    ['runs it', IMAGE, WELL, 'healthy', /./u],
    ['runs it, named without its tag', `docker.io/acme/payments@${DIGEST}`, WELL, 'healthy', /./u],
    ['runs it, from a mirror', `mirror.example.com/payments:x@${DIGEST}`, WELL, 'healthy', /./u],
    [
      'runs an older one',
      'docker.io/acme/payments:1.4.2',
      WELL,
      'progressing',
      /holds docker.io\/acme\/payments:1.4.2/u,
    ],
    ['runs another content of that tag', IMAGE.replace('1111', '2222'), WELL, 'progressing', /nobody has applied/u],
    ['holds its tag alone', 'docker.io/acme/payments:1.4.3', WELL, 'progressing', /nobody has applied/u],
    ['is stuck with an older one', 'docker.io/acme/payments:1.4.2', STUCK, 'progressing', /nobody has applied/u],
    ['is stuck with it', IMAGE, STUCK, 'failed', /too late/u],
    ['is not there yet', null, WELL, 'progressing', /not found/u],
  ])('%s', async (_title, image, status, state, detail) => {
    expect(await ask(image, status)).toEqual(expect.objectContaining({ state, detail: expect.stringMatching(detail) }))
  })

  it('in a cluster that nobody names any more has failed', async () => {
    expect(await ask(IMAGE, WELL, { ...RULE, cluster: 'gone' })).toMatchObject({ reason: 'target-missing' })
  })
})
