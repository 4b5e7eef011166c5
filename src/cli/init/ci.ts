/** Jobs that send the signed `webhook` event, once an image is pushed: one shell part, in the form of each CI system. */

/**
 * POSIX sh, openssl and curl. The id names the event, so that a repeated delivery is known for one; the signature is over id, time
 * and body. `IMAGE` is what was pushed, with its tag.
 */
const SEND = `set -eu
id="msg_$(openssl rand -hex 16)"
time=$(date +%s)
body="{\\"type\\":\\"image.pushed\\",\\"timestamp\\":\\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\\",\\"data\\":{\\"image\\":\\"$IMAGE\\"}}"
key=$(printf %s "\${DRAYAGE_HOOK#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')
signature=$(printf %s "$id.$time.$body" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)
printf %s "$body" | curl --fail --silent --show-error --max-time 20 --retry 4 --retry-connrefused --data-binary @- \\
  --header 'content-type: application/json' --header "webhook-id: $id" \\
  --header "webhook-timestamp: $time" --header "webhook-signature: v1,$signature" "$DRAYAGE_HOOK_URL"`

function indented(spaces: number): string {
  return SEND.replaceAll(/^(?=.)/gmu, ' '.repeat(spaces))
}

const HEAD = `# Tells Drayage about a pushed image, signed by Standard Webhooks. DRAYAGE_HOOK is the secret (whsec_…), DRAYAGE_HOOK_URL is
# https://drayage.example.com/hooks/<entry>.`

export type CiJob = {
  /** Where the job belongs, in infra/ and in a repository. */
  readonly file: string
  readonly text: string
}

export const CI_JOBS: Readonly<Record<string, CiJob>> = {
  'github-actions': {
    file: 'github-actions.yml',
    text: `${HEAD} Copy the step behind the one that pushes.
name: release
on:
  push:
    tags: ['*']
permissions: {}
jobs:
  tell-drayage:
    runs-on: ubuntu-latest
    steps:
      - name: Tell Drayage
        env:
          IMAGE: ghcr.io/acme/payments:\${{ github.ref_name }}
          DRAYAGE_HOOK: \${{ secrets.DRAYAGE_HOOK }}
          DRAYAGE_HOOK_URL: \${{ vars.DRAYAGE_HOOK_URL }}
        run: |
${indented(10)}
`,
  },
  'gitlab-ci': {
    file: 'gitlab-ci.yml',
    text: `${HEAD} Both are variables of the project, the first one masked and hidden.
tell-drayage:
  stage: .post
  image: alpine:3
  rules:
    - if: $CI_COMMIT_TAG
  variables:
    IMAGE: $CI_REGISTRY_IMAGE:$CI_COMMIT_TAG
  before_script:
    - apk add --no-cache curl openssl
  script:
    - |
${indented(6)}
`,
  },
  jenkins: {
    file: 'Jenkinsfile',
    text: `${HEAD.replaceAll(/^# /gmu, '// ')} The first is a credential of the kind "secret text".
pipeline {
  agent any
  environment {
    IMAGE = "registry.example.com/acme/payments:\${env.TAG_NAME ?: env.BUILD_NUMBER}"
    DRAYAGE_HOOK_URL = 'https://drayage.example.com/hooks/webhook'
  }
  stages {
    stage('Tell Drayage') {
      steps {
        withCredentials([string(credentialsId: 'drayage-hook', variable: 'DRAYAGE_HOOK')]) {
          sh '''
${indented(12).replaceAll('\\', '\\\\')}
          '''
        }
      }
    }
  }
}
`,
  },
  circleci: {
    file: 'circleci.yml',
    text: `${HEAD} Both are in the context "drayage".
version: 2.1
jobs:
  tell-drayage:
    docker:
      - image: cimg/base:current
    environment:
      IMAGE: registry.example.com/acme/payments
    steps:
      - run:
          name: Tell Drayage
          command: |
            IMAGE="$IMAGE:$CIRCLE_TAG"
${indented(12)}
workflows:
  release:
    jobs:
      - tell-drayage:
          context: [drayage]
          filters:
            tags: { only: /.*/ }
            branches: { ignore: /.*/ }
`,
  },
}
