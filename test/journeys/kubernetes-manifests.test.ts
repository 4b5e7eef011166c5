/** The manifests before a real API server: it knows every member that they name. A dry run: nothing is made. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestCluster, type TestCluster } from '../helpers/kubernetes.ts'
import { type Manifest, resourcesOf } from '../helpers/manifests.ts'

const kubeconfig = process.env['KUBECONFIG'] ?? ''
/** Younger than the API server that can be built here (1.20): their structure and CEL are shown by `test/unit/infra`. */
const TOO_YOUNG = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding']
/** `policy/v1` is of 1.21; the beta before it has the same members. */
const OLDER_VERSIONS: Readonly<Record<string, string>> = { 'policy/v1': 'policy/v1beta1' }

const manifests = [...resourcesOf('infra/kubernetes/service'), ...resourcesOf('infra/kubernetes/access')].filter(
  ({ kind }) => kind !== 'Namespace' && !TOO_YOUNG.includes(kind),
)

describe.skipIf(kubeconfig === '')(`a real API server${kubeconfig === '' ? ' (skipped: no KUBECONFIG)' : ''}`, () => {
  let test: TestCluster
  beforeAll(async () => {
    test = await openTestCluster(kubeconfig)
  })
  afterAll(() => test.close())

  it.each(manifests.map((manifest) => ({ title: `${manifest.kind} ${manifest.metadata.name}`, manifest })))(
    'takes $title as it is',
    async ({ manifest }) => {
      const taken = await make(manifest)
      expect(taken.status, JSON.stringify(taken.body)).toBe(201)
      // A member that it does not know, it drops without a word.
      const { apiVersion: _, ...sent } = manifest
      expect(taken.body).toMatchObject({ ...sent, metadata: { ...sent.metadata, namespace: test.namespace } })
    },
  )

  async function make(manifest: Manifest): Promise<{ status: number; body: Record<string, unknown> }> {
    const plural = pluralOf(manifest.kind)
    const object = { ...manifest, metadata: { ...manifest.metadata, namespace: test.namespace } }
    const ask = (apiVersion: string) => {
      const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
      return test.ask('POST', `${root}/namespaces/${test.namespace}/${plural}?dryRun=All`, { ...object, apiVersion })
    }
    const first = await ask(manifest.apiVersion)
    const older = OLDER_VERSIONS[manifest.apiVersion]
    return first.status === 404 && older !== undefined ? ask(older) : first
  }
})

function pluralOf(kind: string): string {
  const lower = kind.toLowerCase()
  return lower.endsWith('y') ? `${lower.slice(0, -1)}ies` : `${lower}s`
}
