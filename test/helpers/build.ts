/** The smallest valid nouns: a test says only what it is about, `anEntry({ seq: 2 })`. */

import type * as z from 'zod'
import type { EffectOf } from '../../src/domain/effect.ts'
import { AcceptedEvent, type RegistryEvent } from '../../src/domain/event.ts'
import type { Entry } from '../../src/domain/history.ts'
import { Digest, PinnedImage } from '../../src/domain/image.ts'
import { type Line, lineId, newLine, newStageState, type StageState } from '../../src/domain/line.ts'
import { newTrain, type Train, type TrainAddress } from '../../src/domain/train.ts'
import type { WalkStep } from '../../src/domain/walk.ts'

/** 1 January 2026: when everything happens, unless a test says otherwise. */
export const NOW = Date.UTC(2026, 0, 1)

/** A digest for each number. */
export function aDigest(number = 1): Digest {
  return Digest.parse(`sha256:${number.toString(16).padStart(64, '0')}`)
}

export function aPinnedImage(image: Partial<Record<keyof PinnedImage, string>> = {}): PinnedImage {
  const payments = { registry: 'docker.io', repository: 'acme/payments', tag: '1.5.0', digest: aDigest() }
  return PinnedImage.parse({ ...payments, ...image })
}

/** `event` is a push of 1.5.0, unless told otherwise. */
export function anAcceptedEvent(
  accepted: Partial<Omit<AcceptedEvent, 'event'>> & { readonly event?: Partial<z.input<typeof RegistryEvent>> } = {},
): AcceptedEvent {
  const { event, ...rest } = accepted
  const push = { kind: 'push', id: '1', registry: 'docker.io', repository: 'acme/payments', tag: '1.5.0' } as const
  const unsaid = { digest: null, mediaType: null, subject: null, pusher: null, occurredAt: null }
  return AcceptedEvent.parse({
    id: 'hub/1',
    source: 'hub',
    assurance: 'url-secret',
    receivedAt: NOW,
    event: { ...push, ...unsaid, ...event },
    ...rest,
  })
}

export function aWalkStep(step: Partial<WalkStep> = {}): WalkStep {
  return { step: 'match', at: NOW, outcome: 'pass', reason: 'followed', detail: 'payments follows it', ...step }
}

export function anEntry(entry: Partial<Entry> = {}): Entry {
  return {
    document: lineId('payments'),
    seq: 1,
    at: NOW,
    config: 'c0ffee',
    hash: '00',
    kind: 'offered',
    reason: 'newer',
    detail: '1.5.0 is newer than 1.4.0',
    ...entry,
  }
}

/** The first look, due at once. */
export function anEffect(effect: Partial<EffectOf<'observe'>> = {}): EffectOf<'observe'> {
  return { kind: 'observe', id: 'observe/dev', fence: 0, attempt: 0, due: NOW, stage: 'dev', target: 't', ...effect }
}

/** Named after its subscription, unless an id is given. */
export function aLine(line: Partial<Line> = {}): Line {
  return { ...newLine(line.subscription ?? 'payments'), ...line }
}

export function aStageState(stage: Partial<StageState> = {}): StageState {
  return { ...newStageState(), ...stage }
}

export function aTrain(train: Partial<Train> = {}, address: Partial<TrainAddress> = {}): Train {
  return { ...newTrain({ git: 'gitops', base: 'main', subscription: 'payments', stage: 'prod', ...address }), ...train }
}
