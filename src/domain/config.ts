/** The configuration as the rest of the program sees it: validated, short forms and shared stages worked in. */

import * as z from 'zod'
import { Channel } from './channel.ts'
import { Region } from './ecr-place.ts'
import { Registry } from './image.ts'
import { ScanSettings } from './scan-settings.ts'
import { OidcIssuer } from './oidc.ts'
import { Role } from './role.ts'
import { SecretReference, SecretReferences } from './secret.ts'
import { PersonConfig, SlackConfig } from './slack.ts'
import { Signer, TrustRoot } from './signer.ts'
import { Name, Subscription } from './subscription.ts'

const PATH_LENGTH_MAX = 4096

const named = (pattern: RegExp, expected: string) => z.string().max(256).regex(pattern, `expected ${expected}`)

const PasswordPull = z.strictObject({
  username: z.string().min(1).max(256).describe('Who we are there.'),
  password: SecretReference.describe('A reference to the password or access token.'),
})

const AwsPull = z.strictObject({
  aws: z
    .strictObject({
      role: named(/^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[\w+=,.@/-]+$/u, "a role's ARN")
        .optional()
        .describe('A role to assume, such as one of the account that the registry is in.'),
      externalId: named(/^[\w+=,.@:/-]{2,256}$/u, 'what the role demands')
        .optional()
        .describe('The external id that the role demands.'),
      keys: z
        .strictObject({
          id: named(/^[A-Z0-9]{16,128}$/u, 'the id of an access key').describe("The access key's id."),
          secret: SecretReference.describe('A reference to the secret access key.'),
        })
        .optional()
        .describe('An access key. Left out: the keys of the environment, profile, pod, container or machine.'),
      profile: named(/^[A-Za-z0-9_.@/+-]+$/u, 'the name of a profile')
        .optional()
        .describe("A profile of this machine's `~/.aws/config`."),
      region: Region.optional().describe("Where it is, if the registry's name does not say it."),
    })
    .describe('A registry of Amazon ECR, by IAM. `pull: aws`: with nothing to say.'),
})

const GooglePull = z.strictObject({
  google: z
    .strictObject({
      credentials: SecretReference.optional().describe(
        "A reference to Google's JSON: a service account's key, or a federation. Left out: the file that GOOGLE_APPLICATION_CREDENTIALS names, or the account of the machine or pod.",
      ),
    })
    .describe('A registry of Google, by an access token. `pull: google`: with nothing to say.'),
})

const EntraApplication = z
  .strictObject({
    tenant: z.guid('expected a tenant: a GUID').describe('The tenant.'),
    client: z.guid('expected an application: a GUID').describe("The application's id."),
    secret: SecretReference.describe('A reference to its secret.'),
  })
  .optional()
  .describe('An application of Entra. Left out: the identity of the pod or machine.')

const AzurePull = z.strictObject({
  azure: z
    .strictObject({
      application: EntraApplication,
      identity: z
        .guid("expected a managed identity's client id: a GUID")
        .optional()
        .describe("A user-assigned identity's client id, where the machine has several."),
    })
    .describe('A registry of Azure, by an Entra token. `pull: azure`: with nothing to say.'),
})

const DockerPull = z.strictObject({
  dockerConfig: SecretReference.describe(
    'A reference to a `config.json` of Docker, or to a secret of Kubernetes of the type `kubernetes.io/dockerconfigjson`.',
  ),
})

/** How we read a registry. Absent: anonymously. */
export const PullCredential = z.union([PasswordPull, AwsPull, GooglePull, AzurePull, DockerPull])
export type PullCredential = Readonly<z.infer<typeof PullCredential>>
export type AwsPull = Readonly<z.infer<typeof AwsPull>['aws']>
export type GooglePull = Readonly<z.infer<typeof GooglePull>['google']>
export type AzurePull = Readonly<z.infer<typeof AzurePull>['azure']>

/** The receiver's own settings, checked by its type in the catalogue. */
export const EventSettings = z.looseObject({ type: z.string() })
export type EventSettings = Readonly<z.infer<typeof EventSettings>>

export const RegistryConfig = z.object({
  /** Null where one receiver speaks for many hosts. */
  host: Registry.nullable(),
  events: EventSettings.optional(),
  pull: PullCredential.optional(),
  /** Who scans its images. Absent: reports that are attested, alone. */
  scan: ScanSettings.optional(),
  /** The exact host that may ask for our credentials, where it is not the registry's own or a known one. */
  tokenHost: Registry.optional(),
  /** How many authentic events are taken in a minute. Absent: the default. */
  eventsPerMinute: z.number().int().positive().optional(),
  /** A push waits for so long, and all of the same tag that come meanwhile are one. */
  settleMs: z.number().int().positive().optional(),
  /** How often we look ourselves whether a push was missed. Null: never. Absent: the default. */
  sweepMs: z.number().int().positive().nullable().optional(),
  /** Plain HTTP: only for loopback addresses, or written out for a registry inside a private network. */
  insecure: z.boolean(),
})
export type RegistryConfig = Readonly<z.infer<typeof RegistryConfig>>

const Binding = z
  .string()
  .max(64)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/u, 'expected the name of a binding, such as CLUSTER_PROD')
  .optional()
  .describe("On Cloudflare: the binding of the Workers VPC service that leads to it, with the cluster's own CA.")

/** By its address: for platforms that have no files and trust public certificates only. */
export const ServerCluster = z.strictObject({
  server: z
    .string()
    .max(PATH_LENGTH_MAX)
    .regex(
      /^(?:https:\/\/|http:\/\/(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?=[:/]|$))[^\s\u0000-\u001f@?#]*$/u,
      'expected https://host, without a name or password in it',
    )
    .describe('The API server: `https://host`. Its certificate is publicly trusted, or `vpc` leads there.'),
  token: SecretReference.describe("A reference to a service account's token."),
  vpc: Binding,
})
export type ServerCluster = Readonly<z.infer<typeof ServerCluster>>

export const EksCluster = z.strictObject({
  eks: z
    .strictObject({
      name: named(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/u, 'the name of a cluster').describe('As EKS calls it.'),
      region: named(/^[a-z]{2,4}(?:-[a-z]{2,16}){1,2}-[0-9]{1,2}$/u, 'a region, such as eu-west-1').describe('Where.'),
    })
    .describe('A cluster of Amazon EKS, by IAM: the keys of the environment, pod, container or machine.'),
  vpc: Binding,
})
export type EksCluster = Readonly<z.infer<typeof EksCluster>>

export const GkeCluster = z.strictObject({
  gke: z
    .strictObject({
      project: named(/^[a-z][a-z0-9.:-]{4,62}[a-z0-9]$/u, "a project's id").describe("The project's id."),
      location: named(/^[a-z]+-[a-z]+[0-9]{1,2}(?:-[a-z])?$/u, 'a region or zone, such as europe-west1').describe(
        'Where.',
      ),
      name: named(/^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/u, 'the name of a cluster').describe('As GKE calls it.'),
      credentials: SecretReference.optional().describe(
        "A reference to Google's JSON: a service account's key, or a federation. Left out: the account of the machine or pod.",
      ),
    })
    .describe('A cluster of Google GKE, by a Google access token.'),
  vpc: Binding,
})
export type GkeCluster = Readonly<z.infer<typeof GkeCluster>>

export const AksCluster = z.strictObject({
  aks: z
    .strictObject({
      subscription: z.guid('expected a subscription: a GUID').describe("The subscription's id."),
      resourceGroup: named(/^[A-Za-z0-9._()-]{1,90}$/u, 'the name of a resource group').describe('The resource group.'),
      name: named(/^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/u, 'the name of a cluster').describe(
        'As AKS calls it.',
      ),
      application: EntraApplication,
    })
    .describe('A cluster of Azure AKS, by an Entra token.'),
  vpc: Binding,
})
export type AksCluster = Readonly<z.infer<typeof AksCluster>>

/** Its cloud says where it is, and gives the token. */
export type ManagedCluster = EksCluster | GkeCluster | AksCluster

export const ClusterConfig = z.union([
  ServerCluster,
  EksCluster,
  GkeCluster,
  AksCluster,
  z.strictObject({
    kubeconfig: z
      .string()
      .regex(/^file:\//u, 'expected file:/path')
      .max(PATH_LENGTH_MAX)
      .describe('Where the kubeconfig stands: `file:/path`.'),
    context: z.string().max(256).optional().describe('Which of its contexts. Left out: its current one.'),
  }),
  z.strictObject({
    inCluster: z.literal(true).describe('The cluster that Drayage itself runs in, by its service account.'),
  }),
])
export type ClusterConfig = Readonly<z.infer<typeof ClusterConfig>>

const Branch = z
  .string()
  .max(255)
  .regex(
    /^(?![-/.])(?!.*(?:\.\.|@\{|\/\/|\.lock(?:\/|$)|[/.]$))[A-Za-z0-9._/+-]+$/u,
    'expected a branch name, such as main',
  )

export const GitHubRepository = z.strictObject({
  github: z
    .string()
    .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/[A-Za-z0-9._-]{1,100}$/u, 'expected owner/name')
    .describe('The repository on GitHub: `owner/name`. Delivery is a pull request.'),
  base: Branch.default('main').describe('The branch that is deployed from.'),
  app: z.number().int().positive().optional().describe("A GitHub App's id. Either `app` and `key`, or `token`."),
  key: SecretReference.optional().describe("A reference to the GitHub App's private key (PEM)."),
  token: SecretReference.optional().describe('A reference to an access token, in place of an App.'),
  api: z
    .url({ protocol: /^https?$/u })
    .max(PATH_LENGTH_MAX)
    .optional()
    .describe('For GitHub Enterprise Server: `https://ghe.example.com/api/v3`.'),
  webhook: SecretReferences.optional().describe(
    "A reference to the secret of the repository's webhook, `POST /hooks/git/<name of this entry>`; two while it is rotated: what becomes of a pull request is known at once. Left out: it is asked.",
  ),
})
export type GitHubRepository = Readonly<z.infer<typeof GitHubRepository>>

export const PlainRepository = z.strictObject({
  /** Git's other transports (`ext::`, `ssh`) run programs, and a name or password belongs elsewhere. */
  url: z
    .string()
    .max(PATH_LENGTH_MAX)
    .regex(
      /^(?:https?:\/\/[^\s\u0000-\u001f@/?#]+(?:\/[^\s\u0000-\u001f]*)?|\/[^\u0000-\u001f]*)$/u,
      'expected https://host/path without a name or password in it, or a path that begins with /',
    )
    .describe('Any Git repository: `https://host/path`, or a path on this machine. Delivery is a commit.'),
  base: Branch.default('main').describe('The branch that is committed to.'),
  username: z.string().max(256).optional().describe('For HTTP(S).'),
  password: SecretReference.optional().describe('For HTTP(S): a reference to the password or access token.'),
  insecure: z
    .boolean()
    .optional()
    .describe('`true`: plain HTTP to another machine, for a host inside a private network.'),
})
export type PlainRepository = Readonly<z.infer<typeof PlainRepository>>

export const GitConfig = z.union([GitHubRepository, PlainRepository])
export type GitConfig = z.infer<typeof GitConfig>

export { ROLES, type Role } from './role.ts'

export const ApiToken = z.strictObject({
  person: z.string().min(1).max(128).describe('Who stands in the history when this token acts.'),
  role: Role.describe(
    '`viewer` asks; `approver` approves and rejects too, where a stage names them; `reporter` tells how checks ended; `operator` does all of it.',
  ),
  token: SecretReference.describe('A reference to the token.'),
})
export type ApiToken = Readonly<z.infer<typeof ApiToken>>

export const Listen = z
  .string({ error: 'expected host:port, such as 127.0.0.1:8080' })
  .regex(/^(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}$/u, 'expected host:port, such as 127.0.0.1:8080')

/** One database for any number of processes. */
export const PostgresConfig = z.strictObject({
  postgres: SecretReference.describe(
    'A reference to the URL of a PostgreSQL database, `postgres://user:password@host:port/database`: for any number of processes.',
  ),
  connections: z
    .number()
    .int()
    .min(1)
    .max(200)
    .default(10)
    .describe('How many connections each process opens at most, and one more that listens. Default 10.'),
})
export type PostgresConfig = Readonly<z.infer<typeof PostgresConfig>>

/** A file with a scheme before it is a URL that was meant for another key, and may hold a password. */
export const StateFile = z
  .string({ error: 'expected the path of a file, or postgres: env:NAME' })
  .min(1)
  .max(PATH_LENGTH_MAX)
  .regex(/^(?!(?:env|file):|[A-Za-z][A-Za-z0-9+.-]*:\/\/)/u, 'expected the path of a file, or postgres: env:NAME')

/** Where state is kept: the embedded store's file, or a database. */
export const StateConfig = z.union([StateFile, PostgresConfig], {
  error: 'expected the path of a file, or postgres: env:NAME',
})
export type StateConfig = z.infer<typeof StateConfig>

/** A repository that holds the rest of the configuration, read while we run. What stands here is not its to change. */
export const ConfigSource = z.strictObject({
  git: Name.describe('The entry of `git:` that is read. It stands in this file, with its credential.'),
  file: z
    .string()
    .max(512)
    .regex(
      /^(?!\/)(?!(?:.*\/)?\.{0,2}(?:\/|$))[^\u0000-\u001f\\*?[\]{}]+$/u,
      'expected the path of a file in the repository, such as drayage/prod.yaml',
    )
    .describe('The file in it: `drayage/prod.yaml`. It may include others beside and below it.'),
  ref: Branch.optional().describe(
    'The branch that is followed, which only those may push to who may change what is deployed. Default: the `base` of the entry.',
  ),
  secret: SecretReferences.optional().describe(
    "A reference to the secret of the repository's push webhook, `POST /configuration`; two while it is rotated. Left out: changes are found by the minute.",
  ),
  files: z
    .string()
    .max(PATH_LENGTH_MAX)
    .regex(/^file:\/(?!.*(?:^|\/)\.\.(?:\/|$))[^\u0000-\u001f]*$/u, 'expected file:/folder')
    .optional()
    .describe(
      'The one folder whose files the repository may name by `file:`. Left out: it names secrets by `env:` only.',
    ),
})
export type ConfigSource = Readonly<z.infer<typeof ConfigSource>>

export const ServerConfig = z.object({
  /** Where registries reach us. */
  listen: Listen,
  /** Where people and scrapers reach us: a listener of its own. */
  apiListen: Listen,
  state: StateConfig,
  tokens: z.array(ApiToken),
  /** Whose signed tokens count, beside those. */
  oidc: z.array(OidcIssuer).optional(),
  /** Where the rest of the configuration is read while we run. */
  config: ConfigSource.optional(),
})
export type ServerConfig = Readonly<z.infer<typeof ServerConfig>>

export const Config = z.object({
  version: z.literal(1),
  /** `observe`: decide and record everything, touch nothing. */
  mode: z.enum(['act', 'observe']),
  registries: z.record(Name, RegistryConfig),
  clusters: z.record(Name, ClusterConfig),
  git: z.record(Name, GitConfig),
  slack: SlackConfig.optional(),
  /** By the name that the history has for them. */
  people: z.record(z.string(), PersonConfig).default({}),
  /** By name: where one-way news goes. */
  notifications: z.record(Name, Channel).default({}),
  /** Trusted roots by name; the public one of Sigstore is always among them. */
  trust: z.record(z.string(), TrustRoot).default({}),
  /** Whose signatures count, by the name that policies use. */
  signers: z.record(z.string(), Signer).default({}),
  subscriptions: z.array(Subscription),
  server: ServerConfig,
})
export type Config = Readonly<z.infer<typeof Config>>

/** A configuration and its identity; every entry of the history carries the hash. */
export type LoadedConfig = {
  readonly config: Config
  readonly hash: string
  /** The texts it was read from, where a repository adds to it while we run. */
  readonly files?: readonly { readonly path: string; readonly text: string }[]
}
