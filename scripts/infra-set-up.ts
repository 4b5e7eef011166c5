/** What stands in infra/ for the registries that are set up by commands, and for CI systems: the same text that `drayage init` prints. */

import { CI_JOBS } from '../src/cli/init/ci.ts'
import { ECR_TEMPLATE } from '../src/cli/init/ecr-template.ts'
import { variableOf } from '../src/cli/init/draft.ts'
import { recipes } from '../src/cli/init/recipes.ts'
import { parseImageReference, type ImageName } from '../src/domain/image.ts'

/** By path. */
export function infraSetUp(): Readonly<Record<string, string>> {
  const scripts = [...recipes].map(([type, recipe]) => {
    const secret = variableOf(type)
    const image = imageOf(`${recipe.host}/${recipe.repository ?? 'acme/payments'}`)
    const hook = `https://drayage.example.com/hooks/${type}`
    const hasSecret = recipe.hasSecret !== false
    const text = `#!/bin/sh
# Sets ${type} up to tell Drayage. Generated; \`drayage init ${type}\` prints it with your own names${hasSecret ? ' and a fresh secret' : ''}.
# HOOK_URL is where it sends to${hasSecret ? `, ${secret} the secret that drayage.yaml refers to` : ''}.
set -eu
: "\${HOOK_URL:?expected https://drayage.example.com/hooks/<name of the entry>}"${hasSecret ? ` "\${${secret}:?expected the secret}"` : ''}

${recipe.setUp({ name: type, secret, image, hook })}
`
    return [`infra/${type}/set-up.sh`, text] as const
  })
  const jobs = Object.values(CI_JOBS).map(({ file, text }) => [`infra/ci/${file}`, text] as const)
  return { ...Object.fromEntries([...scripts, ...jobs]), 'infra/ecr/api-destination.yml': ECR_TEMPLATE }
}

function imageOf(text: string): ImageName {
  const image = parseImageReference(text)
  if (!image.ok) throw new Error(`no image: ${text}`)
  return image.value
}
