/** The Kubernetes manifests of a folder, as `kubectl kustomize` gives them, and as they stand in its files. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import * as z from 'zod'

export type Manifest = z.infer<typeof Manifest>
const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
})
const Kustomization = z.looseObject({
  kind: z.literal('Kustomization'),
  resources: z.array(z.string()),
  configMapGenerator: z
    .array(z.object({ name: z.string(), namespace: z.string(), files: z.array(z.string()) }))
    .optional(),
})

/** Null where there is no kubectl. */
export function kustomize(folder: string): readonly Manifest[] | null {
  const built = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' })
  if (built.error !== undefined) return null
  if (built.status !== 0) throw new Error(built.stderr)
  return manifestsIn(built.stdout)
}

/** The resources of a kustomization and of those that it names, without what is generated. */
export function resourcesOf(folder: string): readonly Manifest[] {
  const [kustomization] = parseAll(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'))
  return Kustomization.parse(kustomization).resources.flatMap((resource) =>
    resource.endsWith('.yaml')
      ? manifestsIn(readFileSync(join(folder, resource), 'utf8'))
      : resourcesOf(join(folder, resource)),
  )
}

export function kustomizationOf(folder: string): z.infer<typeof Kustomization> {
  return Kustomization.parse(parseAll(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'))[0])
}

function manifestsIn(text: string): readonly Manifest[] {
  return parseAll(text).map((document) => Manifest.parse(document))
}

/** Throws for a key that stands twice. */
function parseAll(text: string): readonly unknown[] {
  return parseAllDocuments(text).map((document): unknown => {
    const [problem] = [...document.errors, ...document.warnings]
    if (problem !== undefined) throw problem
    return document.toJS()
  })
}
