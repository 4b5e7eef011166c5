/** A policy on its own: `trust:`, `signers:` and `verify:`, written as in `drayage.yaml`, to be tried on an image or a file. */

import * as z from 'zod'
import { err, ok, type Result } from '../domain/result.ts'
import type { Signers, TrustRoots } from '../domain/signer.ts'
import { Name } from '../domain/subscription.ts'
import type { Policy } from '../domain/verification-policy.ts'
import { readWithIncludes, type Include } from './include.ts'
import { resolveVerify } from './policies.ts'
import { formatPath, problemAt, type ConfigProblem } from './problem.ts'
import { createReading, readNamedFiles, type Checks } from './reading.ts'
import { shapeOf, type Report } from './shape.ts'
import { resolveSigners, resolveTrust } from './signers.ts'
import { plainOf } from './tree.ts'
import { RawSigner, RawTrust, RawVerify } from './verification-schema.ts'

const PolicyFile = z.strictObject({
  version: z.literal(1).optional(),
  include: z.unknown().optional(),
  trust: z.record(Name, RawTrust).optional(),
  signers: z.record(Name, RawSigner).optional(),
  verify: RawVerify,
})

export type LoadedPolicy = { readonly policy: Policy; readonly signers: Signers; readonly trust: TrustRoots }
type Options = Checks & { readonly path: string; readonly include: Include }

/** All problems, each with its place; warnings come along with what could be loaded. */
export async function loadPolicy(
  text: string,
  { path, include, ...checks }: Options,
): Promise<
  Result<{ readonly loaded: LoadedPolicy; readonly warnings: readonly ConfigProblem[] }, readonly ConfigProblem[]>
> {
  const whole = await readWithIncludes(text, path, include)
  if (!whole.ok) return whole
  const { root } = whole.value
  const problems = new Map<string, ConfigProblem>()
  const report: Report = (problem, at) =>
    void problems.set(`${formatPath(at)} ${problem.reason} ${problem.line}:${problem.column}`, problem)
  const reading = createReading(root, report, { ...checks, files: await readNamedFiles(root, include) })
  const raw = shapeOf(PolicyFile, root, [], plainOf(root), report)
  const trust = resolveTrust(reading, raw?.trust ?? {})
  const signers = resolveSigners(reading, raw?.signers ?? {}, trust)
  const written = raw === undefined ? [] : [{ path: ['verify'], raw: raw.verify }]
  const policy = resolveVerify(reading, signers, written, undefined)
  const found = [...problems.values()]
  if (raw !== undefined && policy === 'none') {
    found.push(
      problemAt(root.place, {
        reason: 'missing',
        path: ['verify'],
        what: 'none demands nothing: there is nothing to try',
      }),
    )
  }
  const isFine = found.every(({ severity }) => severity === 'warning')
  if (!isFine || policy === undefined || policy === 'none') return err(found)
  return ok({ loaded: { policy, signers, trust }, warnings: found })
}
