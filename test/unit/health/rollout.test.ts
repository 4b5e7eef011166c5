import { describe, expect, it } from 'vitest'
import type { RolloutKind } from '../../../src/clients/kubernetes-kinds.ts'
import { KubernetesObject } from '../../../src/clients/kubernetes-object.ts'
import { rolloutOf, runningOf } from '../../../src/health/rollout.ts'

type Row = { case: string; spec?: object; status?: object; metadata?: object; state: string; said?: RegExp }

function object({ spec = {}, status, metadata = {} }: Row): KubernetesObject {
  return KubernetesObject.parse({
    metadata: { name: 'web', uid: 'u', resourceVersion: '1', generation: 2, ...metadata },
    spec,
    ...(status === undefined ? {} : { status }),
  })
}

function check(kind: RolloutKind | null, row: Row): void {
  const health = rolloutOf(kind, object(row))
  expect(health.state).toBe(row.state)
  if (row.said !== undefined) expect(health.detail).toMatch(row.said)
}

const deadline = {
  type: 'Progressing',
  status: 'False',
  reason: 'ProgressDeadlineExceeded',
  message: 'ReplicaSet "web-1" has timed out progressing.',
  lastUpdateTime: '2026-11-21T10:00:10Z',
}
const patchedAt = (time: string, more: object = {}): object => ({
  managedFields: [{ manager: 'drayage', operation: 'Update', time, ...more }],
})

describe('a Deployment', () => {
  const three = { replicas: 3 }
  const done = { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3 }
  it.each<Row>([
    { case: 'done', spec: three, status: done, state: 'healthy', said: /3 of 3/u },
    {
      case: 'of one by default',
      status: { ...done, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
      state: 'healthy',
    },
    { case: 'without status', spec: three, state: 'progressing', said: /not seen/u },
    { case: 'not yet observed', spec: three, status: { ...done, observedGeneration: 1 }, state: 'progressing' },
    {
      case: 'paused',
      spec: { ...three, paused: true },
      status: done,
      state: 'progressing',
      said: /resume deployment\/web/u,
    },
    {
      case: 'updating',
      spec: three,
      status: { ...done, updatedReplicas: 2 },
      state: 'progressing',
      said: /2 of 3 pods are new/u,
    },
    { case: 'with old pods', spec: three, status: { ...done, replicas: 4 }, state: 'progressing', said: /1 old/u },
    {
      case: 'not available',
      spec: three,
      status: { ...done, availableReplicas: 2 },
      state: 'progressing',
      said: /2 of 3/u,
    },
    { case: 'at zero', spec: { replicas: 0 }, status: { observedGeneration: 2 }, state: 'not-observed', said: /zero/u },
    {
      case: 'on the way to zero',
      spec: { replicas: 0 },
      status: { ...done, updatedReplicas: 0 },
      state: 'progressing',
    },
    {
      case: 'past its deadline',
      spec: three,
      status: { ...done, conditions: [deadline] },
      state: 'failed',
      said: /timed out/u,
    },
    {
      case: 'past its deadline, but not observed',
      spec: three,
      status: { ...done, observedGeneration: 1, conditions: [deadline] },
      state: 'progressing',
    },
    {
      case: 'past a deadline before our patch',
      spec: three,
      status: { ...done, updatedReplicas: 0, conditions: [deadline] },
      metadata: patchedAt('2026-11-21T10:00:10Z'),
      state: 'progressing',
    },
    {
      case: 'past a deadline after our patch',
      spec: three,
      status: { ...done, conditions: [deadline] },
      metadata: patchedAt('2026-11-21T10:00:09Z'),
      state: 'failed',
    },
    {
      case: 'past a deadline before a status of ours',
      spec: three,
      status: { ...done, conditions: [deadline] },
      metadata: patchedAt('2026-11-21T10:00:20Z', { subresource: 'status' }),
      state: 'failed',
    },
    {
      case: 'over its quota',
      spec: three,
      status: {
        ...done,
        updatedReplicas: 0,
        conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'pods "x" is forbidden: exceeded quota' }],
      },
      state: 'progressing',
      said: /exceeded quota/u,
    },
    {
      case: 'that is not one',
      spec: { replicas: 'three' },
      status: done,
      state: 'not-observed',
      said: /cannot be read/u,
    },
  ])('$case is $state', (row) => check('deployment', row))
})

describe('a StatefulSet', () => {
  const three = { replicas: 3 }
  const done = {
    observedGeneration: 2,
    readyReplicas: 3,
    updatedReplicas: 3,
    currentRevision: 'b',
    updateRevision: 'b',
  }
  const partition = (at: number): object => ({
    ...three,
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: at } },
  })
  it.each<Row>([
    { case: 'done', spec: three, status: done, state: 'healthy' },
    { case: 'not yet observed', spec: three, status: { ...done, observedGeneration: 1 }, state: 'progressing' },
    {
      case: 'not ready',
      spec: three,
      status: { ...done, readyReplicas: 2 },
      state: 'progressing',
      said: /2 of 3 pods are ready/u,
    },
    { case: 'updating', spec: three, status: { ...done, updatedReplicas: 1 }, state: 'progressing', said: /1 of 3/u },
    {
      case: 'of two revisions',
      spec: three,
      status: { ...done, currentRevision: 'a' },
      state: 'progressing',
      said: /revision b/u,
    },
    {
      case: 'with a partition, its part done',
      spec: partition(2),
      status: { ...done, updatedReplicas: 1, currentRevision: 'a' },
      state: 'healthy',
      said: /1 of 3/u,
    },
    {
      case: 'with a partition, its part not done',
      spec: partition(1),
      status: { ...done, updatedReplicas: 1 },
      state: 'progressing',
    },
    {
      case: 'held back whole',
      spec: partition(3),
      status: { ...done, updatedReplicas: 0 },
      state: 'not-observed',
      said: /partition 3/u,
    },
    {
      case: 'OnDelete',
      spec: { updateStrategy: { type: 'OnDelete' } },
      status: done,
      state: 'not-observed',
      said: /OnDelete/u,
    },
    { case: 'at zero', spec: { replicas: 0 }, status: done, state: 'not-observed' },
  ])('$case is $state', (row) => check('statefulset', row))
})

describe('a DaemonSet', () => {
  const done = { observedGeneration: 2, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 }
  it.each<Row>([
    { case: 'done', status: done, state: 'healthy' },
    { case: 'not yet observed', status: { ...done, observedGeneration: 1 }, state: 'progressing' },
    {
      case: 'updating',
      status: { ...done, updatedNumberScheduled: 2 },
      state: 'progressing',
      said: /2 of 3 pods are new/u,
    },
    { case: 'not available', status: { ...done, numberAvailable: 2 }, state: 'progressing', said: /available/u },
    { case: 'wanted by no node', status: { observedGeneration: 2 }, state: 'not-observed' },
    { case: 'OnDelete', spec: { updateStrategy: { type: 'OnDelete' } }, status: done, state: 'not-observed' },
  ])('$case is $state', (row) => check('daemonset', row))
})

describe('an Argo Rollout', () => {
  const at = (phase: string, more: object = {}): object => ({ observedGeneration: '2', phase, ...more })
  it.each<Row>([
    { case: 'Healthy', status: at('Healthy'), state: 'healthy' },
    { case: 'Healthy, not yet observed', status: at('Healthy', { observedGeneration: '1' }), state: 'progressing' },
    { case: 'Healthy, observed as a hash', status: at('Healthy', { observedGeneration: '5b6c7d8' }), state: 'healthy' },
    { case: 'without status', state: 'progressing' },
    {
      case: 'Progressing',
      status: at('Progressing', { message: 'more replicas' }),
      state: 'progressing',
      said: /more replicas/u,
    },
    {
      case: 'Paused',
      status: at('Paused', { message: 'CanaryPauseStep' }),
      state: 'progressing',
      said: /CanaryPauseStep/u,
    },
    { case: 'Degraded', status: at('Degraded', { message: 'timed out' }), state: 'failed', said: /timed out/u },
    { case: 'aborted', status: at('Progressing', { abort: true }), state: 'failed' },
    { case: 'at zero', spec: { replicas: 0 }, status: at('Healthy'), state: 'not-observed' },
  ])('$case is $state', (row) => check('rollout', row))
})

it.each<[RolloutKind | null]>([['cronjob'], [null]])('%s has no rollout to look at', (kind) => {
  expect(rolloutOf(kind, object({ case: '', state: '' })).state).toBe('not-observed')
})

it.each([
  { available: 1, running: 'well' },
  { available: 0, running: 'not-well' },
])('what stands there runs $running with $available pods', ({ available, running }) => {
  const status = { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: available }
  expect(runningOf('deployment', object({ case: '', state: '', status }))).toBe(running)
})
