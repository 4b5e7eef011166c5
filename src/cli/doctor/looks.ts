/** What `drayage doctor` looks at: secrets, clock, registries, targets, chat, and the way in. Reads only. */

import type { Http } from '../../clients/http.ts'
import { placeOf } from '../../clients/registry/access.ts'
import type { Config } from '../../domain/config.ts'
import { formatImage, Tag, type Registry } from '../../domain/image.ts'
import type { Registries } from '../../domain/registry.ts'
import { referencesIn, type Secret, type SecretReference } from '../../domain/secret.ts'
import { nameAt } from '../../domain/release.ts'
import { targetId } from '../../domain/target.ts'
import type { Outbound } from '../../effects.ts'
import type { Finding, Look } from './finding.ts'

const SKEW_WARNING_MS = 30_000
/** Signed requests and webhooks are taken within five minutes of the right time. */
const SKEW_PROBLEM_MS = 120_000
const TOKEN_LENGTH_MIN = 24
const EXPIRY_WARNING_DAYS = 14
const DAY_MS = 86_400_000
const LIMITS = { headersMs: 8_000, bodyMs: 8_000, totalMs: 15_000, bodyBytesMax: 64 * 1024 }

export type Patient = {
  readonly config: Config
  readonly http: Http
  readonly registries: Registries
  readonly outbound: Outbound
  readonly secretOf: (reference: SecretReference | readonly SecretReference[]) => Secret
  readonly now: () => number
  /** Where registries reach the service; null: not asked. */
  readonly url: URL | null
}

export function looksAt(patient: Patient): readonly Look[] {
  return [
    { what: 'secrets', run: () => lookAtSecrets(patient) },
    { what: 'clock', run: () => lookAtClock(patient) },
    ...registriesOf(patient),
    ...targetsOf(patient),
    ...(patient.config.slack === undefined ? [] : [{ what: 'slack', run: () => lookAtSlack(patient) }]),
    { what: 'api tokens', run: () => lookAtTokens(patient) },
    ...(patient.url === null ? [] : waysIn(patient, patient.url)),
  ]
}

/** Each can be read; one that says when it ends (a JSON Web Token) is told before it does. */
async function lookAtSecrets({ config, secretOf, now }: Patient): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  let count = 0
  for (const { at, reference } of referencesIn(config)) {
    count += 1
    const what = `secret ${at}`
    try {
      const [value] = await secretOf(reference)()
      const expiry = expiryOf(value)
      if (expiry !== null) findings.push(expiring(what, expiry, now()))
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'cannot be read'
      const remedy = reference.startsWith('env:')
        ? `set the variable ${reference.slice('env:'.length)} for the service`
        : 'put it there, readable for the user of the service'
      findings.push({ what, state: 'problem', detail, remedy })
    }
  }
  return findings.length > 0 ? findings : [{ what: 'secrets', state: 'well', detail: `all ${count} can be read` }]
}

function expiring(what: string, expiry: number, now: number): Finding {
  const days = Math.floor((expiry - now) / DAY_MS)
  if (expiry <= now) return { what, state: 'problem', detail: 'it has expired', remedy: 'make a new one' }
  const detail = `expires in ${days} ${days === 1 ? 'day' : 'days'}`
  return days > EXPIRY_WARNING_DAYS
    ? { what, state: 'well', detail }
    : { what, state: 'warning', detail, remedy: 'make a new one in time' }
}

/** The `exp` of a JSON Web Token (RFC 7519); null for what is none, or says nothing. */
function expiryOf(secret: string): number | null {
  const payload = /^[\w-]+\.(?<payload>[\w-]+)\.[\w-]*$/u.exec(secret.trim())?.groups?.['payload']
  if (payload === undefined) return null
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')))
    const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : null
    return typeof exp === 'number' ? exp * 1_000 : null
  } catch {
    return null
  }
}

/** By what the first registry that answers says the time is. */
async function lookAtClock({ config, http, now }: Patient): Promise<readonly Finding[]> {
  for (const registry of hostsOf(config)) {
    const date = await dateOf(registry, config, http)
    if (date === null) continue
    const skewMs = Math.abs(now() - date)
    const seconds = Math.round(skewMs / 1_000)
    if (skewMs < SKEW_WARNING_MS)
      return [{ what: 'clock', state: 'well', detail: `within ${seconds + 1} s of ${registry}'s` }]
    const state = skewMs < SKEW_PROBLEM_MS ? 'warning' : 'problem'
    const remedy = 'set the clock (chrony, systemd-timesyncd): signed requests are refused where it is wrong'
    return [{ what: 'clock', state, detail: `${seconds} s away from ${registry}'s`, remedy }]
  }
  return [{ what: 'clock', state: 'warning', detail: 'no registry answered that tells the time' }]
}

async function dateOf(registry: Registry, config: Config, http: Http): Promise<number | null> {
  const { apiHost, plainHttp } = placeOf(registry, config.registries)
  const url = new URL(`${plainHttp ? 'http' : 'https'}://${apiHost}/v2/`)
  const answer = await http({ url, hosts: [url.host], plainHttp, later: 'return', retries: 0, limits: LIMITS }).catch(
    () => null,
  )
  const date = answer?.ok === true ? Date.parse(answer.value.headers.get('date') ?? '') : Number.NaN
  return Number.isNaN(date) ? null : date
}

function hostsOf({ subscriptions }: Config): readonly Registry[] {
  return [...new Set(subscriptions.flatMap(({ images }) => images.map(({ registry }) => registry)))]
}

/** One HEAD for each image: whether the registry answers, and lets us read. That the tag is not there is as good an answer as any. */
function registriesOf({ config, registries }: Patient): readonly Look[] {
  const images = config.subscriptions.flatMap((subscription) => subscription.images)
  return images.map((image) => {
    const what = `image ${formatImage(image)}`
    return {
      what,
      async run() {
        const resolved = await registries.resolve({ ...image, tag: Tag.parse('drayage-doctor') })
        if (resolved.ok || resolved.error.reason === 'tag-not-found') {
          return [{ what, state: 'well', detail: `${image.registry} answers, and lets us read it` } as const]
        }
        const { reason, detail } = resolved.error
        const remedy =
          reason === 'unauthorized'
            ? 'give pull: of the registry a credential that may read this repository'
            : undefined
        return [{ what, state: 'problem', detail, ...(remedy === undefined ? {} : { remedy }) } as const]
      },
    }
  })
}

/** Each target is looked at as a first delivery would: the file or workload, the image in it, and that we may. */
function targetsOf({ config, outbound }: Patient): readonly Look[] {
  return config.subscriptions.flatMap((subscription) =>
    subscription.stages.flatMap((stage) =>
      stage.targets.map((target) => {
        const what = `target ${subscription.name}/${stage.name} ${targetId(target)}`
        return {
          what,
          async run(): Promise<readonly Finding[]> {
            const found = await outbound.delivery(target).observe(target, nameAt(subscription, target))
            if (found.ok) return [{ what, state: 'well', detail: `holds ${found.value.image}` }]
            return [{ what, state: 'problem', detail: `${found.error.reason}: ${found.error.detail}` }]
          },
        }
      }),
    ),
  )
}

/** The groups that gates name: who may see them may post too, or says which scope is missing. */
async function lookAtSlack({ config, outbound }: Patient): Promise<readonly Finding[]> {
  const { conversation } = outbound
  if (conversation === null) return []
  const self = await conversation.whoAmI()
  if (!self.ok) return [{ what: 'slack', state: 'problem', detail: self.error.detail }]
  const gates = config.subscriptions.flatMap(({ stages }) => stages.flatMap((stage) => stage.gates))
  const named = gates.flatMap((gate) => (gate.kind === 'approval' ? gate.from : []))
  const groups = [...new Set(named.filter((name) => /^S[A-Z0-9]{2,30}$/u.test(name)))]
  const findings: Finding[] = [{ what: 'slack', state: 'well', detail: `we are ${self.value}` }]
  for (const group of groups) {
    const what = `slack group ${group}`
    const members = await conversation.membersOf(group)
    if (!members.ok) findings.push({ what, state: 'problem', detail: members.error.detail })
    else if (members.value.size === 0)
      findings.push({ what, state: 'warning', detail: 'it has no members: nobody could approve' })
    else findings.push({ what, state: 'well', detail: `${members.value.size} members` })
  }
  return findings
}

async function lookAtTokens({ config, secretOf }: Patient): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const { person, token } of config.server.tokens) {
    const value = await secretOf(token)().then(
      ([first]) => first,
      () => null,
    )
    if (value === null || value.length >= TOKEN_LENGTH_MIN) continue
    const detail = `${value.length} characters can be guessed`
    findings.push({ what: `api token of ${person}`, state: 'warning', detail, remedy: 'openssl rand -hex 32' })
  }
  const well = { what: 'api tokens', state: 'well', detail: `${config.server.tokens.length} configured` } as const
  return findings.length > 0 ? findings : [well]
}

/** From outside: the service answers, and each registry's route asks for its credential. */
function waysIn({ config, http }: Patient, url: URL): readonly Look[] {
  const ask = async (path: string, method: 'GET' | 'POST'): Promise<number> => {
    const target = new URL(path, url)
    const plainHttp = target.protocol === 'http:'
    const sent = await http({
      url: target,
      method,
      hosts: [target.host],
      plainHttp,
      later: 'return',
      retries: 0,
      limits: LIMITS,
    })
    if (!sent.ok) throw new Error(sent.error.detail)
    return sent.value.status
  }
  const health: Look = {
    what: 'the way in',
    async run() {
      const status = await ask('/healthz', 'GET')
      if (status === 200) return [{ what: 'the way in', state: 'well', detail: `${url.origin} answers` }]
      const remedy = 'lead it to server.listen of the service'
      return [{ what: 'the way in', state: 'problem', detail: `${url.origin}/healthz answers ${status}`, remedy }]
    },
  }
  const hooks = Object.entries(config.registries).flatMap(([name, { events }]): readonly Look[] => {
    if (events === undefined || events.type === 'poll') return []
    const what = `hook ${name}`
    return [{ what, run: async () => [hookFinding(what, await ask(`/hooks/${name}`, 'POST'))] }]
  })
  return [health, ...hooks]
}

function hookFinding(what: string, status: number): Finding {
  // Without a credential nobody is let in; with `auth: none` an empty body is no event.
  if (status === 401 || status === 400 || status === 415 || status === 422 || status === 202) {
    return { what, state: 'well', detail: 'is there, and asks who calls' }
  }
  const remedy = status === 404 ? 'the service that answers there has another configuration' : 'see what answers there'
  return { what, state: 'problem', detail: `answers ${status}`, remedy }
}
