/** The policy that is tried: of a file of its own, or of the subscription that follows the image. */

import { readFile } from 'node:fs/promises'
import { loadPolicyFile } from '../../config/files.ts'
import type { LoadedPolicy } from '../../config/policy-file.ts'
import { formatProblem } from '../../config/problem.ts'
import type { Config } from '../../domain/config.ts'
import type { ImageName } from '../../domain/image.ts'
import { follows } from '../../domain/release.ts'
import { err, ok, type Result } from '../../domain/result.ts'
import type { TrustRoots } from '../../domain/signer.ts'
import { configOptions } from '../config-options.ts'
import type { Io } from '../command.ts'

/** Null: its problems are told. */
export async function policyOfFile(file: string, trustRoot: string | undefined, io: Io): Promise<LoadedPolicy | null> {
  const policy = await loadPolicyFile(file, configOptions)
  for (const problem of policy.ok ? policy.value.warnings : policy.error) io.stderr(`${formatProblem(problem)}\n`)
  if (!policy.ok) return null
  const { loaded } = policy.value
  return trustRoot === undefined
    ? loaded
    : { ...loaded, trust: replaced(loaded.trust, await readFile(trustRoot, 'utf8')) }
}

/** Every root becomes this one; what each demands stays. */
function replaced(trust: TrustRoots, json: string): TrustRoots {
  return Object.fromEntries(
    Object.entries(trust).map(([name, { require }]) => [name, { kind: 'custom', json, require }]),
  )
}

/** With whose it is. */
export type Chosen = LoadedPolicy & { readonly under: string }
export type Choice = { readonly subscription?: string | undefined; readonly stage?: string | undefined }

/** The last stage demands the most: a stage may add to its subscription, never take away. */
export function policyOfConfig(config: Config, image: ImageName, choice: Choice): Result<Chosen, string> {
  const following = config.subscriptions.filter(
    (one) => follows(one, image) && (choice.subscription ?? one.name) === one.name,
  )
  const [subscription, ...others] = following
  if (subscription === undefined) return err('no such subscription follows this image; write --policy FILE')
  if (others.length > 0)
    return err(`expected --subscription with one of ${following.map(({ name }) => name).join(', ')}`)
  const names = subscription.stages.map(({ name }) => name)
  const stage =
    choice.stage === undefined
      ? subscription.stages.at(-1)
      : subscription.stages.find(({ name }) => name === choice.stage)
  if (stage === undefined) return err(`expected --stage with one of ${names.join(', ')}`)
  if (stage.verify === 'none')
    return err(`${subscription.name}/${stage.name} has verify: none: nothing is proven of it`)
  const under = `${subscription.name}/${stage.name}`
  return ok({ policy: stage.verify, signers: config.signers, trust: config.trust, under })
}
