import { describe, expect, it } from 'vitest'
import { createPrometheus } from '../../../src/clients/prometheus.ts'
import { handleRow } from '../../../src/settle.ts'
import { anAcceptedEvent } from '../../helpers/build.ts'
import { createWorld } from '../../helpers/world.ts'

async function seriesOf(prometheus: ReturnType<typeof createPrometheus>, depth = 0): Promise<readonly string[]> {
  const { text } = await prometheus.render(depth)
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

it('renders every metric with its type and its help, before anything happened', async () => {
  const { contentType, text } = await createPrometheus().render(7)
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/u)
  const types = [...text.matchAll(/^# TYPE (?<name>\S+) (?<type>\S+)$/gmu)].map(({ groups }) => [
    groups?.['name'],
    groups?.['type'],
  ])
  expect(types).toEqual([
    ['drayage_events_total', 'counter'],
    ['drayage_events_settled_total', 'counter'],
    ['drayage_decisions_total', 'counter'],
    ['drayage_effect_seconds', 'histogram'],
    ['drayage_delivery_seconds', 'histogram'],
    ['drayage_registry_quota_remaining', 'gauge'],
    ['drayage_sweeps_total', 'counter'],
    ['drayage_webhooks_lost_total', 'counter'],
    ['drayage_configuration_reads_total', 'counter'],
    ['drayage_inbox_waiting', 'gauge'],
  ])
  expect([...text.matchAll(/^# HELP \S+ \S/gmu)]).toHaveLength(types.length)
  expect(text).toContain('drayage_inbox_waiting 7\n')
})

it('counts events by outcome, decisions, effects, deliveries and their latency', async () => {
  const prometheus = createPrometheus()
  const { measure } = prometheus
  measure({ kind: 'event', source: 'hub', outcome: 'stored' })
  measure({ kind: 'event', source: 'hub', outcome: 'wrong-credential' })
  measure({ kind: 'event', source: 'hub', outcome: 'stored' })
  measure({ kind: 'settled', source: 'hub', outcome: 'dead' })
  measure({ kind: 'decision', subscription: 'payments', entry: 'offered', reason: 'newer' })
  measure({ kind: 'effect', effect: 'deliver', answer: 'delivered', seconds: 0.2 })
  measure({ kind: 'delivered', subscription: 'payments', stage: 'prod', seconds: 3 })
  const series = await seriesOf(prometheus)
  for (const line of [
    'drayage_events_total{source="hub",outcome="stored"} 2',
    'drayage_events_total{source="hub",outcome="wrong-credential"} 1',
    'drayage_events_settled_total{source="hub",outcome="dead"} 1',
    'drayage_decisions_total{subscription="payments",entry="offered",reason="newer"} 1',
    'drayage_effect_seconds_bucket{le="0.25",effect="deliver",answer="delivered"} 1',
    'drayage_effect_seconds_count{effect="deliver",answer="delivered"} 1',
    'drayage_delivery_seconds_bucket{le="2.5",subscription="payments",stage="prod"} 0',
    'drayage_delivery_seconds_bucket{le="5",subscription="payments",stage="prod"} 1',
    'drayage_delivery_seconds_sum{subscription="payments",stage="prod"} 3',
    'drayage_delivery_seconds_count{subscription="payments",stage="prod"} 1',
  ]) {
    expect(series).toContain(line)
  }
})

it('keeps two services of one process apart', async () => {
  const [one, other] = [createPrometheus(), createPrometheus()]
  one.measure({ kind: 'event', source: 'hub', outcome: 'stored' })
  expect((await seriesOf(other)).filter((line) => line.startsWith('drayage_events_total{'))).toEqual([])
})

describe('the number of series', () => {
  it('does not grow with what registries push (CVE-2026-49835)', async () => {
    const prometheus = createPrometheus()
    const world = createWorld()
    const ports = { ...world.ports, measure: prometheus.measure }
    const hear = async (tag: string, index: number): Promise<void> => {
      const event = { id: `hub/${index}`, tag, repository: `acme/${index % 2 === 0 ? 'payments' : `other-${index}`}` }
      const accepted = anAcceptedEvent({ id: event.id, event })
      await handleRow({ accepted, state: 'waiting', attempts: 1, walk: [] }, ports)
    }
    await hear('not-a-version', 0)
    await hear('1.0.0', 1)
    const before = (await seriesOf(prometheus)).length
    for (let index = 2; index < 10_000; index += 1) await hear(`tag-${index}.${'x'.repeat(index % 100)}`, index)
    const after = await seriesOf(prometheus)
    expect(after).toHaveLength(before)
    expect(after.join('\n')).not.toMatch(/tag-|other-/u)
  })

  it('does not grow with delivered versions', async () => {
    const prometheus = createPrometheus()
    const world = createWorld()
    Object.assign(world.ports, { measure: prometheus.measure })
    const sizes: number[] = []
    for (let version = 1; version <= 60; version += 1) {
      await world.push(`1.${version}.0`, version)
      await world.pass(60_000)
      sizes.push((await seriesOf(prometheus)).length)
    }
    expect(sizes.at(-1)).toBe(sizes[9])
    const delivered = (await seriesOf(prometheus)).filter((line) => line.startsWith('drayage_delivery_seconds_count'))
    expect(delivered).toEqual(['drayage_delivery_seconds_count{subscription="payments",stage="dev"} 60'])
  })

  it('does not grow with the words of a cluster', async () => {
    const prometheus = createPrometheus()
    const world = createWorld()
    Object.assign(world.ports, { measure: prometheus.measure })
    await world.push('1.0.1', 1)
    for (let version = 2; version <= 30; version += 1) {
      const digest = `sha256:${version.toString(16).padStart(64, '0')}`
      world.health.set(digest, { state: 'failed', reason: `Reason${version} \u001b[0m`, detail: 'x' })
      await world.push(`1.${version}.0`, version)
      await world.pass(3_600_000)
    }
    const series = await seriesOf(prometheus)
    expect(series.join('\n')).not.toContain('Reason')
    expect(new Set(series.filter((line) => line.startsWith('drayage_decisions_total'))).size).toBeLessThan(40)
  })
})
