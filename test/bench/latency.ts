/** From a push's event to the commit on loopback, against the sum of the requests that it cannot do without; start and memory. */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { assemblePorts } from '../../src/assemble.ts'
import { configOptions } from '../../src/cli/config-options.ts'
import { createGuardedFetch } from '../../src/clients/address-guard.ts'
import { createSignedEcr } from '../../src/clients/aws/ecr.ts'
import { createHttp } from '../../src/clients/http.ts'
import { createCluster } from '../../src/clients/kubernetes-configured.ts'
import { loadConfig } from '../../src/config/load.ts'
import { createSecrets } from '../../src/config/secrets.ts'
import { createGitDelivery } from '../../src/delivery/git.ts'
import type { Measurement } from '../../src/domain/measure.ts'
import { createLoop } from '../../src/loop.ts'
import type { Ports } from '../../src/pipeline.ts'
import { openSqlite } from '../../src/state/sqlite.ts'
import { anAcceptedEvent } from '../helpers/build.ts'
import { createRepository } from '../helpers/git-repository.ts'
import type { BenchRow } from './row.ts'

const PUSHES = 15
const STARTS = 5
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname

export async function bench(): Promise<readonly BenchRow[]> {
  return [await pushToCommit(), ...(await startAndMemory())]
}

async function pushToCommit(): Promise<BenchRow> {
  const registry = await startRegistry()
  const image = `${registry.host}/acme/app`
  const repository = createRepository({ 'app.yaml': `image: ${image}:1.0.0\n` })
  const text = `version: 1
registries: { local: { host: "${registry.host}", insecure: true } }
git: { gitops: { url: "${repository.path}" } }
subscriptions: { app: { image: "${image}", tags: { semver: "1.x" }, verify: none, stages: { prod: { git: gitops, file: app.yaml } } } }
`
  const loaded = await loadConfig(text, configOptions)
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join('\n'))
  const { config } = loaded.value.loaded
  const folder = mkdtempSync(join(tmpdir(), 'drayage-bench-'))
  const state = await openSqlite(join(folder, 'state.db'))
  const needed = { ms: 0 }
  let onDelivered = (): void => {}
  const measure = (measurement: Measurement): void => {
    if (measurement.kind === 'effect' && measurement.effect === 'deliver') needed.ms += measurement.seconds * 1_000
    if (measurement.kind === 'delivered') onDelivered()
  }
  const now = (): number => performance.timeOrigin + performance.now()
  const whole = (): number => Math.floor(now())
  const secretOf = createSecrets({ env: {}, readFile: async (path) => readFileSync(path, 'utf8'), now: whole })
  const http = createHttp({
    fetch: createGuardedFetch(),
    now,
    random: Math.random,
    onCall: ({ durationMs }) => (needed.ms += durationMs),
  })
  const plainGit = createGitDelivery({
    git: config.git,
    secretOf,
    tempDir: folder,
    now: whole,
    environment: process.env,
  })
  const silent = (): void => {}
  const clusterOf = () => createCluster({ inCluster: true }, { now: whole, readFile: async () => '' })
  const platform = { env: {}, readFile: async () => '', createEcr: createSignedEcr }
  const ports: Ports = {
    ...state,
    ...assemblePorts({
      config,
      clusterOf,
      plainGit,
      http,
      secretOf,
      random: Math.random,
      now: whole,
      measure,
      platform,
    }),
    wake: (id, at) => loop.wake(id, at),
    config: () => loaded.value.loaded,
    now: whole,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    measure,
  }
  const loop = createLoop(() => ports)
  const totals: number[] = []
  const sums: number[] = []
  for (let push = 0; push <= PUSHES; push += 1) {
    const tag = `1.${push + 1}.0`
    await registry.pushImage('acme/app', tag)
    needed.ms = 0
    const delivered = new Promise<void>((resolve) => (onDelivered = resolve))
    const started = performance.now()
    const repositoryName = 'acme/app'
    await state.inbox.put([
      anAcceptedEvent({
        id: `local/${push}`,
        source: 'local',
        receivedAt: whole(),
        event: { id: String(push), registry: null, repository: repositoryName, tag },
      }),
    ])
    loop.poke()
    await delivered
    // The first one looks at the target before it acts.
    if (push === 0) continue
    totals.push(performance.now() - started)
    sums.push(needed.ms)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await loop.stop()
  await plainGit.close()
  await registry.close()
  state.close()
  repository.close()
  const ratios = totals.map((total, index) => total / (sums[index] ?? total))
  return {
    name: 'push to commit : its registry requests and its delivery',
    ratio: median(ratios),
    aim: '≤ 1.15',
    detail: `${median(totals).toFixed(1)} : ${median(sums).toFixed(1)} ms (HEAD, GET, then fetch, commit and push with git)`,
  }
}

async function startAndMemory(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-bench-'))
  const config = join(folder, 'drayage.yaml')
  const starts: number[] = []
  const empties: number[] = []
  let memory = 0
  for (let index = 0; index < STARTS; index += 1) {
    const port = 20_000 + Math.floor(Math.random() * 20_000)
    writeFileSync(
      config,
      `version: 1\nserver: { listen: "127.0.0.1:${port}", api: { listen: "127.0.0.1:0" }, state: "${join(folder, `${index}.db`)}" }\n`,
    )
    const began = performance.now()
    const child = spawn(process.execPath, [MAIN, 'serve', '--config', config], { stdio: 'ignore' })
    while ((await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.ok !== true)
      await new Promise((resolve) => setTimeout(resolve, 5))
    starts.push(performance.now() - began)
    memory = Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024
    child.kill('SIGKILL')
    const emptyBegan = performance.now()
    await new Promise((resolve) => spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }).on('exit', resolve))
    empties.push(performance.now() - emptyBegan)
  }
  const [start, empty] = [median(starts), median(empties)]
  return [
    {
      name: 'start to first answer : an empty Node process',
      ratio: start / empty,
      aim: '-',
      detail: `${start.toFixed(0)} : ${empty.toFixed(0)} ms; ${memory.toFixed(0)} MB resident`,
    },
  ]
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
