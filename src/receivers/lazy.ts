/** The catalogue for whoever starts cold: a receiver is loaded when a configuration names it. The rest is `configured.ts`. */

import type { Http } from '../clients/http.ts'
import type { Config } from '../domain/config.ts'
import { createEach } from './create-each.ts'
import { poll } from './poll.ts'
import type { Receiver, ReceiverType, SecretOf } from './receiver.ts'

type Load = () => Promise<ReceiverType>

/** A line for each that is worth its own chunk; one that is missing here costs a start the whole catalogue, and nothing else. */
const loaders: Readonly<Record<string, Load>> = {
  acr: async () => (await import('./acr.ts')).acr,
  alibaba: async () => (await import('./alibaba.ts')).alibaba,
  artifactory: async () => (await import('./jfrog.ts')).jfrog,
  cdevents: async () => (await import('./cdevents.ts')).cdevents,
  cloudevents: async () => (await import('./cloudevents.ts')).cloudevents,
  distribution: async () => (await import('./distribution.ts')).distribution,
  dockerhub: async () => (await import('./dockerhub.ts')).dockerhub,
  ecr: async () => (await import('./ecr.ts')).ecr,
  gcr: async () => (await import('./gcr.ts')).gcr,
  ghcr: async () => (await import('./ghcr.ts')).ghcr,
  gitea: async () => (await import('./gitea.ts')).gitea,
  gitlab: async () => (await import('./gitlab.ts')).gitlab,
  harbor: async () => (await import('./harbor.ts')).harbor,
  mirantis: async () => (await import('./mirantis.ts')).mirantis,
  nexus: async () => (await import('./nexus.ts')).nexus,
  quay: async () => (await import('./quay.ts')).quay,
  webhook: async () => (await import('./webhook.ts')).webhook,
  zot: async () => (await import('./zot.ts')).zot,
}

/** By the registry's name in the configuration. */
export async function loadReceivers(
  config: Config,
  secretOf: SecretOf,
  http: Http,
): Promise<ReadonlyMap<string, Receiver>> {
  const types = Object.values(config.registries).flatMap(({ events }) => events?.type ?? [])
  const names = new Set(types.filter((type) => type !== poll.type))
  const loaded = await Promise.all([...names].map(async (name) => [name, await loadReceiverType(name)] as const))
  const known = new Map(loaded)
  const registries = createEach(config, (name) => known.get(name), { secretOf, http })
  const hasHook = Object.values(config.git).some((entry) => 'github' in entry && entry.webhook !== undefined)
  if (!hasHook) return registries
  const { createGitHooks } = await import('./git-hook.ts')
  return new Map([...registries, ...createGitHooks(config, secretOf)])
}

export async function loadReceiverType(name: string): Promise<ReceiverType | undefined> {
  if (Object.hasOwn(loaders, name)) return loaders[name]?.()
  return (await import('./index.ts')).receiverTypes.get(name)
}
