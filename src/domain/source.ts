/** The repository that an image is built from, as the configuration names it: where its developers are answered. */

import * as z from 'zod'
import { SecretReference } from './secret.ts'

const API_LENGTH_MAX = 4_096

export const GitHubName = z
  .string()
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/[A-Za-z0-9._-]{1,100}$/u, 'expected owner/name')

export const Source = z.strictObject({
  github: GitHubName.describe('The repository on GitHub: `owner/name`.'),
  app: z
    .number()
    .int()
    .positive()
    .optional()
    .describe(
      "A GitHub App's id. Either `app` and `key`, or `token`; neither: those of the entry of `git:` for this repository.",
    ),
  key: SecretReference.optional().describe("A reference to the GitHub App's private key (PEM)."),
  token: SecretReference.optional().describe('A reference to an access token, in place of an App.'),
  api: z
    .url({ protocol: /^https?$/u })
    .max(API_LENGTH_MAX)
    .optional()
    .describe('For GitHub Enterprise Server: `https://ghe.example.com/api/v3`.'),
  status: z
    .boolean()
    .default(false)
    .describe('`true`: each stage is a commit status, `drayage/prod`, on the commit that the image was built from.'),
  deployments: z
    .boolean()
    .default(false)
    .describe('`true`: each promotion is a deployment of that commit, with its state.'),
  comments: z
    .boolean()
    .default(false)
    .describe('`true`: where an image is refused, the pull request of its commit says so and why.'),
})
export type Source = Readonly<z.infer<typeof Source>>

/** Whether developers are told anything there. */
export function isTold({ status, deployments, comments }: Source): boolean {
  return status || deployments || comments
}

/** The commit that an image was built from. */
export const Commit = z.object({
  /** `https://github.com/acme/payments`, in lower case. */
  repository: z.string().regex(/^https?:\/\/[^\s/@?#]+\/[^\s@?#]+$/u),
  id: z.string().regex(/^[0-9a-f]{40}$/u),
})
export type Commit = Readonly<z.infer<typeof Commit>>

/** By `owner/name`, at whatever host. */
export function isSameRepository(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** Where people see it: what the verified provenance calls it. */
export function urlOf({ github, api }: Pick<Source, 'github' | 'api'>): string {
  const name = github.toLowerCase()
  if (api === undefined) return `https://github.com/${name}`
  const { protocol, host } = new URL(api)
  return `${protocol}//${host.replace(/^api\./u, '')}/${name}`
}

/** Whether a commit is one of this repository. */
export function isIn(source: Pick<Source, 'github' | 'api'>, { repository }: Commit): boolean {
  return repository === urlOf(source)
}
