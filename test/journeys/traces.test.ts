/** A push seen by a collector: one trace from the hook to the end at each stage. */

import { afterEach, expect, it } from 'vitest'
import { startRegistry } from '../../src/cli/demo/registry.ts'
import { startCollector } from '../helpers/collector.ts'
import { createRepository } from '../helpers/git-repository.ts'
import { eventually, freePort, startService } from '../helpers/service.ts'

const SECRET = 'Bearer CANARY-hook'
const cleanup: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step()
})

it('is one trace: the event, its deliveries, its promotions', async () => {
  const collector = await startCollector()
  cleanup.push(collector.close)
  const port = await freePort()
  const registry = await startRegistry({
    notify: { url: `http://127.0.0.1:${port}/hooks/local`, headers: { authorization: SECRET } },
  })
  cleanup.push(() => registry.close())
  const image = `${registry.host}/acme/app`
  const repository = createRepository({ 'dev.yaml': `image: ${image}:1.0.0\n`, 'prod.yaml': `image: ${image}:1.0.0\n` })
  cleanup.push(() => repository.close())
  const yaml = `registries:
  local: { host: "${registry.host}", insecure: true, events: { type: distribution, secret: env:HOOK } }
git: { gitops: { url: ${repository.path} } }
subscriptions:
  app:
    image: ${image}
    tags: { semver: ">=1" }
    verify: none
    stages: { dev: { git: gitops, file: dev.yaml }, prod: { git: gitops, file: prod.yaml, after: dev } }
`
  const service = await startService({ yaml, env: { HOOK: SECRET, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, port })
  cleanup.push(() => service.remove())
  await registry.pushImage('acme/app', '1.1.0')
  await eventually('it is healthy everywhere', async () => {
    const { entries } = await service.client.history({ subscription: 'app' })
    return entries.filter(({ kind }) => kind === 'healthy').length === 2
  })
  await service.stop()
  expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(1)
  const names = collector.spans.map(({ name }) => name).toSorted()
  expect(names).toEqual(['check-health', 'check-health', 'deliver', 'deliver', 'event', 'promotion', 'promotion'])
  const event = collector.spans.find(({ name }) => name === 'event')
  expect(collector.spans.filter((span) => span !== event).map(({ parentSpanId }) => parentSpanId)).toEqual(
    Array.from({ length: 6 }, () => event?.spanId),
  )
  expect(collector.text()).not.toContain('CANARY')
})
