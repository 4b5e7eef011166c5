/** The catalogue: every receiver by the name that stands in the configuration. A new registry is one line here. */

import { alibaba } from './alibaba.ts'
import { cdevents } from './cdevents.ts'
import { cloudevents } from './cloudevents.ts'
import { distribution } from './distribution.ts'
import { dockerhub } from './dockerhub.ts'
import { ecr } from './ecr.ts'
import { ghcr } from './ghcr.ts'
import { gitea } from './gitea.ts'
import { gitlab } from './gitlab.ts'
import { harbor } from './harbor.ts'
import { jfrog } from './jfrog.ts'
import { mirantis } from './mirantis.ts'
import { nexus } from './nexus.ts'
import { quay } from './quay.ts'
import type { ReceiverType } from './receiver.ts'
import { webhook } from './webhook.ts'
import { zot } from './zot.ts'

const types: readonly ReceiverType[] = [
  alibaba,
  cdevents,
  cloudevents,
  distribution,
  dockerhub,
  ecr,
  ghcr,
  gitea,
  gitlab,
  harbor,
  jfrog,
  mirantis,
  nexus,
  quay,
  webhook,
  zot,
]

export const receiverTypes: ReadonlyMap<string, ReceiverType> = new Map(types.map((type) => [type.type, type]))
