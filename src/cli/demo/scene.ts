/** What the demo sets up on this machine: a folder, a bare Git repository with two stages' manifests, and a configuration. */

import { execFile } from 'node:child_process'
import { lstat, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const FOLDER_MODE = 0o700

export const SUBSCRIPTION = 'shop'
export const BRANCH = 'main'
export const HOOK_SECRET = 'DEMO_HOOK_SECRET'
const REPOSITORY = 'acme/shop'

export type Scene = {
  readonly folder: string
  /** The bare repository; kept until the next run. */
  readonly repository: string
  readonly config: string
  readonly image: string
}

/** `host`: the demo's registry. What an earlier run left is removed. */
export async function setScene(host: string): Promise<Scene> {
  const folder = await freshFolder()
  const image = `${host}/${REPOSITORY}`
  const repository = join(folder, 'gitops.git')
  await git(folder, 'init', '--quiet', '--bare', `--initial-branch=${BRANCH}`, repository)
  await commitManifests(folder, repository, image)
  const config = join(folder, 'drayage.yaml')
  await writeFile(config, configuration({ host, image, repository, folder }))
  return { folder, repository, config, image: REPOSITORY }
}

/** What a commit changed, as `git show` tells it. */
export async function showCommit(repository: string, commit: string): Promise<string> {
  return git(repository, 'show', '--no-color', '--format=commit %h%n%n    %s%n', commit, '--')
}

/** Another user of this machine could have put something in its place: only a folder of our own is taken. */
async function freshFolder(): Promise<string> {
  const { uid } = userInfo()
  const folder = join(tmpdir(), `drayage-demo-${uid}`)
  const found = await lstat(folder).catch(() => null)
  if (found !== null && (!found.isDirectory() || found.uid !== uid)) {
    throw new Error(`${folder} belongs to somebody else; set TMPDIR to a folder of your own`)
  }
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: FOLDER_MODE })
  return folder
}

async function commitManifests(folder: string, repository: string, image: string): Promise<void> {
  const tree = join(folder, 'first-commit')
  await git(folder, 'clone', '--quiet', repository, tree)
  await mkdir(join(tree, 'dev'))
  await mkdir(join(tree, 'prod'))
  await writeFile(join(tree, 'dev', 'deployment.yaml'), deployment(`${image}:1.4.0`))
  await writeFile(join(tree, 'prod', 'kustomization.yaml'), kustomization(image))
  await git(tree, 'add', '--all')
  const person = ['-c', 'user.name=Demo', '-c', 'user.email=demo@localhost', '-c', 'commit.gpgsign=false']
  await git(tree, ...person, 'commit', '--quiet', '--message', 'The shop at 1.4.0')
  await git(tree, 'push', '--quiet', 'origin', `HEAD:${BRANCH}`)
  await rm(tree, { recursive: true })
}

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  // The user's own settings (hooks, signing, templates) have no part in the demo.
  const env = { PATH: process.env['PATH'], HOME: cwd, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' }
  return (await run('git', [...args], { cwd, env })).stdout
}

function deployment(image: string): string {
  return `# Everything but the image stays as people wrote it.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  namespace: shop-dev
spec:
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      containers:
        - name: shop
          image: "${image}"   # Drayage writes here
          ports: [{ containerPort: 8080 }]
`
}

function kustomization(image: string): string {
  return `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop-prod
resources:
  - ../base
images:
  - name: ${image}
    newTag: 1.4.0 # and here, once dev has it
`
}

type Words = { readonly host: string; readonly image: string; readonly repository: string; readonly folder: string }

function configuration({ host, image, repository, folder }: Words): string {
  return `version: 1
server:
  listen: 127.0.0.1:0
  api: { listen: 127.0.0.1:0 }
  state: ${JSON.stringify(join(folder, 'state.db'))}
registries:
  demo:
    host: ${host}
    insecure: true                     # plain HTTP: the demo's registry is on loopback
    events: { type: distribution, secret: env:${HOOK_SECRET} }
git:
  gitops: { url: ${JSON.stringify(repository)}, base: ${BRANCH} }
stages:
  dev: {}
  prod: { after: dev }
subscriptions:
  ${SUBSCRIPTION}:
    image: ${image}
    tags: { semver: ">=1.4 <2" }
    verify: none                       # compulsory to write; shown wherever the image is
    stages:
      dev: { git: gitops, file: dev/deployment.yaml }
      prod: { git: gitops, file: prod/kustomization.yaml }
`
}
