/** What a container engine does with our Containerfile, as far as the kernel alone can: those files in a root of their own, read-only, that user. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import * as z from 'zod'

const CONTAINERFILE = 'infra/container/Containerfile'
const Words = z.array(z.string())

export type Containerfile = {
  readonly copies: readonly { readonly from: readonly string[]; readonly to: string }[]
  readonly user: string
  readonly folder: string
  /** Entry point and command. */
  readonly command: readonly string[]
}

export function readContainerfile(): Containerfile {
  const lines = readFileSync(CONTAINERFILE, 'utf8').split('\n')
  const all = (word: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []))
  const one = (word: string): string => all(word)[0] ?? ''
  const copies = all('COPY').map((text) => {
    const words = text.split(' ')
    return { from: words.slice(0, -1), to: words.at(-1) ?? '' }
  })
  const command = [one('ENTRYPOINT'), one('CMD')].flatMap((text) => Words.parse(JSON.parse(text)))
  return { copies, user: one('USER'), folder: one('WORKDIR'), command }
}

/** Null where it can be done: as root, on Linux. */
export const noContainer =
  userInfo().uid === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0 ? null : 'mounting needs root on Linux'

/** The files of the image, with the machine's own Node as its base. */
export type Image = { readonly root: string; remove(): void }

/** `context` is what it is built from: `dist/` is there. */
export function buildImage(context: string): Image {
  const { copies, folder, command } = readContainerfile()
  const root = mkdtempSync(join(tmpdir(), 'drayage-image-'))
  // The root of an image is everybody's to read.
  chmodSync(root, 0o755)
  installProgram(root, process.execPath, command[0] ?? '')
  installProgram(root, '/usr/bin/env', '/bin/env')
  for (const { from, to } of copies) {
    for (const path of from) {
      const name = to.endsWith('/') ? join(to, path.split('/').at(-1) ?? '') : to
      cpSync(join(context, path), join(root, name), { recursive: true })
    }
  }
  const folders = ['proc', 'dev', 'etc/drayage', 'var/run/secrets', folder.slice(1)]
  for (const name of folders) mkdirSync(join(root, name), { recursive: true })
  for (const name of ['etc/hosts', 'etc/resolv.conf', 'etc/nsswitch.conf']) cpSync(`/${name}`, join(root, name))
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) }
}

export type ContainerOptions = {
  /** Under `/etc/drayage`. */
  readonly files: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
}
export type Container = {
  readonly process: ChildProcess
  log(): string
  /** What another process says in there, as `kubectl exec` starts it. */
  exec(words: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string }
  stop(): Promise<number | null>
  remove(): Promise<void>
}

/** Its mounts are its own, and gone with the last of its processes. */
const RUN = `root=$1 volumes=$2 folder=$3 user=$4; shift 4
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount --bind "$volumes/etc" "$root/etc/drayage"
mount -o remount,bind,ro "$root/etc/drayage"
mount --bind "$volumes/work" "$root$folder"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" "$root" /bin/env -C "$folder" "$@"`

export function startContainer({ root }: Image, { files, env }: ContainerOptions): Container {
  const { user, folder, command } = readContainerfile()
  const volumes = mkdtempSync(join(tmpdir(), 'drayage-volumes-'))
  for (const name of ['etc', 'work']) mkdirSync(join(volumes, name))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(volumes, 'etc', name), text)
  const [uid = '', gid = ''] = user.split(':')
  chownSync(join(volumes, 'work'), Number(uid), Number(gid))
  const args = (words: readonly string[]) => ['--mount', 'sh', '-euc', RUN, 'sh', root, volumes, folder, user, ...words]
  const child = spawn('unshare', args(command), { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const stop = async (): Promise<number | null> => {
    if (child.exitCode !== null) return child.exitCode
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
    return child.exitCode
  }
  return {
    process: child,
    log: () => said,
    exec: (words) => spawnSync('unshare', args(words), { env: { ...env }, encoding: 'utf8' }),
    stop,
    async remove() {
      await stop()
      rmSync(volumes, { recursive: true, force: true })
    },
  }
}

/** With the libraries that it is linked to, where the loader looks for them. */
function installProgram(root: string, program: string, path: string): void {
  copyInto(root, program, path)
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' })
  for (const [library] of stdout.matchAll(/(?<=\s)\/\S+/gu)) copyInto(root, library, library)
}

function copyInto(root: string, from: string, to: string): void {
  mkdirSync(join(root, dirname(to)), { recursive: true })
  copyFileSync(from, join(root, to))
}
