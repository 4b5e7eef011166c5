/** A push seen by a collector, on platforms where nothing runs between invocations: one trace from the hook to the healthy end. */

import { describe, expect, it } from 'vitest'
import { attributeOf, startCollector } from '../../helpers/collector.ts'
import { eventually } from '../../helpers/service.ts'
import type { StartPlatform } from './platform.ts'
import { startWorld } from './world.ts'

const TIMEOUT_MS = 240_000

export function describeTraces(name: string, start: StartPlatform): void {
  describe(name, () => {
    it(
      'sends one trace for a push, from its receipt to its healthy end, and the log names the same event',
      async () => {
        const collector = await startCollector()
        const traced: StartPlatform = ({ config, secrets }) =>
          start({
            config,
            secrets: {
              ...secrets,
              OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
              OTEL_EXPORTER_OTLP_HEADERS: 'env:OTLP_HEADERS',
              OTLP_HEADERS: 'x-api-key=CANARY%20key',
            },
          })
        const world = await startWorld(traced, { traced: { prod: { merge: 'when-approved' } } })
        try {
          const scene = world.scene('traced')
          await scene.push('1.1.0')
          expect(await scene.tell('1.1.0', { id: 'traced-1' })).toMatchObject({ outcome: 'stored' })
          await scene.recorded('it is healthy', ({ kind }) => kind === 'healthy')
          const healthy = () =>
            collector.spans.find((span) => span.name === 'promotion' && attributeOf(span, 'end') === 'healthy')
          await eventually('the collector has its end', async () => healthy() !== undefined)
          const event = collector.spans.find((span) => span.name === 'event')
          const own = collector.spans.filter(({ traceId }) => traceId === event?.traceId)
          expect(own).toContain(healthy())
          expect(own.map((span) => span.name)).toEqual(expect.arrayContaining(['event', 'propose', 'promotion']))
          for (const span of own.filter((one) => one !== event)) expect(span.parentSpanId).toBe(event?.spanId)
          expect(collector.headers.map((headers) => headers['x-api-key'])).toContain('CANARY key')
          expect(collector.text()).not.toContain('CANARY')
          const lines = world.platform.log().split('\n')
          for (const what of ['event settled', 'promotion-opened', 'healthy']) {
            const line = lines.find((one) => one.includes(`"event":"${what}"`))
            expect(line, what).toContain('traced-1')
          }
        } finally {
          await world.stop()
          collector.close()
        }
      },
      TIMEOUT_MS,
    )
  })
}
