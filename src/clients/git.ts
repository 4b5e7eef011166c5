/**
 * The git program, without a shell: argument lists only, an environment of our own in which no configuration, hook or prompt
 * of this machine takes part, one allowed protocol, and a bound on time and output. Credentials travel in the environment of the
 * one process that needs them, bound to one origin; never in an argument or a URL.
 */

import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { RetryLater } from '../domain/retry.ts'

const TIMEOUT_MS = 60_000
/** How long a process may take to end when it is asked to, before it is made to. */
const GRACE_MS = 2_000
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024
const ERROR_TEXT_LENGTH_MAX = 400
const HIDDEN = '[secret]'
const PROGRAM_PATH = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin'
const NOWHERE = '/dev/null'

/** What of this process's own environment git may see: where programs, proxies and root certificates are. */
const PASSED_ON = [
  'PATH',
  'HTTP_PROXY',
  'http_proxy',
  'HTTPS_PROXY',
  'https_proxy',
  'NO_PROXY',
  'no_proxy',
  'GIT_SSL_CAINFO',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
]

/** No system or user configuration, no prompt, no hook, no editor, no advice, messages that a program can read. */
const ENVIRONMENT = {
  PATH: PROGRAM_PATH,
  HOME: NOWHERE,
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: NOWHERE,
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ADVICE: '0',
  GIT_LITERAL_PATHSPECS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_HTTP_LOW_SPEED_LIMIT: '1',
  GIT_HTTP_LOW_SPEED_TIME: '30',
} as const

const SETTINGS: readonly (readonly [string, string])[] = [
  ['core.hooksPath', NOWHERE],
  ['core.fsmonitor', 'false'],
  ['core.askPass', ''],
  ['credential.helper', ''],
  ['http.followRedirects', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['push.recurseSubmodules', 'no'],
  ['fetch.recurseSubmodules', 'no'],
  ['transfer.credentialsInUrl', 'die'],
  ['protocol.version', '2'],
]

/** Where a repository is, and what may be sent there. */
export type Remote = {
  readonly url: string
  readonly protocol: 'https' | 'http' | 'file'
  /** `Basic …` or `Bearer …`: sent to the origin of `url` only. */
  readonly authorization?: string
}

type GitCall = {
  readonly args: readonly string[]
  /** The bare repository to work in. */
  readonly gitDir?: string
  readonly remote?: Remote
  readonly input?: string | Uint8Array
  readonly variables?: Readonly<Record<string, string>>
  readonly outputBytesMax?: number
  readonly timeoutMs?: number
}

type GitAnswer = {
  readonly code: number
  readonly output: Uint8Array
  /** One line, without secrets, bounded. */
  readonly problem: string
  /** The output did not end within its bound, and the process was ended. */
  readonly tooLarge: boolean
}

export type Git = {
  /** Any exit code is an answer; a process that does not start or does not end is a throw. */
  run(call: GitCall): Promise<GitAnswer>
  /** The text of a call that has no reason to fail; where it does, that is "try again later". */
  read(call: GitCall): Promise<string>
}

/** Git for one process: `environment` is its environment, of which only proxies, certificates and PATH are used. */
export function createGit(environment: Readonly<Record<string, string | undefined>> = {}): Git {
  const passedOn = Object.fromEntries(
    PASSED_ON.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  )
  const run = (call: GitCall): Promise<GitAnswer> =>
    start(call, { ...ENVIRONMENT, ...passedOn, ...call.variables, ...settingsOf(call.remote) })
  return {
    run,
    async read(call) {
      const answer = await run(call)
      if (answer.code === 0 && !answer.tooLarge) return new TextDecoder().decode(answer.output)
      throw new RetryLater(`git ${call.args[0] ?? ''} failed: ${answer.problem}`)
    },
  }
}

/** Configuration by environment (git-config(1), `GIT_CONFIG_COUNT`): unlike `-c` it does not show in the list of processes. */
function settingsOf(remote: Remote | undefined): Record<string, string> {
  const settings = [...SETTINGS]
  if (remote?.authorization !== undefined) {
    settings.push([`http.${new URL(remote.url).origin}/.extraHeader`, `Authorization: ${remote.authorization}`])
  }
  const variables: Record<string, string> = {
    GIT_CONFIG_COUNT: `${settings.length}`,
    // Nothing but what this remote is reached by; without a remote, nothing at all.
    GIT_ALLOW_PROTOCOL: remote?.protocol ?? 'none',
  }
  for (const [index, [key, value]] of settings.entries()) {
    variables[`GIT_CONFIG_KEY_${index}`] = key
    variables[`GIT_CONFIG_VALUE_${index}`] = value
  }
  return variables
}

function start(call: GitCall, env: Record<string, string>): Promise<GitAnswer> {
  const args = call.gitDir === undefined ? call.args : ['--git-dir', call.gitDir, ...call.args]
  const outputBytesMax = call.outputBytesMax ?? OUTPUT_BYTES_MAX
  return new Promise((resolve, reject) => {
    // A group of its own, so that ending it ends its helpers (git-remote-https) too.
    const child = spawn('git', args, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    const output = collect(outputBytesMax)
    const problem = collect(ERROR_TEXT_LENGTH_MAX * 16)
    let stopped: 'no' | 'too-large' | 'too-late' = 'no'
    const stop = (why: 'too-large' | 'too-late'): void => {
      if (stopped !== 'no') return
      stopped = why
      endGroup(child.pid, 'SIGTERM')
      setTimeout(() => endGroup(child.pid, 'SIGKILL'), GRACE_MS).unref()
    }
    const timer = setTimeout(() => stop('too-late'), call.timeoutMs ?? TIMEOUT_MS)
    child.stdout.on('data', (chunk: Uint8Array) => output.add(chunk) || stop('too-large'))
    child.stderr.on('data', (chunk: Uint8Array) => void problem.add(chunk))
    // A process that ended before it read all of its input is judged by its exit code.
    child.stdin.on('error', () => {})
    child.stdin.end(call.input ?? '')
    child.on('error', (cause) => {
      clearTimeout(timer)
      reject(notStarted(cause))
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      const text = oneLine(new TextDecoder().decode(problem.bytes()), call.remote?.authorization)
      if (stopped === 'too-late') reject(new RetryLater(`git ${call.args[0] ?? ''} took too long: ${text}`))
      else resolve({ code: code ?? -1, output: output.bytes(), problem: text, tooLarge: stopped === 'too-large' })
    })
  })
}

type Collector = { add(chunk: Uint8Array): boolean; bytes(): Uint8Array }

/** Keeps the first bytes; `add` says whether there was room. */
function collect(bytesMax: number): Collector {
  const chunks: Uint8Array[] = []
  let size = 0
  return {
    add(chunk) {
      const room = bytesMax - size
      chunks.push(chunk.length <= room ? chunk : chunk.subarray(0, Math.max(0, room)))
      size = Math.min(bytesMax, size + chunk.length)
      return chunk.length <= room
    },
    bytes: () => new Uint8Array(Buffer.concat(chunks)),
  }
}

function endGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // It has ended already.
  }
}

function notStarted(cause: Error): Error {
  return 'code' in cause && cause.code === 'ENOENT'
    ? new Error(
        'The git program was not found. Expected git 2.36 or newer in PATH: install it (Debian: apt-get install git).',
      )
    : new RetryLater(`git could not be started: ${cause.message}`, { cause })
}

/** Git's last words on one line; what was given to it as a secret is taken out, whole, decoded and as it stands in the header. */
function oneLine(text: string, authorization: string | undefined): string {
  const hidden = authorization === undefined ? [] : secretsIn(authorization)
  const clean = hidden.reduce((line, secret) => line.replaceAll(secret, HIDDEN), text)
  const line = clean
    .replaceAll(/\/\/[^/\s@]*@/gu, `//${HIDDEN}@`)
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]+/gu, ' ')
    .trim()
  return line.length <= ERROR_TEXT_LENGTH_MAX ? line : `${line.slice(0, ERROR_TEXT_LENGTH_MAX)}…`
}

function secretsIn(authorization: string): readonly string[] {
  const value = authorization.replace(/^\w+ /u, '')
  const decoded = Buffer.from(value, 'base64').toString('utf8')
  const password = decoded.slice(decoded.indexOf(':') + 1)
  return [authorization, value, decoded, password].filter((secret) => secret.length > 0)
}
