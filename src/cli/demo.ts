/** `drayage demo`: the real service on this machine, with a registry and a Git repository to try it on. */

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startNode, type NodeService } from '../../handlers/node.ts'
import type { Entry } from '../domain/history.ts'
import { createLog } from '../log.ts'
import { createClient, type Client } from './client.ts'
import type { Command, ExitCode, Io } from './command.ts'
import { createNarrator, type Narrator } from './demo/narrator.ts'
import { startRegistry, type LocalRegistry } from './demo/registry.ts'
import { BRANCH, HOOK_SECRET, setScene, showCommit, SUBSCRIPTION, type Scene } from './demo/scene.ts'
import { loadForUse } from './load.ts'
import { localPerson, newLocalToken, writeLocalAccess } from './local-access.ts'
import { printJson } from './output.ts'

const help = `
Runs the real service on embedded parts: an SQLite file in a temporary folder, an OCI
registry inside this process that takes real pushes and sends real notifications, and a
bare Git repository. Pushes two versions of an image and shows what is decided, and why.
Nothing leaves this machine. It stays up for your own pushes until you press Ctrl-C.

Usage: drayage demo [--once] [--json]

  --once   end after the two pushes
  --json   at the end, print {"delivered": [{"subscription", "stage", "image",
           "repository", "branch", "commit"}]}; the steps go to standard error

The repository is kept until the next run. Exit code: 0 delivered, 1 not.

Example:
  $ drayage demo --once --json
`

const options = { once: { type: 'boolean' }, json: { type: 'boolean' } } as const
const VERSIONS = ['1.4.1', '1.5.0'] as const
const STAGES = 2
const DELIVERY_TIMEOUT_MS = 60_000
const LOOK_EVERY_MS = 100

export const command: Command = { name: 'demo', summary: 'see a push become a commit, on embedded parts', help, run }

type Demo = {
  readonly client: Client
  readonly narrator: Narrator
  readonly registry: LocalRegistry
  readonly scene: Scene
  readonly io: Io
}

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values } = parseArgs({ args: [...args], options })
  const isJson = values.json === true
  const narrator = createNarrator((line) => (isJson ? io.stderr : io.stdout)(`${line}\n`))
  const secret = newLocalToken()
  const endpoint = { url: '', headers: { authorization: `Bearer ${secret}` } }
  const registry = await startRegistry({ notify: endpoint })
  try {
    const scene = await setScene(registry.host)
    const token = newLocalToken()
    const service = await startService(scene, { [HOOK_SECRET]: endpoint.headers.authorization }, token, io)
    if (service === null) return 1
    endpoint.url = `${service.hooks}/hooks/demo`
    const demo: Demo = { client: createClient({ url: service.api, token }), narrator, registry, scene, io }
    try {
      const delivered = await play(demo)
      if (isJson) printJson(io, { delivered: delivered.map((entry) => row(entry, scene)) }, true)
      if (values.once !== true) await stayUp(demo)
      return delivered.length === VERSIONS.length * STAGES || values.once !== true ? 0 : 1
    } finally {
      await service.stop()
    }
  } finally {
    // An open listener would keep this process up, whatever went wrong.
    await registry.close()
  }
}

async function startService(scene: Scene, env: Io['env'], token: string, io: Io): Promise<NodeService | null> {
  const loaded = await loadForUse(scene.config, io)
  if (loaded === null) return null
  const log = createLog({ write: io.stderr, now: io.now, level: 'warn', style: io.isTTY ? 'terminal' : 'json' })
  const local = { person: localPerson(), role: 'operator', token } as const
  const service = await startNode({ loaded, env: { ...io.env, ...env }, log, now: io.now, local })
  try {
    await writeLocalAccess(loaded.config.server.state, { url: service.api, token })
  } catch (error) {
    await service.stop()
    throw error
  }
  return service
}

async function play({ client, narrator, registry, scene, io }: Demo): Promise<readonly Entry[]> {
  narrator.say(`Registry ${registry.host}, configuration ${scene.config} (\`verify: none\` is written in it)\n`)
  let delivered: readonly Entry[] = []
  for (const [index, version] of VERSIONS.entries()) {
    const digest = await registry.pushImage(scene.image, version)
    narrator.say(`\nPushed ${scene.image}:${version}, ${digest}`)
    delivered = await untilDelivered((index + 1) * STAGES, { client, narrator, io })
  }
  const last = delivered.at(-1)
  if (last?.reference === undefined) return delivered
  narrator.say(`\nThe commit for ${last.stage} in ${scene.repository}:\n`)
  narrator.say(await showCommit(scene.repository, last.reference))
  return delivered
}

/** Oldest first: the deliveries that the history knows. */
async function untilDelivered(
  count: number,
  { client, narrator, io }: Pick<Demo, 'client' | 'narrator' | 'io'>,
): Promise<readonly Entry[]> {
  const deadline = io.now() + DELIVERY_TIMEOUT_MS
  for (;;) {
    const entries = await look(client, narrator)
    const delivered = entries.filter(({ kind }) => kind === 'delivered').toSorted((a, b) => a.seq - b.seq)
    const settled = entries.filter(({ kind }) => kind === 'healthy').length
    if ((delivered.length >= count && settled >= count) || io.now() > deadline || io.signal.aborted) return delivered
    await pause()
  }
}

async function look(client: Client, narrator: Narrator): Promise<readonly Entry[]> {
  const [events, history] = await Promise.all([client.events({}), client.history({ subscription: SUBSCRIPTION })])
  narrator.tell(events.events, history.entries)
  return history.entries
}

async function stayUp({ client, narrator, registry, scene, io }: Demo): Promise<void> {
  const target = `${registry.host}/${scene.image}:1.6.0`
  narrator.say('\nYour turn: push a version of your own. What happens to it is shown here; Ctrl-C ends the demo.')
  narrator.say(`  skopeo copy --dest-tls-verify=false docker://docker.io/library/alpine:3 docker://${target}`)
  narrator.say(`  docker tag alpine:3 ${target} && docker push ${target}`)
  narrator.say(`Ask the running service from another terminal:`)
  narrator.say(`  npm run --silent drayage -- status --state ${join(scene.folder, 'state.db')}`)
  while (!io.signal.aborted) {
    await look(client, narrator)
    await pause()
  }
}

function row(entry: Entry, scene: Scene): object {
  const { stage, image, reference } = entry
  return { subscription: SUBSCRIPTION, stage, image, repository: scene.repository, branch: BRANCH, commit: reference }
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
}
