/** Docker Hub asked back: its own word on a tag, where anybody who learned a URL could have sent the event. Off unless configured. */

import * as z from 'zod'
import type { Http, HttpAnswer } from '../clients/http.ts'
import type { RegistryEvent } from '../domain/event.ts'
import { Json } from '../domain/json.ts'
import { RetryLater } from '../domain/retry.ts'
import { SecretReference, type Secret } from '../domain/secret.ts'
import { ClaimedDigest, ClaimedText, ClaimedTime } from './claim.ts'
import type { Received, SecretOf } from './receiver.ts'

const HOST = 'hub.docker.com'
/** The two clocks of Docker Hub, and what its tag was busy with when the event left. */
const SKEW_MS = 2 * 60_000
const LIMITS = { totalMs: 5_000, bodyBytesMax: 256 * 1024 }

export const Confirm = z
  .union(
    [
      z.literal(true),
      z.strictObject({
        username: z.string().min(1).max(256).describe('Who asks.'),
        token: SecretReference.describe('A reference to an access token that may read the repository.'),
      }),
    ],
    { error: 'expected true, or username: and token: for private repositories' },
  )
  .describe(
    "Asks Docker Hub's own tag API before an event is taken: `true`, or with `username:` and `token:` for private repositories.",
  )
export type Confirm = z.infer<typeof Confirm>

const TagAnswer = Json.pipe(
  z.object({ digest: ClaimedDigest, tag_last_pushed: ClaimedTime, last_updater_username: ClaimedText }),
)
const TokenAnswer = Json.pipe(z.object({ access_token: z.string().min(1).max(16_384) }))

type Options = { readonly http: Http; readonly secretOf: SecretOf }

/** What is left: an event of a tag that Docker Hub has, and had pushed when the event says, with the digest that it names. */
export function createConfirm(confirm: Confirm, { http, secretOf }: Options) {
  const login = confirm === true ? null : { username: confirm.username, secret: secretOf(confirm.token) }
  const askTag = createTagQuestion(http, login)
  return async (received: Received): Promise<Received> => {
    if (received.outcome !== 'events') return received
    const events = []
    for (const event of received.events) {
      const confirmed = await confirmOne(event)
      if (confirmed !== null) events.push(confirmed)
    }
    return events.length > 0 ? { ...received, events } : { outcome: 'ignored', reason: 'not-confirmed' }
  }

  async function confirmOne(event: RegistryEvent): Promise<RegistryEvent | null> {
    if (event.repository === null || event.tag === null) return null
    const [namespace = '', name = ''] = event.repository.split('/')
    const url = new URL(`https://${HOST}/v2/namespaces/${namespace}/repositories/${name}/tags/${event.tag}`)
    const answer = await askTag(url)
    if (answer.status === 404) return null
    if (answer.status !== 200)
      throw new RetryLater(`${HOST} answered ${answer.status} for a tag of ${event.repository}`)
    const tag = TagAnswer.safeParse(textOf(answer))
    if (!tag.success) throw new RetryLater(`${HOST} answered something else than a tag`)
    const { digest, tag_last_pushed: pushedAt, last_updater_username: pusher } = tag.data
    // Pushed again since: then there is all the more to look at.
    const isOlder = event.occurredAt !== null && pushedAt !== null && pushedAt < event.occurredAt - SKEW_MS
    if (isOlder) return null
    return { ...event, digest: event.digest ?? digest, pusher: event.pusher ?? pusher }
  }
}

type Login = { readonly username: string; readonly secret: Secret }

/** With a token where there is a login: one that is refused has run out, and is fetched anew once. */
function createTagQuestion(http: Http, login: Login | null): (url: URL) => Promise<HttpAnswer> {
  const headers = { accept: 'application/json' }
  if (login === null) return (url) => ask(http, { url, headers })
  let kept: string | undefined
  const askWith = (url: URL, token: string): Promise<HttpAnswer> =>
    ask(http, { url, headers: { ...headers, authorization: `Bearer ${token}` } })
  return async (url) => {
    if (kept !== undefined) {
      const answer = await askWith(url, kept)
      if (answer.status !== 401) return answer
    }
    kept = await tokenOf(login, http)
    return askWith(url, kept)
  }
}

async function tokenOf({ username, secret }: Login, http: Http): Promise<string> {
  const [token] = await secret()
  const answer = await ask(http, {
    url: new URL(`https://${HOST}/v2/auth/token`),
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ identifier: username, secret: token }),
  })
  const given = TokenAnswer.safeParse(textOf(answer))
  if (answer.status === 200 && given.success) return given.data.access_token
  throw new RetryLater(`${HOST} gave no token: it answered ${answer.status}`)
}

async function ask(http: Http, request: Omit<Parameters<Http>[0], 'hosts'>): Promise<HttpAnswer> {
  const answer = await http({ ...request, hosts: [HOST], limits: LIMITS, retries: 0, later: 'throw' })
  if (answer.ok) return answer.value
  throw new RetryLater(answer.error.detail)
}

function textOf({ body }: HttpAnswer): string {
  return new TextDecoder().decode(body)
}
