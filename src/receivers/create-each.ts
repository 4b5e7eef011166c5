/** A receiver for each registry that a configuration has events of, by types from anywhere. */

import type { Http } from '../clients/http.ts'
import type { Config } from '../domain/config.ts'
import { poll } from './poll.ts'
import type { Receiver, ReceiverType, SecretOf } from './receiver.ts'

type Tools = { readonly secretOf: SecretOf; readonly http: Http }

export function createEach(
  config: Config,
  typeOf: (name: string) => ReceiverType | undefined,
  { secretOf, http }: Tools,
): ReadonlyMap<string, Receiver> {
  const receivers = new Map<string, Receiver>()
  for (const [name, { events, host }] of Object.entries(config.registries)) {
    if (events === undefined || events.type === poll.type) continue
    const type = typeOf(events.type)
    if (type === undefined) throw new Error(`registry ${name}: there is no receiver of type ${events.type}`)
    receivers.set(name, type.create(type.Settings.parse(events), secretOf, http, host))
  }
  return receivers
}
