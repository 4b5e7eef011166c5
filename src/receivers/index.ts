/** The catalogue: every receiver by the name that stands in the configuration. A new registry is one line here. */

import { acr } from './acr.ts'
import { alibaba } from './alibaba.ts'
import { cdevents } from './cdevents.ts'
import { cloudevents } from './cloudevents.ts'
import { distribution } from './distribution.ts'
import { dockerhub } from './dockerhub.ts'
import { ecr } from './ecr.ts'
import { gcr } from './gcr.ts'
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
  acr,
  alibaba,
  cdevents,
  cloudevents,
  distribution,
  dockerhub,
  ecr,
  gcr,
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
