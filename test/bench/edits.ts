/** An edit tried on 10,000 YAML files of a repository against only reading them; few hold the image, as it is. Then the files that hold it alone. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeFile, editImage } from '../../src/delivery/edit/edit.ts'
import { aPinnedImage } from '../helpers/edit.ts'
import type { BenchRow } from './row.ts'

const FILES = 10_000
/** One application, with a file for each of its environments. */
const HOLDS_EVERY = 1000
const ROUNDS = 7
const IMAGE = aPinnedImage()

export function bench(): Promise<readonly BenchRow[]> {
  const directory = mkdtempSync(join(tmpdir(), 'drayage-bench-'))
  try {
    const files = Array.from({ length: FILES }, (_, index) => join(directory, `${index}.yaml`))
    for (const [index, file] of files.entries()) writeFileSync(file, aManifest(index))
    const holders = files.filter((_, index) => index % HOLDS_EVERY === 0)
    return Promise.resolve([
      row(`edits: ${FILES} files / reading them`, '≤ 1.5', files, holders.length),
      row(`edits: ${holders.length} files with the image / reading`, '', holders, holders.length),
    ])
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function row(name: string, aim: string, files: readonly string[], expected: number): BenchRow {
  const reading: number[] = []
  const editing: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    timed(reading, () => files.reduce((bytes, file) => bytes + readFileSync(file).length, 0))
    const edited = timed(editing, () => files.filter(isEdited).length)
    if (edited !== expected) throw new Error(`expected ${expected} edits, found ${edited}`)
  }
  const [read, edit] = [median(reading), median(editing)]
  return { name, ratio: edit / read, aim, detail: `${edit.toFixed(0)} ms, reading ${read.toFixed(0)} ms` }
}

function isEdited(file: string): boolean {
  const text = decodeFile(readFileSync(file))
  if (!text.ok) return false
  const edited = editImage(text.value, { image: IMAGE }, { path: file })
  return edited.ok && edited.value.text !== text.value
}

function aManifest(index: number): string {
  const image = index % HOLDS_EVERY === 0 ? 'ghcr.io/acme/payments:1.4.1' : `ghcr.io/acme/service-${index}:2.0.${index}`
  return `# Managed by the platform team
apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-${index}
  namespace: team-${index % 40}
  labels: { app.kubernetes.io/name: service-${index}, app.kubernetes.io/part-of: "shop" }
spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: service-${index}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: service-${index}
    spec:
      containers:
        - name: app
          image: ${image} # the release
          ports:
            - containerPort: 8080
          readinessProbe:
            httpGet: { path: /readyz, port: 8080 }
          resources:
            requests: { cpu: 100m, memory: 128Mi }
            limits:
              memory: 256Mi
`
}

function timed<T>(times: number[], work: () => T): T {
  const start = performance.now()
  const result = work()
  times.push(performance.now() - start)
  return result
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0
}
