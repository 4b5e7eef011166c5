/** What parts may not do together: two wishes for one target, a Git host without a way in, two listeners on one address. */

import type {
  ClusterConfig,
  Config,
  GitConfig,
  GitHubRepository,
  PlainRepository,
  ServerConfig,
} from '../domain/config.ts'
import { formatImage } from '../domain/image.ts'
import { nameAt } from '../domain/release.ts'
import type { Subscription } from '../domain/subscription.ts'
import { targetId, type Target } from '../domain/target.ts'
import { formatPlace, problemAt, type Path } from './problem.ts'
import type { Report } from './shape.ts'
import { keyPlaceOf, textOf, treeAt, type Tree } from './tree.ts'

type Reader = { readonly root: Tree; readonly report: Report }

export function checkGit(reader: Reader, name: string, git: GitConfig): void {
  const path = ['git', name]
  if ('github' in git) checkGitHub(reader, path, git)
  else if (git.insecure !== true && isPlainHttp(git.url)) {
    const what = 'plain HTTP to another machine shows everything to everybody on the way'
    refuse(reader, [...path, 'url'], 'conflict', what, 'Use https://, or write insecure: true for a private network')
  } else checkLogin(reader, path, git)
}

/** What would be written and not used is refused. */
function checkLogin(reader: Reader, path: Path, { url, username, password }: PlainRepository): void {
  const key = username === undefined ? 'password' : 'username'
  if (username === undefined && password === undefined) return
  if (url.startsWith('/'))
    refuse(reader, [...path, key], 'conflict', 'a path on this machine takes no username and password')
  else if (password === undefined)
    refuse(reader, [...path, 'password'], 'missing', 'missing: expected a reference to it')
}

/** Only a pull request is merged. */
export function checkMerge(reader: Reader, subscription: Subscription, git: Whole['git']): void {
  for (const stage of subscription.stages) {
    for (const at of writtenTargets(reader, ['subscriptions', subscription.name, 'stages', stage.name])) {
      const path = [...at, 'merge']
      const repository = git[textOf(treeAt(reader.root, [...at, 'git'])) ?? '']
      if (repository === undefined || 'github' in repository || treeAt(reader.root, path) === undefined) continue
      refuse(reader, path, 'conflict', 'this repository takes commits, not pull requests: there is nothing to merge')
    }
  }
}

/** A way back by pull request needs a host that has them, whoever says so. */
export function checkRollback(reader: Reader, { name, stages }: Subscription, git: Whole['git']): void {
  for (const stage of stages) {
    if (stage.rollback?.as !== 'pull-request') continue
    for (const target of stage.targets) {
      const repository = target.kind === 'git' ? git[target.git] : undefined
      if (repository === undefined || 'github' in repository) continue
      const path = ['subscriptions', name, 'stages', stage.name]
      const what = 'its rollback: is by pull request, and this repository takes commits, not pull requests'
      refuse(reader, path, 'conflict', what)
      break
    }
  }
}

/** One that is written may stand for several: a place of each image. */
function writtenTargets(reader: Reader, stage: Path): readonly Path[] {
  const list = treeAt(reader.root, [...stage, 'targets'])
  return list?.kind === 'list' ? list.items.map((_, index) => [...stage, 'targets', index]) : [stage]
}

/** GitHub takes an App (its id and its key) or a token. */
function checkGitHub(reader: Reader, path: Path, { app, key, token, api }: GitHubRepository): void {
  if (token !== undefined && (app !== undefined || key !== undefined)) {
    refuse(
      reader,
      [...path, 'token'],
      'conflict',
      'expected either a token, or app and key of a GitHub App, found both',
    )
  } else if (app !== undefined && key === undefined) {
    refuse(reader, [...path, 'key'], 'missing', 'missing: expected the private key of the GitHub App')
  } else if (key !== undefined && app === undefined) {
    refuse(reader, [...path, 'app'], 'missing', 'missing: expected the id of the GitHub App')
  } else if (token === undefined && app === undefined) {
    refuse(reader, [...path, 'token'], 'missing', 'missing: expected a token, or app and key of a GitHub App')
  }
  if (api === undefined) return
  if (isPlainHttp(api)) refuse(reader, [...path, 'api'], 'conflict', 'expected https://: a token goes there')
  if (/^https?:\/\/[^/?#]*@/u.test(api))
    refuse(reader, [...path, 'api'], 'malformed', 'expected a URL without a name or password in it')
}

/** To another machine than this one. */
export function isPlainHttp(url: string): boolean {
  return url.startsWith('http://') && !/^http:\/\/(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?:[:/?#]|$)/u.test(url)
}

function refuse(
  { root, report }: Reader,
  path: Path,
  reason: 'missing' | 'conflict' | 'malformed',
  what: string,
  hint?: string,
): void {
  report(problemAt(keyPlaceOf(root, path), { reason, path, what, hint }), path)
}

/** Registries must not reach what people and scrapers reach. */
export function checkListeners(reader: Reader, server: ServerConfig): void {
  if (server.listen !== server.apiListen || server.listen.endsWith(':0')) return
  const path = ['server', 'api', 'listen']
  const what = `${server.listen} is where registries reach us: people and scrapers need an address of their own`
  refuse(reader, path, 'conflict', what)
}

type Whole = Pick<Config, 'clusters' | 'git' | 'subscriptions'>

/** Two lines that write one target would undo each other for ever. */
export function checkTargets(reader: Reader, config: Whole): void {
  const seen = new Map<string, Path>()
  for (const subscription of config.subscriptions) {
    for (const stage of subscription.stages) {
      const path = ['subscriptions', subscription.name, 'stages', stage.name]
      for (const target of stage.targets) {
        const id = identityOf(config, subscription, target)
        const earlier = seen.get(id)
        if (earlier === undefined) {
          seen.set(id, path)
          continue
        }
        const what = `writes the same target as ${earlier[1]}/${earlier[3]} at ${formatPlace(keyPlaceOf(reader.root, earlier))}`
        refuse(reader, path, 'conflict', what)
      }
    }
  }
}

/** What is written to, whatever name its repository or cluster has here. Without a field, a file has a place for each image. */
function identityOf(config: Whole, subscription: Subscription, target: Target): string {
  const { image: _image, ...place } = target
  const isByName = target.kind === 'git' && target.field === undefined
  const image = isByName ? formatImage(nameAt(subscription, target)) : ''
  const where =
    target.kind === 'git' ? repositoryOf(config.git[target.git]) : clusterOf(config.clusters[target.cluster])
  return JSON.stringify([targetId(place).split('/').slice(2).join('/'), target.kind, where, image])
}

function repositoryOf(git: GitConfig | undefined): readonly (string | undefined)[] {
  if (git === undefined) return []
  return 'github' in git ? [git.api, git.github.toLowerCase(), git.base] : [git.url, git.base]
}

function clusterOf(cluster: ClusterConfig | undefined): readonly (string | undefined)[] {
  if (cluster === undefined) return []
  if ('server' in cluster) return [cluster.server, cluster.vpc]
  if ('eks' in cluster) return ['eks', cluster.eks.region, cluster.eks.name]
  if ('gke' in cluster) return ['gke', cluster.gke.project, cluster.gke.location, cluster.gke.name]
  if ('aks' in cluster)
    return ['aks', cluster.aks.subscription, cluster.aks.resourceGroup.toLowerCase(), cluster.aks.name]
  return 'kubeconfig' in cluster ? [cluster.kubeconfig, cluster.context] : ['in-cluster']
}

/** The entry that is read stands in the same part as the wish to read it. */
export function checkSource(reader: Reader, { config }: ServerConfig, git: Readonly<Record<string, GitConfig>>): void {
  if (config === undefined || Object.hasOwn(git, config.git)) return
  const path = ['server', 'config', 'git']
  const what = `there is no ${config.git} under git:`
  reader.report(problemAt(keyPlaceOf(reader.root, path), { reason: 'unknown-name', path, what }), path)
}
