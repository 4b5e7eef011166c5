import { expect, it } from 'vitest'
import { editImage, findImage } from '../../../../src/delivery/edit/edit.ts'
import { aPinnedImage } from '../../../helpers/edit.ts'

const NEW = `sha256:${'d'.repeat(64)}`
const OLD = `sha256:${'a'.repeat(64)}`
const NAME = 'ghcr.io/acme/payments'
const image = aPinnedImage()

type Row = { readonly shape: string; readonly before: string; readonly found: string; readonly after: string }

const rows: readonly Row[] = [
  {
    shape: 'a container of a Deployment',
    before: `kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - name: web\n        image: ${NAME}:1.4.1 # the release\n`,
    found: `${NAME}:1.4.1`,
    after: `kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - name: web\n        image: ${NAME}:1.5.0@${NEW} # the release\n`,
  },
  {
    shape: 'an init container',
    before: `initContainers: [{ name: migrate, image: "${NAME}:1" }]\n`,
    found: `${NAME}:1`,
    after: `initContainers: [{ name: migrate, image: "${NAME}:1.5.0@${NEW}" }]\n`,
  },
  {
    shape: 'a CronJob with a digest only',
    before: `spec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n            - image: ${NAME}@${OLD}\n`,
    found: `${NAME}@${OLD}`,
    after: `spec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n            - image: ${NAME}:1.5.0@${NEW}\n`,
  },
  {
    shape: 'a custom resource with a field of its own name',
    before: `kind: Database\nspec:\n  sidecarImage: ${NAME}\n`,
    found: NAME,
    after: `kind: Database\nspec:\n  sidecarImage: ${NAME}:1.5.0@${NEW}\n`,
  },
  {
    shape: 'an OCI image volume',
    before: `volumes:\n- name: model\n  image:\n    reference: ${NAME}:1\n    pullPolicy: Always\n`,
    found: `${NAME}:1`,
    after: `volumes:\n- name: model\n  image:\n    reference: ${NAME}:1.5.0@${NEW}\n    pullPolicy: Always\n`,
  },
  {
    shape: 'a kustomization entry with newTag',
    before: `images:\n- name: ${NAME}\n  newTag: "1.4"\n`,
    found: `${NAME}:1.4`,
    after: `images:\n- name: ${NAME}\n  newTag: "1.5.0@${NEW}"\n`,
  },
  {
    shape: 'a kustomization entry with newName, newTag and digest',
    before: `images:\n- name: app\n  newName: ${NAME}\n  newTag: 1.4.1\n  digest: ${OLD}\n`,
    found: `${NAME}:1.4.1@${OLD}`,
    after: `images:\n- name: app\n  newName: ${NAME}\n  newTag: 1.5.0\n  digest: ${NEW}\n`,
  },
  {
    shape: 'a kustomization entry with a name alone',
    before: `kind: Kustomization\nimages:\n  - name: ${NAME} # ours\n  - name: other\n    newTag: v1\n`,
    found: NAME,
    after: `kind: Kustomization\nimages:\n  - name: ${NAME} # ours\n    newTag: '1.5.0@${NEW}'\n  - name: other\n    newTag: v1\n`,
  },
  {
    shape: 'a kustomization entry with a digest alone',
    before: `images:\n  - name: ${NAME}\n    digest: ${OLD}`,
    found: `${NAME}@${OLD}`,
    after: `images:\n  - name: ${NAME}\n    newTag: '1.5.0'\n    digest: ${NEW}`,
  },
  {
    shape: 'a kustomization entry on one line',
    before: `kind: Kustomization\nimages: [{ name: ${NAME} }]\n`,
    found: NAME,
    after: `kind: Kustomization\nimages: [{ name: ${NAME}, newTag: '1.5.0@${NEW}' }]\n`,
  },
  {
    shape: 'Helm values in parts',
    before: `image:\n  repository: ${NAME}\n  tag: 1.4.1 # keep\n  pullPolicy: IfNotPresent\n`,
    found: `${NAME}:1.4.1`,
    after: `image:\n  repository: ${NAME}\n  tag: 1.5.0@${NEW} # keep\n  pullPolicy: IfNotPresent\n`,
  },
  {
    shape: 'Helm values with registry and digest',
    before: `image:\n  registry: ghcr.io\n  repository: acme/payments\n  tag: "1.4.1"\n  digest: ""\n`,
    found: `${NAME}:1.4.1`,
    after: `image:\n  registry: ghcr.io\n  repository: acme/payments\n  tag: "1.5.0"\n  digest: "${NEW}"\n`,
  },
  {
    shape: 'Helm values with the digest inside the tag',
    before: `web:\n  image:\n    repository: ${NAME}\n    tag: 1.4.1@${OLD}\n    digest:\n`,
    found: `${NAME}:1.4.1@${OLD}`,
    after: `web:\n  image:\n    repository: ${NAME}\n    tag: 1.5.0@${NEW}\n    digest:\n`,
  },
  {
    shape: 'Helm values without a tag',
    before: `image:\r\n  repository: ${NAME}\r\n  pullPolicy: Always\r\n`,
    found: NAME,
    after: `image:\r\n  repository: ${NAME}\r\n  tag: '1.5.0@${NEW}'\r\n  pullPolicy: Always\r\n`,
  },
  {
    shape: 'Helm values with an empty tag before a comment',
    before: `image:\n  repository: ${NAME}\n  tag: # the chart's own\n`,
    found: NAME,
    after: `image:\n  repository: ${NAME}\n  tag: 1.5.0@${NEW} # the chart's own\n`,
  },
  {
    shape: 'Helm values with image and tag',
    before: `image: ${NAME}\ntag: v1\n`,
    found: `${NAME}:v1`,
    after: `image: ${NAME}\ntag: 1.5.0@${NEW}\n`,
  },
  {
    shape: 'Helm values with a flat name and tag',
    before: `sidecarImage: ${NAME}\nsidecarImageTag: v1\nimage: other\nimageTag: v2\n`,
    found: `${NAME}:v1`,
    after: `sidecarImage: ${NAME}\nsidecarImageTag: 1.5.0@${NEW}\nimage: other\nimageTag: v2\n`,
  },
  {
    shape: 'Helm values whose repository is the folder of the name',
    before: `image:\n  repository: ghcr.io/acme\n  name: payments\n  tag: v1\n`,
    found: `${NAME}:v1`,
    after: `image:\n  repository: ghcr.io/acme\n  name: payments\n  tag: 1.5.0@${NEW}\n`,
  },
  {
    shape: 'Helm values with a list of images',
    before: `images:\n  web: { name: ${NAME}, tag: v1 }\n`,
    found: `${NAME}:v1`,
    after: `images:\n  web: { name: ${NAME}, tag: 1.5.0@${NEW} }\n`,
  },
  {
    shape: 'JSON',
    before: `{\n  "image": { "repository": "${NAME}", "tag": "v1" },\n  "x": 1\n}\n`,
    found: `${NAME}:v1`,
    after: `{\n  "image": { "repository": "${NAME}", "tag": "1.5.0@${NEW}" },\n  "x": 1\n}\n`,
  },
  {
    shape: 'a single Helm value',
    before: `image: "${NAME}:1.4.1"\n`,
    found: `${NAME}:1.4.1`,
    after: `image: "${NAME}:1.5.0@${NEW}"\n`,
  },
  {
    shape: 'an Argo CD application with values in a block',
    before: `spec:\n  source:\n    helm:\n      values: |\n        # prod\n        image:\n          repository: ${NAME}\n\n          tag: v1 # keep me\n        other: x\n    path: .\n`,
    found: `${NAME}:v1`,
    after: `spec:\n  source:\n    helm:\n      values: |\n        # prod\n        image:\n          repository: ${NAME}\n\n          tag: 1.5.0@${NEW} # keep me\n        other: x\n    path: .\n`,
  },
  {
    shape: 'an Argo CD application with kustomize images',
    before: `spec:\n  source:\n    kustomize:\n      images:\n      - web=${NAME}:1.4.1\n      - other:v1\n`,
    found: `${NAME}:1.4.1`,
    after: `spec:\n  source:\n    kustomize:\n      images:\n      - web=${NAME}:1.5.0@${NEW}\n      - other:v1\n`,
  },
  {
    shape: 'an application inside a ConfigMap inside a list',
    before: `items:\n- kind: ConfigMap\n  data:\n    app.yaml: |-\n      helm:\n        values: |\n          image: ${NAME}:1\n      x: 1\n`,
    found: `${NAME}:1`,
    after: `items:\n- kind: ConfigMap\n  data:\n    app.yaml: |-\n      helm:\n        values: |\n          image: ${NAME}:1.5.0@${NEW}\n      x: 1\n`,
  },
  {
    shape: 'an anchored reference with its aliases',
    before: `x-image: &img ${NAME}:1\ncontainers:\n- image: *img\n- image: *img\n`,
    found: `${NAME}:1`,
    after: `x-image: &img ${NAME}:1.5.0@${NEW}\ncontainers:\n- image: *img\n- image: *img\n`,
  },
  {
    shape: 'a map that is merged elsewhere',
    before: `app: &app\n  repository: ${NAME}\n  tag: v1\nworker:\n  <<: *app\n  replicas: 2\n`,
    found: `${NAME}:v1`,
    after: `app: &app\n  repository: ${NAME}\n  tag: 1.5.0@${NEW}\nworker:\n  <<: *app\n  replicas: 2\n`,
  },
  {
    shape: 'a value behind a Flux marker, whatever its key',
    before: `env:\n- name: WORKER\n  value: ${NAME}:1 # {"$imagepolicy": "flux-system:payments"}\n`,
    found: `${NAME}:1`,
    after: `env:\n- name: WORKER\n  value: ${NAME}:1.5.0@${NEW} # {"$imagepolicy": "flux-system:payments"}\n`,
  },
  {
    shape: 'CRLF line ends',
    before: `a: 1\r\nimage: '${NAME}:1'  # c\r\n`,
    found: `${NAME}:1`,
    after: `a: 1\r\nimage: '${NAME}:1.5.0@${NEW}'  # c\r\n`,
  },
  {
    shape: 'a byte order mark',
    before: `\ufeffimage: ${NAME}:1\n`,
    found: `${NAME}:1`,
    after: `\ufeffimage: ${NAME}:1.5.0@${NEW}\n`,
  },
  { shape: 'no final newline', before: `image: ${NAME}:1`, found: `${NAME}:1`, after: `image: ${NAME}:1.5.0@${NEW}` },
  {
    shape: 'a tab before the comment',
    before: `image: ${NAME}:1\t# c\n`,
    found: `${NAME}:1`,
    after: `image: ${NAME}:1.5.0@${NEW}\t# c\n`,
  },
  {
    shape: 'trailing spaces',
    before: `image: ${NAME}:1   \nx: y\t\n`,
    found: `${NAME}:1`,
    after: `image: ${NAME}:1.5.0@${NEW}   \nx: y\t\n`,
  },
  {
    shape: 'an explicit key',
    before: `? image\n: ${NAME}:1\n`,
    found: `${NAME}:1`,
    after: `? image\n: ${NAME}:1.5.0@${NEW}\n`,
  },
  {
    shape: 'a quoted key',
    before: `"image": ${NAME}:1\n`,
    found: `${NAME}:1`,
    after: `"image": ${NAME}:1.5.0@${NEW}\n`,
  },
  {
    shape: 'an explicit tag',
    before: `image: !!str ${NAME}:1\n`,
    found: `${NAME}:1`,
    after: `image: !!str ${NAME}:1.5.0@${NEW}\n`,
  },
  {
    shape: 'YAML 1.1',
    before: `%YAML 1.1\n---\nimage: ${NAME}:1\n`,
    found: `${NAME}:1`,
    after: `%YAML 1.1\n---\nimage: ${NAME}:1.5.0@${NEW}\n`,
  },
  {
    shape: 'text beyond ASCII around it',
    before: `# 🚀 héllo\nname: "🚀"\nimage: ${NAME}:1\n`,
    found: `${NAME}:1`,
    after: `# 🚀 héllo\nname: "🚀"\nimage: ${NAME}:1.5.0@${NEW}\n`,
  },
  {
    shape: 'the second of two documents',
    before: `a: 1\n...\n---\nimage: ${NAME}:1\n`,
    found: `${NAME}:1`,
    after: `a: 1\n...\n---\nimage: ${NAME}:1.5.0@${NEW}\n`,
  },
]

it.each(rows)('edits $shape and nothing else', ({ before, found, after }) => {
  const edited = editImage(before, { image }, {})
  expect(edited).toMatchObject({ ok: true, value: { text: after, found } })
})

it.each(rows)('finds what it wrote in $shape, and changes nothing then', ({ before }) => {
  const edited = editImage(before, { image }, {})
  const { text, now } = edited.ok ? edited.value : expect.fail()
  expect(findImage(text, image, {})).toMatchObject({ ok: true, value: { found: now } })
  expect(editImage(text, { image }, {})).toMatchObject({ ok: true, value: { text, changes: [], found: now } })
})

it.each(rows)('restores $shape to the same bytes', ({ before, found }) => {
  const edited = editImage(before, { image }, {})
  const { text } = edited.ok ? edited.value : expect.fail()
  expect(editImage(text, { name: image, restore: found }, {})).toMatchObject({ ok: true, value: { text: before } })
})

it('says which line and field it changes', () => {
  const edited = editImage(`image:\n  repository: ${NAME}\n  tag: v1\n`, { image }, {})
  expect(edited.ok && edited.value.changes).toEqual([
    { path: 'image.tag', line: 3, before: 'v1', after: `1.5.0@${NEW}` },
  ])
})

it('takes nginx and docker.io/library/nginx for the same, and keeps what is written', () => {
  const nginx = aPinnedImage({ registry: 'docker.io', repository: 'library/nginx' })
  expect(editImage('image: nginx:1\n', { image: nginx }, {})).toMatchObject({
    ok: true,
    value: { text: `image: nginx:1.5.0@${NEW}\n`, found: 'nginx:1' },
  })
})

it('knows a kustomization by its file name', () => {
  const text = `images:\n- name: ${NAME}\n`
  expect(editImage(text, { image }, {}).ok).toBe(false)
  expect(editImage(text, { image }, { path: 'apps/prod/kustomization.yaml' }).ok).toBe(true)
})

it('quotes a tag that parsers read as a number', () => {
  const before = `image:\n  repository: ${NAME}\n  tag: v1\n  digest: ${OLD}\n`
  const edited = editImage(before, { image: aPinnedImage({ tag: '1.10' }) }, {})
  expect(edited.ok && edited.value.text).toContain('tag: "1.10"\n')
})

it('puts quotes around a number that looks like the tag already', () => {
  const before = `image:\n  repository: ${NAME}\n  tag: 1.10\n  digest: ${NEW}\n`
  const edited = editImage(before, { image: aPinnedImage({ tag: '1.10' }) }, {})
  expect(edited.ok && edited.value.text).toContain('tag: "1.10"\n')
})

it('restores an unquoted number as it stood', () => {
  const before = `image:\n  repository: ${NAME}\n  tag: 1.10\n`
  const edited = editImage(before, { image }, {})
  const { text, found } = edited.ok ? edited.value : expect.fail()
  expect(editImage(text, { name: image, restore: found }, {})).toMatchObject({ ok: true, value: { text: before } })
})

it.each([
  ['a number', '"tag": 1.10'],
  ['null', '"tag": null'],
  ['nothing', '"pullPolicy": "Always"'],
])('leaves JSON with %s for a tag JSON', (_, rest) => {
  const edited = editImage(`{"image":{"repository":"${NAME}",${rest}}}`, { image }, {})
  const { text, now } = edited.ok ? edited.value : expect.fail()
  expect(JSON.parse(text)).toMatchObject({ image: { repository: NAME, tag: `1.5.0@${NEW}` } })
  expect(findImage(text, image, {})).toMatchObject({ ok: true, value: { found: now } })
})
