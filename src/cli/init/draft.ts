/** What `drayage init` writes: the configuration, the environment with its secret, and the commands. */

import { formatImage, type ImageName } from '../../domain/image.ts'
import type { Place, Recipe } from './recipe.ts'

export type Wish = {
  readonly type: string
  readonly recipe: Recipe
  /** The entry's name. */
  readonly name: string
  /** Where registries reach us: `https://drayage.example.com`. */
  readonly url: string
  readonly image: ImageName
  /** `owner/name` on GitHub, or the URL of any other repository. */
  readonly git: string
  readonly file: string
  readonly config: string
  readonly environment: string
}

export type Draft = { readonly config: string; readonly environment: string; readonly commands: string }

export function draftOf(wish: Wish, random: Uint8Array): Draft {
  const secret = (wish.recipe.newSecret ?? hex)(random)
  const hook = `${wish.url}/hooks/${wish.name}`
  const place = { name: wish.name, secret: variableOf(wish.name), image: wish.image, hook }
  return {
    config: configOf(wish, place),
    environment: environmentOf(wish, place, secret),
    commands: commandsOf(wish, place),
  }
}

export function variableOf(name: string): string {
  return `${name
    .toUpperCase()
    .replaceAll('-', '_')
    .replace(/^(?=\d)/u, 'R')}_HOOK`
}

function configOf({ type, recipe, name, image, git, file }: Wish, place: Place): string {
  const host = recipe.manyHosts === true ? '' : `\n    host: ${image.registry}`
  const repository = isGitHub(git)
    ? `{ github: ${git}, base: main, token: env:GITHUB_TOKEN }`
    : `{ url: ${JSON.stringify(git)}, base: main, username: drayage, password: env:GIT_PASSWORD }`
  return `# Written by drayage init. What each line means: docs/configuration.md. After a change: drayage check
version: 1
mode: observe # decides and records everything, touches nothing: change to act when you have seen enough
registries:
  ${name}:${host}
    events: { type: ${type}, ${recipe.events({ ...place, secret: `env:${place.secret}` })} }${pullOf(recipe)}
git:
  gitops: ${repository}
subscriptions:
  ${subscriptionOf(image)}:
    image: ${formatImage(image)}
    tags: { semver: '*' } # which tags count; try another: drayage tags --help
    verify: none # nothing is proven of this image: whoever may push it may deploy it
    stages:
      prod: { git: gitops, file: ${JSON.stringify(file)} }
server:
  listen: 127.0.0.1:8080 # behind a proxy with TLS that lets /hooks/ through
`
}

function pullOf({ pull }: Recipe): string {
  return pull === undefined
    ? ''
    : `\n    pull: ${pull} # by the identity of the process; where it has none there: docs/registries.md`
}

function environmentOf({ git, recipe }: Wish, place: Place, secret: string): string {
  const token = isGitHub(git)
    ? `# To fill in: an access token that may read and write contents and pull requests of ${git}.\nGITHUB_TOKEN=`
    : `# To fill in: the password or access token for ${git}.\nGIT_PASSWORD=`
  const own = recipe.hasSecret === false ? '' : `${place.secret}=${secret}\n`
  return `# Written by drayage init. Keep it out of Git, and give it to nobody but the service and the registry.
${own}${token}
`
}

function commandsOf(wish: Wish, place: Place): string {
  return `# The secret, without showing it.
set -a; . ${quoted(wish.environment)}; set +a
HOOK_URL='${place.hook}'

# At the registry.
${wish.recipe.setUp(place)}

# Here.
drayage check ${quoted(wish.config)}
drayage serve --config ${quoted(wish.config)}
`
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A valid name, whatever the repository is called. */
function subscriptionOf({ repository }: ImageName): string {
  const last = repository.split('/').at(-1) ?? ''
  return last
    .replaceAll(/[^a-z0-9-]+/gu, '-')
    .slice(0, 63)
    .replace(/-+$/u, '')
}

export function isGitHub(git: string): boolean {
  return /^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/u.test(git)
}

function quoted(path: string): string {
  const shown = path.startsWith('/') || path.startsWith('.') ? path : `./${path}`
  return /^[A-Za-z0-9_./-]+$/u.test(shown) ? shown : `'${shown.replaceAll("'", String.raw`'\''`)}'`
}
