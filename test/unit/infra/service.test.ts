/** The service base for Kubernetes: what its parts promise each other, and what an attacker in the pod would find. */

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { configOptions } from '../../../src/cli/config-options.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { formatProblem } from '../../../src/config/problem.ts'
import { readContainerfile } from '../../helpers/container.ts'
import { loaded } from '../../helpers/config.ts'
import { fencesOf } from '../../helpers/fences.ts'
import { kustomizationOf, kustomize, type Manifest, resourcesOf } from '../../helpers/manifests.ts'

const FOLDER = 'infra/kubernetes/service'
const resources = resourcesOf(FOLDER)
const of = (kind: string, name = 'drayage'): Manifest => {
  const found = resources.find((resource) => resource.kind === kind && resource.metadata.name === name)
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`)
  return found
}

const Labels = z.record(z.string(), z.string())
const Probe = z.looseObject({ httpGet: z.object({ path: z.string(), port: z.string() }) })
const Container = z.looseObject({
  image: z.string(),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  envFrom: z.array(z.object({ secretRef: z.object({ name: z.string() }) })),
  securityContext: z.unknown(),
  startupProbe: Probe,
  readinessProbe: Probe,
  livenessProbe: Probe,
  lifecycle: z.object({ preStop: z.object({ exec: z.object({ command: z.array(z.string()) }) }) }),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() })),
})
const Deployment = z.object({
  replicas: z.number(),
  strategy: z.unknown(),
  selector: z.object({ matchLabels: Labels }),
  template: z.object({
    metadata: z.object({ labels: Labels }),
    spec: z.looseObject({
      serviceAccountName: z.string(),
      securityContext: z.unknown(),
      terminationGracePeriodSeconds: z.number(),
      containers: z.tuple([Container]),
      volumes: z.array(z.looseObject({ name: z.string() })),
    }),
  }),
})
const deployment = Deployment.parse(of('Deployment')['spec'])
const { spec: pod, metadata } = deployment.template
const [container] = pod.containers
const config = await loaded(readFileSync(`${FOLDER}/drayage.yaml`, 'utf8'))
const portOf = (name: string) => container.ports.find((port) => port.name === name)?.containerPort

describe('the pods', () => {
  it('run as nobody, on a root that nobody can write, with no rights of the kernel', () => {
    expect(pod.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(Object.keys(pod).filter((key) => key.startsWith('host'))).toEqual([])
  })

  it('run as the image does, with its folders mounted', () => {
    const { user, folder, command } = readContainerfile()
    expect(user).toBe('65532:65532')
    expect(container.volumeMounts.map(({ name, mountPath, readOnly }) => [name, mountPath, readOnly])).toEqual([
      ['config', '/etc/drayage', true],
      ['work', folder, undefined],
    ])
    expect(container).not.toHaveProperty('command')
    expect(command).toContain('/etc/drayage/drayage.yaml')
    expect(container.lifecycle.preStop.exec.command[0]).toBe(command[0])
  })

  it('are two, and one of them is always there', () => {
    expect(deployment.replicas).toBe(2)
    expect(deployment.strategy).toEqual({ rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } })
    expect(of('PodDisruptionBudget')['spec']).toMatchObject({ minAvailable: 1, selector: deployment.selector })
  })

  it('are asked where they answer', () => {
    expect([container.startupProbe, container.readinessProbe].map(({ httpGet }) => httpGet)).toEqual([
      { path: '/readyz', port: 'hooks' },
      { path: '/readyz', port: 'hooks' },
    ])
    expect(container.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'hooks' })
  })

  it('have time to end what is under way', () => {
    const pauseMs = Number(/(?<ms>\d+)\)$/u.exec(container.lifecycle.preStop.exec.command.at(-1) ?? '')?.groups?.['ms'])
    expect(pauseMs).toBe(5_000)
    expect(pod.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(pauseMs + 30_000)
  })

  it('have the account of the access folder, and labels that every selector finds', () => {
    expect(pod.serviceAccountName).toBe(of('ServiceAccount').metadata.name)
    const selector = deployment.selector.matchLabels
    expect(metadata.labels).toMatchObject(selector)
    for (const name of ['drayage-hooks', 'drayage-api']) {
      expect(of('Service', name)['spec']).toMatchObject({ selector })
    }
    expect(of('NetworkPolicy')['spec']).toMatchObject({ podSelector: { matchLabels: selector } })
  })
})

describe('the configuration', () => {
  it('listens where the ports are, on all addresses, with state that both share', () => {
    const { listen, apiListen, state } = config.loaded.config.server
    expect([listen, apiListen]).toEqual([`0.0.0.0:${portOf('hooks')}`, `0.0.0.0:${portOf('api')}`])
    expect(state).toEqual({ postgres: 'env:DATABASE_URL', connections: 10 })
  })

  it('is mounted from what is generated, and its secrets come from one Secret', () => {
    const [generated] = kustomizationOf(FOLDER).configMapGenerator ?? []
    expect(generated).toEqual({ name: 'drayage', namespace: 'drayage', files: ['drayage.yaml'] })
    expect(pod.volumes).toMatchObject([
      { name: 'config', configMap: { name: 'drayage' } },
      { name: 'work', emptyDir: { medium: 'Memory' } },
    ])
    expect(container.envFrom).toEqual([{ secretRef: { name: 'drayage' } }])
  })
})

describe('the network', () => {
  const Policy = z.object({
    policyTypes: z.array(z.string()),
    ingress: z.array(
      z.looseObject({ from: z.array(z.unknown()).optional(), ports: z.array(z.object({ port: z.string() })) }),
    ),
    egress: z.array(
      z.looseObject({
        to: z
          .array(z.looseObject({ ipBlock: z.object({ cidr: z.string(), except: z.array(z.string()) }).optional() }))
          .optional(),
      }),
    ),
  })
  const policy = Policy.parse(of('NetworkPolicy')['spec'])

  it('lets only those ask who are labelled for it', () => {
    expect(policy.policyTypes).toEqual(['Ingress', 'Egress'])
    const open = policy.ingress.filter(({ from }) => from === undefined)
    expect(open.flatMap(({ ports }) => ports.map(({ port }) => port))).toEqual(['hooks'])
    expect(policy.ingress.find(({ ports }) => ports[0]?.port === 'api')?.from).toEqual([
      { namespaceSelector: { matchLabels: { 'drayage.dev/may-ask': 'true' } } },
    ])
  })

  it("never leads to a cloud's metadata", () => {
    const blocks = policy.egress.flatMap(({ to }) => to ?? []).flatMap(({ ipBlock }) => ipBlock ?? [])
    expect(blocks.map(({ cidr, except }) => [cidr, except[0]])).toEqual([
      ['0.0.0.0/0', '169.254.0.0/16'],
      ['::/0', 'fe80::/10'],
    ])
  })
})

describe('docs/kubernetes.md', () => {
  const fences = fencesOf(readFileSync('docs/kubernetes.md', 'utf8')).filter(({ language }) => language === 'yaml')
  const [kustomization = '', own = ''] = fences.map(({ text }) => text)

  it('has a configuration that works in a container, with the lines that the base expects', async () => {
    const result = await loadConfig(own, { ...configOptions, platform: 'container' })
    if (!result.ok) throw new Error(result.error.map(formatProblem).join('\n'))
    const { listen, apiListen, state } = result.value.loaded.config.server
    const { server } = config.loaded.config
    expect({ listen, apiListen, state }).toEqual({
      listen: server.listen,
      apiListen: server.apiListen,
      state: server.state,
    })
  })

  it('names every secret that its configuration asks for', () => {
    const asked = new Set([...own.matchAll(/env:(?<name>\w+)/gu)].map(({ groups }) => groups?.['name'] ?? ''))
    const given = fencesOf(readFileSync('docs/kubernetes.md', 'utf8')).find(({ heading }) => heading === '3. Secrets')
    expect([...asked].filter((name) => given?.text.includes(`--from-literal=${name}=`) !== true)).toEqual([])
  })

  const folder = mkdtempSync(join(tmpdir(), 'drayage-guide-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  cpSync('infra', join(folder, 'infra'), { recursive: true })
  mkdirSync(join(folder, 'drayage'))
  writeFileSync(join(folder, 'drayage', 'kustomization.yaml'), kustomization)
  writeFileSync(join(folder, 'drayage', 'drayage.yaml'), own)
  const built = kustomize(join(folder, 'drayage'))
  it.skipIf(built === null)(`builds${built === null ? ' (skipped: no kubectl)' : ''}`, () => {
    const text = JSON.stringify(built)
    expect(text).toContain(`"image":"registry.example.com/drayage@sha256:${'0'.repeat(64)}"`)
    expect(built?.filter(({ kind }) => kind === 'ConfigMap').map((map) => map['data'])).toEqual([
      { 'drayage.yaml': own },
    ])
    expect(text).not.toContain('"image":"drayage"')
  })
})

describe('everything', () => {
  it('lives in one namespace', () => {
    const inside = resources.filter(({ kind }) => !/^(?:Namespace|ValidatingAdmissionPolicy(?:Binding)?)$/u.test(kind))
    expect(new Set(inside.map(({ metadata: { namespace } }) => namespace))).toEqual(new Set(['drayage']))
  })

  it('gives no right to Secrets, and none over the cluster', () => {
    const kinds = resources.map(({ kind }) => kind)
    expect(kinds).not.toContain('ClusterRole')
    expect(kinds).not.toContain('ClusterRoleBinding')
    expect(JSON.stringify(resources)).not.toContain('"secrets"')
  })

  const built = kustomize(FOLDER)
  it.skipIf(built === null)(`is what kubectl kustomize gives${built === null ? ' (skipped: no kubectl)' : ''}`, () => {
    const names = (all: readonly Manifest[]) => all.map(({ kind, metadata: { name } }) => `${kind}/${name}`).toSorted()
    const generated = (built ?? []).filter(({ kind }) => kind === 'ConfigMap')
    expect(generated.map(({ metadata: { name } }) => name)).toEqual([expect.stringMatching(/^drayage-[a-z0-9]{10}$/u)])
    expect(names((built ?? []).filter(({ kind }) => kind !== 'ConfigMap'))).toEqual(names(resources))
    const mounted = (built ?? []).find(({ kind }) => kind === 'Deployment')
    expect(JSON.stringify(mounted)).toContain(`"configMap":{"name":"${generated[0]?.metadata.name}"}`)
  })
})
