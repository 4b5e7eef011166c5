/** Measurements as Prometheus metrics. Every label is from the configuration or a union of ours, so their number is bounded. */

import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Measure, Measurement } from '../domain/measure.ts'

/** From a push's receipt to its image at the target: half a second to a day of waiting for a merge. */
const DELIVERY_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 28_800, 86_400]
const EFFECT_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export type Prometheus = {
  readonly measure: Measure
  /** `depth` is asked at each scrape: how many accepted events wait. */
  render(depth: number): Promise<{ readonly contentType: string; readonly text: string }>
}

export function createPrometheus(): Prometheus {
  const registry = new Registry()
  const registers = [registry]
  const events = new Counter({
    name: 'drayage_events_total',
    help: 'Requests and events by outcome',
    labelNames: ['source', 'outcome'],
    registers,
  })
  const settled = new Counter({
    name: 'drayage_events_settled_total',
    help: 'Accepted events by end',
    labelNames: ['source', 'outcome'],
    registers,
  })
  const decisions = new Counter({
    name: 'drayage_decisions_total',
    help: 'Entries of the history',
    labelNames: ['subscription', 'entry', 'reason'],
    registers,
  })
  const effects = new Histogram({
    name: 'drayage_effect_seconds',
    help: 'Effects performed',
    labelNames: ['effect', 'answer'],
    buckets: EFFECT_SECONDS,
    registers,
  })
  const delivered = new Histogram({
    name: 'drayage_delivery_seconds',
    help: "From a push event's receipt to its image at the target",
    labelNames: ['subscription', 'stage'],
    buckets: DELIVERY_SECONDS,
    registers,
  })
  const quota = new Gauge({
    name: 'drayage_registry_quota_remaining',
    help: "Requests left of a registry's rate limit, as it said last",
    labelNames: ['registry'],
    registers,
  })
  const sweeps = new Counter({
    name: 'drayage_sweeps_total',
    help: 'Own looks at repositories, and pushes found by them',
    labelNames: ['source', 'outcome'],
    registers,
  })
  const lost = new Counter({
    name: 'drayage_webhooks_lost_total',
    help: 'Pushes that the sweep found and no webhook had told of',
    labelNames: ['source'],
    registers,
  })
  const configurations = new Counter({
    name: 'drayage_configuration_reads_total',
    help: 'Looks at the repository that holds the configuration',
    labelNames: ['outcome'],
    registers,
  })
  const waiting = new Gauge({ name: 'drayage_inbox_waiting', help: 'Accepted events that wait', registers })

  const measure = (measurement: Measurement): void => {
    switch (measurement.kind) {
      case 'quota':
        return quota.set({ registry: measurement.registry }, measurement.remaining)
      case 'event':
        return events.inc({ source: measurement.source, outcome: measurement.outcome })
      case 'settled':
        return settled.inc({ source: measurement.source, outcome: measurement.outcome })
      case 'decision':
        return decisions.inc({
          subscription: measurement.subscription,
          entry: measurement.entry,
          reason: measurement.reason,
        })
      case 'effect':
        return effects.observe({ effect: measurement.effect, answer: measurement.answer }, measurement.seconds)
      case 'sweep':
        return sweeps.inc({ source: measurement.source, outcome: measurement.outcome })
      case 'webhook-lost':
        return lost.inc({ source: measurement.source })
      case 'configuration':
        return configurations.inc({ outcome: measurement.outcome })
      case 'delivered':
        return delivered.observe(
          { subscription: measurement.subscription, stage: measurement.stage },
          measurement.seconds,
        )
    }
  }
  return {
    measure,
    async render(depth) {
      waiting.set(depth)
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
  }
}
