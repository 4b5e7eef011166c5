/** What parts may not do together: two wishes for one target, a Git host without a way in, two listeners on one address. */

import type { ClusterConfig, Config, GitConfig, ServerConfig } from '../domain/config.ts'
import { formatImage } from '../domain/image.ts'
import type { Subscription } from '../domain/subscription.ts'
import { targetId, type Target } from '../domain/target.ts'
import { formatPlace, problemAt, type Path } from './problem.ts'
import type { Report } from './shape.ts'
import { keyPlaceOf, type Tree } from './tree.ts'

type Reader = { readonly root: Tree; readonly report: Report }

/** GitHub takes an App (its id and its key) or a token. */
export function checkGit({ root, report }: Reader, name: string, git: GitConfig): void {
  if (!('github' in git)) return
  const path = ['git', name]
  const refuse = (key: string, what: string): void => {
    const at = [...path, key]
    report(problemAt(keyPlaceOf(root, at), { reason: 'missing', path: at, what }), at)
  }
  const { app, key, token } = git
  if (token !== undefined && (app !== undefined || key !== undefined)) {
    return refuse('token', 'expected either a token, or app and key of a GitHub App, found both')
  }
  if (app !== undefined && key === undefined)
    return refuse('key', 'missing: expected the private key of the GitHub App')
  if (key !== undefined && app === undefined) return refuse('app', 'missing: expected the id of the GitHub App')
  if (token === undefined && app === undefined) {
    refuse('token', 'missing: expected a token, or app and key of a GitHub App')
  }
}

export function checkListeners({ root, report }: Reader, server: ServerConfig): void {
  if (server.listen !== server.apiListen || server.listen.endsWith(':0')) return
  const path = ['server', 'api', 'listen']
  const what = `${server.listen} is where registries reach us: people and scrapers need an address of their own`
  report(problemAt(keyPlaceOf(root, path), { reason: 'conflict', path, what }), path)
}

type Whole = Pick<Config, 'clusters' | 'git' | 'subscriptions'>

/** Two lines that write one target would undo each other for ever. */
export function checkTargets({ root, report }: Reader, config: Whole): void {
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
        const what = `writes the same target as ${earlier[1]}/${earlier[3]} at ${formatPlace(keyPlaceOf(root, earlier))}`
        report(problemAt(keyPlaceOf(root, path), { reason: 'conflict', path, what }), path)
      }
    }
  }
}

/** What is written to, whatever name its repository or cluster has here. Without a field, a file has a place for each image. */
function identityOf(config: Whole, subscription: Subscription, target: Target): string {
  const image = 'field' in target || target.kind === 'workload' ? '' : formatImage(subscription.image)
  const where =
    target.kind === 'git' ? repositoryOf(config.git[target.git]) : clusterOf(config.clusters[target.cluster])
  return JSON.stringify([targetId(target).split('/').slice(2).join('/'), target.kind, where, image])
}

function repositoryOf(git: GitConfig | undefined): readonly (string | undefined)[] {
  if (git === undefined) return []
  return 'github' in git ? [git.api, git.github.toLowerCase(), git.base] : [git.url, git.base]
}

function clusterOf(cluster: ClusterConfig | undefined): readonly (string | undefined)[] {
  if (cluster === undefined) return []
  return 'kubeconfig' in cluster ? [cluster.kubeconfig, cluster.context] : ['in-cluster']
}
