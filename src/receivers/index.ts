/** The catalogue: every receiver by the name that stands in the configuration. A new registry is one line here. */

import { distribution } from './distribution.ts'
import { dockerhub } from './dockerhub.ts'
import { ghcr } from './ghcr.ts'
import { gitea } from './gitea.ts'
import { gitlab } from './gitlab.ts'
import { harbor } from './harbor.ts'
import { jfrog } from './jfrog.ts'
import { nexus } from './nexus.ts'
import { quay } from './quay.ts'
import type { ReceiverType } from './receiver.ts'
import { webhook } from './webhook.ts'

const types: readonly ReceiverType[] = [
  distribution,
  dockerhub,
  ghcr,
  gitea,
  gitlab,
  harbor,
  jfrog,
  nexus,
  quay,
  webhook,
]

export const receiverTypes: ReadonlyMap<string, ReceiverType> = new Map(types.map((type) => [type.type, type]))
