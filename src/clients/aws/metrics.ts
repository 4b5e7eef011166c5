/**
 * Measurements for CloudWatch, as log lines that it counts by itself.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */

import type { Measure, Measurement } from '../../domain/measure.ts'

const NAMESPACE = 'Drayage'

/** By the measurement's kind. Each set of labels is a metric that AWS bills; what is finer is in the lines, for Logs Insights. */
const METRICS: Readonly<Record<Measurement['kind'], { readonly name: string; readonly by: readonly string[] }>> = {
  event: { name: 'events', by: ['outcome'] },
  settled: { name: 'settlements', by: ['outcome'] },
  decision: { name: 'decisions', by: ['entry'] },
  effect: { name: 'effects', by: ['effect', 'answer'] },
  sweep: { name: 'sweeps', by: ['outcome'] },
  'webhook-lost': { name: 'webhooksLost', by: ['source'] },
  configuration: { name: 'configurationReads', by: ['outcome'] },
  delivered: { name: 'deliveries', by: ['stage'] },
  quota: { name: 'registryQuotaRemaining', by: ['registry'] },
}

export function createMetrics(write: (line: string) => void, now: () => number): Measure {
  return ({ kind, ...labels }) => {
    const { name, by } = METRICS[kind]
    const isTimed = 'seconds' in labels
    const Metrics = [{ Name: name, Unit: 'Count' }, ...(isTimed ? [{ Name: `${name}Seconds`, Unit: 'Seconds' }] : [])]
    const CloudWatchMetrics = [{ Namespace: NAMESPACE, Dimensions: [by], Metrics }]
    const values = {
      [name]: 'remaining' in labels ? labels.remaining : 1,
      ...(isTimed ? { [`${name}Seconds`]: labels.seconds } : {}),
    }
    write(`${JSON.stringify({ _aws: { Timestamp: now(), CloudWatchMetrics }, ...labels, ...values })}\n`)
  }
}
