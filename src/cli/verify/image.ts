/** An image in its registry, as the service itself would verify it before it acts. */

import { createGuardedFetch } from '../../clients/address-guard.ts'
import { createEcr } from '../../clients/aws/ecr-lazy.ts'
import { createHttp } from '../../clients/http.ts'
import { createRegistries } from '../../clients/registry/registries.ts'
import { loadConfigFile, readSecretFile } from '../../config/files.ts'
import { createSecrets } from '../../config/secrets.ts'
import type { Config } from '../../domain/config.ts'
import { formatImage, parseImageReference, Tag, type ImageReference, type PinnedImage } from '../../domain/image.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import { escapeForTerminal } from '../../escape.ts'
import { createVerifier } from '../../verification/create-verifier.ts'
import { createManagedSigning } from '../../verification/notation/managed-signing.ts'
import { createRevocationChecks } from '../../verification/notation/revocation/configured.ts'
import { createScanSources } from '../../verification/scans/configured.ts'
import { configOptions } from '../config-options.ts'
import type { Io } from '../command.ts'
import { DEFAULT_CONFIG, loadForUse } from '../load.ts'
import { misuse } from './misuse.ts'
import { policyOfConfig, policyOfFile, type Choice } from './policy.ts'
import type { Shown } from './table.ts'

/** On this machine registries are spoken to by plain HTTP. */
const LOOPBACK = /^(?:localhost|127\.[0-9.]+|\[::1\])(?::[0-9]+)?$/u

type Values = Choice & { readonly config?: string | undefined; readonly policy?: string | undefined }

export async function verifyImage(text: string, values: Values, io: Io): Promise<Shown | 'misuse' | 'unreadable'> {
  const reference = parseImageReference(text)
  if (!reference.ok)
    return said(io, `expected an image, such as ghcr.io/acme/payments:1.4.2: ${reference.error.expected}`)
  const config = await configOf(values, io)
  if (config === null && (values.config !== undefined || values.policy === undefined)) return 'unreadable'
  const fromFile = values.policy === undefined ? null : await policyOfFile(values.policy, undefined, io)
  if (fromFile === null && values.policy !== undefined) return 'unreadable'
  const chosen =
    fromFile !== null
      ? ok({ ...fromFile, under: values.policy ?? '' })
      : policyOfConfig(config as Config, reference.value, values)
  if (!chosen.ok) return said(io, chosen.error)
  const { policy, signers, trust, under } = chosen.value
  const world = worldOf(config, reference.value, io)
  const image = await pinned(world, reference.value)
  if (!image.ok) {
    io.stderr(`${escapeForTerminal(image.error)}\n`)
    return 'unreadable'
  }
  const { content, now, tools } = world
  const revocation = createRevocationChecks(tools)
  const scanSources = createScanSources(config?.registries ?? {}, tools)
  const managedSigning = createManagedSigning(config?.registries ?? {}, signers, tools)
  const verifier = createVerifier({ content, signers, trust, revocation, scanSources, managedSigning, now })
  const question = { image: image.value, policy, running: null, runningBuiltAt: null, since: now() }
  const verified = await verifier.verify(question)
  return { ...verified, name: formatImage(image.value), under }
}

/** Null: there is none, or it does not hold, which is told where it was asked for. */
async function configOf({ config, policy }: Values, io: Io): Promise<Config | null> {
  if (config !== undefined || policy === undefined)
    return (await loadForUse(config ?? DEFAULT_CONFIG, io))?.config ?? null
  const found = await loadConfigFile(DEFAULT_CONFIG, configOptions)
  return found.ok ? found.value.loaded.config : null
}

type World = ReturnType<typeof worldOf>

function worldOf(config: Config | null, { registry }: ImageReference, io: Io) {
  const now = (): number => io.now()
  const secretOf = createSecrets({ env: io.env, readFile: readSecretFile, now })
  const http = createHttp({ fetch: createGuardedFetch(), now, random: Math.random })
  const isKnown = Object.values(config?.registries ?? {}).some(({ host }) => host === registry)
  const asked = isKnown ? {} : { '': { host: registry, insecure: LOOPBACK.test(registry) } }
  const platform = { env: io.env, readFile: readSecretFile, createEcr }
  const registries = createRegistries({
    http,
    registries: { ...config?.registries, ...asked },
    secretOf,
    now,
    platform,
  })
  const tools = { ...platform, http, secretOf, now, random: Math.random }
  return { now, registries, tools, content: registries.content }
}

/** What a tag points at now; a digest that is written stays as it is, whatever the tag does. */
async function pinned({ registries }: World, image: ImageReference): Promise<Result<PinnedImage, string>> {
  const tag = image.tag ?? Tag.parse('latest')
  if (image.digest !== null) return ok({ ...image, tag, digest: image.digest })
  const resolved = await registries.resolve({ ...image, tag })
  return resolved.ok ? ok({ ...image, tag, digest: resolved.value.digest }) : err(resolved.error.detail)
}

function said(io: Io, message: string): 'misuse' {
  misuse(io, message)
  return 'misuse'
}
