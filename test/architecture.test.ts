/**
 * The dependency rule of ARCHITECTURE.md, executed. Each row says what a place may import; anything else fails.
 * Imports are taken as written, types included, so a type-only leak is a leak too. The longest matching place rules.
 */

import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, it } from 'vitest'

const ports = [
  'src/receivers/receiver.ts',
  'src/delivery/delivery.ts',
  'src/health/health.ts',
  'src/conversations/conversation.ts',
  'src/notifications/notifier.ts',
  'src/notifications/teller.ts',
  'src/verification/verifier.ts',
  'src/checks/probe.ts',
  'src/state/documents.ts',
  'src/state/inbox.ts',
  'src/state/journal.ts',
  'src/state/keep.ts',
  'src/state/wake.ts',
]
const steps = ['receivers', 'delivery', 'health', 'state', 'checks']
/** The only files outside `cli/` and `handlers/` that may know the platform; all else runs on Workers. */
const mayImportNode = [
  'src/state/sqlite.ts',
  'src/state/sqlite-file.ts',
  'src/state/sqlite-backup.ts',
  'src/clients/git.ts',
  'src/clients/git-cache.ts',
  'src/clients/address-guard.ts',
  'src/config/files.ts',
  // Its two modules are in workerd too; the library that it is for asks for no other.
  'src/verification/sigstore/platform.ts',
]

const mayImport: Record<string, readonly string[]> = {
  'src/domain/': ['src/domain/', 'zod'],
  'src/match.ts': ['src/domain/'],
  'src/filter.ts': ['src/domain/', 'src/filter/', 're2js', 'semver'],
  'src/filter/': ['src/domain/', 'src/filter/', 're2js', 'semver'],
  'src/decide/': ['src/domain/', 'src/decide/'],
  'src/effects.ts': ['src/domain/', ...ports],
  'src/trace.ts': ['src/domain/'],
  'src/ports.ts': ['src/domain/', 'src/effects.ts', ...ports],
  'src/advance.ts': ['src/domain/', 'src/ports.ts', 'src/rules.ts', 'src/trace.ts', 'src/decide/', ...ports],
  'src/answers.ts': ['src/domain/', 'src/advance.ts', 'src/decide/', 'src/ports.ts'],
  'src/work.ts': [
    'src/announce.ts',
    'src/answers.ts',
    'src/commits-between.ts',
    'src/domain/',
    'src/advance.ts',
    'src/effects.ts',
    'src/ports.ts',
    'src/rules.ts',
    'src/trace.ts',
    'src/decide/',
    'src/pause.ts',
  ],
  'src/step.ts': ['src/domain/'],
  'src/sweep-plan.ts': ['src/domain/', 'zod'],
  'src/sweep-timer.ts': ['src/domain/', 'src/sweep.ts', 'src/sweep-look.ts'],
  'src/sweep.ts': ['src/domain/', 'src/sweep-look.ts', 'src/sweep-plan.ts'],
  'src/sweep-look.ts': [
    'src/domain/',
    'src/decide/',
    'src/filter.ts',
    'src/ports.ts',
    'src/rules.ts',
    'src/sweep-plan.ts',
  ],
  'src/announce.ts': ['src/domain/', 'src/decide/', 'src/advance.ts', 'src/ports.ts'],
  'src/ballots.ts': ['src/domain/', 'src/advance.ts', 'src/ports.ts', 'src/step.ts'],
  'src/commits-between.ts': ['src/domain/', 'src/ports.ts', 'src/rules.ts'],
  'src/hear.ts': ['src/domain/', 'src/advance.ts', 'src/match.ts', 'src/ports.ts', 'src/rules.ts', 'src/step.ts'],
  'src/gather.ts': ['src/domain/', 'src/ports.ts'],
  'src/offer.ts': ['src/domain/', 'src/advance.ts', 'src/ports.ts', 'src/rules.ts', 'src/step.ts'],
  'src/pulls.ts': ['src/domain/', 'src/advance.ts', 'src/ports.ts', 'src/rules.ts', 'src/step.ts'],
  'src/release.ts': ['src/domain/', 'src/advance.ts', 'src/gather.ts', 'src/offer.ts', 'src/ports.ts', 'src/step.ts'],
  'src/signal.ts': ['src/domain/', 'src/advance.ts', 'src/match.ts', 'src/ports.ts', 'src/step.ts'],
  'src/pipeline.ts': [
    'src/domain/',
    'src/advance.ts',
    'src/ballots.ts',
    'src/gather.ts',
    'src/hear.ts',
    'src/match.ts',
    'src/offer.ts',
    'src/ports.ts',
    'src/pulls.ts',
    'src/release.ts',
    'src/signal.ts',
    'src/step.ts',
    'src/work.ts',
  ],
  'src/pause.ts': ['src/domain/', 'src/ports.ts', 'zod', ...ports],
  'src/rules.ts': ['src/domain/', 'src/filter.ts', 'src/decide/'],
  'src/settle.ts': ['src/domain/', 'src/pipeline.ts', 'src/trace.ts'],
  'src/drain.ts': ['src/domain/', 'src/pipeline.ts', 'src/settle.ts', 'src/state/state.ts', ...ports],
  'src/invocation.ts': ['src/domain/', 'src/pipeline.ts', 'src/settle.ts', ...ports],
  'src/loop.ts': ['src/domain/', 'src/pipeline.ts', 'src/settle.ts', ...ports],
  'src/status.ts': ['src/domain/', ...ports],
  'src/restore.ts': ['src/domain/', 'src/state/state.ts', ...ports],
  'src/affected.ts': ['src/domain/', 'src/status.ts', ...ports],
  'src/explain.ts': ['src/domain/', 'src/status.ts', 'src/state/state.ts', ...ports],
  'src/body.ts': [],
  'src/edge.ts': [],
  'src/readiness.ts': ['src/domain/', ...ports],
  'src/allowance.ts': ['src/domain/'],
  'src/app.ts': ['src/domain/', 'src/allowance.ts', 'src/body.ts', 'src/edge.ts', 'hono', ...ports],
  'src/identities.ts': ['src/domain/', 'src/authorise.ts', 'src/clients/'],
  'src/api-acts.ts': [
    'src/domain/',
    'src/api.ts',
    'src/decide/',
    'src/gather.ts',
    'src/pause.ts',
    'src/pipeline.ts',
    'src/status.ts',
    'zod',
  ],
  'src/api.ts': [
    'src/api-acts.ts',
    'src/pause.ts',
    'src/domain/',
    'src/body.ts',
    'src/edge.ts',
    'src/pipeline.ts',
    'src/authorise.ts',
    'src/identities.ts',
    'src/status.ts',
    'src/affected.ts',
    'src/explain.ts',
    'hono',
    'zod',
  ],
  // The one file of src that chooses adapters: for every platform's handler.
  'src/assemble.ts': [
    'src/domain/',
    'src/effects.ts',
    'src/clients/',
    'src/delivery/',
    'src/health/',
    'src/conversations/',
    'src/notifications/',
    'src/receivers/',
    'src/verification/',
    'src/checks/',
  ],
  'src/clients/': ['src/domain/', 'src/clients/', 'zod'],
  'src/clients/kubernetes-client.ts': ['src/domain/', 'src/clients/', '@kubernetes/client-node'],
  'src/clients/github.ts': ['src/domain/', 'src/clients/', 'zod', '@octokit/core', '@octokit/auth-app'],
  'src/clients/address-guard.ts': ['src/clients/', 'undici'],
  'src/clients/google/token.ts': ['src/domain/', 'src/clients/', 'jose', 'zod'],
  'src/clients/jwt.ts': ['src/domain/', 'src/clients/', 'jose', 'zod'],
  'src/clients/key-set.ts': ['src/domain/', 'src/clients/', 'jose', 'zod'],
  'src/clients/aws/sign.ts': ['src/clients/', 'aws4fetch'],
  'src/clients/aws/ecr-sdk.ts': [
    'src/domain/',
    'src/clients/',
    '@aws-sdk/client-ecr',
    '@aws-sdk/credential-provider-node',
  ],
  'src/clients/registry-credentials/azure.ts': ['src/domain/', 'src/clients/', 'jose', 'zod'],
  'src/clients/prometheus.ts': ['src/domain/', 'src/clients/', 'prom-client'],
  'src/follow/': [
    'src/domain/',
    'src/clients/',
    'src/config/',
    'src/follow/',
    'src/state/keep.ts',
    'src/state/journal.ts',
    'zod',
  ],
  'src/config/': ['src/domain/', 'src/config/', 'yaml', 'zod'],
  'src/state/dynamodb/sdk.ts': ['src/domain/', 'src/state/', '@aws-sdk/client-dynamodb'],
  'src/state/postgres/connection.ts': ['src/domain/', 'pg', 'pg-connection-string'],
  'src/delivery/edit/': ['src/domain/', 'src/delivery/edit/', 'yaml', 'zod'],
  ...Object.fromEntries(steps.map((step) => [`src/${step}/`, ['src/domain/', 'src/clients/', `src/${step}/`, 'zod']])),
  'src/delivery/': ['src/domain/', 'src/clients/', 'src/delivery/', 'src/escape.ts', 'zod'],
  'src/verification/notation/cose.ts': ['src/domain/', 'src/verification/notation/', 'cborg'],
  'src/verification/sigstore/': ['src/domain/', 'src/verification/sigstore/', '@sigstore/', 're2js', 'zod'],
  'src/verification/attestation-rule.ts': ['src/domain/', 'src/verification/', 're2js'],
  'src/verification/': ['src/domain/', 'src/clients/', 'src/verification/', 'zod'],
  'src/intake.ts': ['src/domain/', 'src/interactions.ts', 'src/receivers/'],
  'src/interactions.ts': ['src/domain/', 'src/clients/', 'src/conversations/', ...ports],
  'src/conversations/': ['src/domain/', 'src/clients/', 'src/conversations/', 'src/escape.ts', 'zod'],
  'src/notifications/email.ts': ['src/domain/', 'src/notifications/', 'src/escape.ts', 'nodemailer'],
  'src/notifications/': ['src/domain/', 'src/clients/', 'src/notifications/', 'src/escape.ts', 'zod'],
  'src/escape.ts': ['src/domain/'],
  'src/authorise.ts': ['src/domain/'],
  'src/log.ts': ['src/domain/', 'src/escape.ts'],
  'src/index.ts': ['src/'],
  'src/cli/trust/': ['src/', 'node:', 'zod', 'tuf-js', '@sigstore/'],
  'src/cli/': ['src/', 'handlers/', 'package.json', 'node:', 'zod', 'yaml', '@hono/node-server', 'hono'],
  // A Worker has no `node:`; what is only asked for by some invocations is in modules of its own.
  'handlers/cloudflare.ts': ['handlers/cloudflare/'],
  'handlers/cloudflare/': ['src/', 'handlers/cloudflare/', 'cloudflare:workers', 'drayage-config', 'hono'],
  'handlers/aws/': ['src/', 'handlers/aws/', 'handlers/hmac.ts', 'drayage-config', 'hono', 'zod'],
  'handlers/': [
    'src/',
    'handlers/listen.ts',
    'handlers/store.ts',
    'handlers/hmac.ts',
    'handlers/node/',
    'node:',
    '@hono/node-server',
    'hono',
  ],
}

const places = Object.entries(mayImport).toSorted(([a], [b]) => b.length - a.length)

for (const file of globSync('{src,handlers}/**/*.ts').toSorted()) {
  const rule = places.find(([place]) => file.startsWith(place))
  it(`${file} imports only what its place may`, () => {
    expect(rule, 'a file outside every place').toBeDefined()
    const allowed = [...(rule?.[1] ?? []), ...(mayImportNode.includes(file) ? ['node:'] : [])]
    const strangers = importsOf(file).filter(
      (to) =>
        !allowed.some(
          (place) => to === place || to.startsWith(place.endsWith('/') || place.endsWith(':') ? place : `${place}/`),
        ),
    )
    expect(strangers).toEqual([])
  })
}

it('lists no platform file that does not exist', () => {
  expect(mayImportNode.filter((file) => globSync(file).length === 0)).toEqual([])
})

function importsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8')
  return [...source.matchAll(/(?:\bfrom |^import |\bimport\()['"](?<to>[^'"\n]+)['"]/gmu)].map(({ groups }) => {
    const to = groups?.['to'] ?? ''
    return to.startsWith('.') ? posix.join(posix.dirname(file), to) : to
  })
}
