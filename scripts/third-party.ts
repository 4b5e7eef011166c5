/** The licences of the libraries whose code is in a bundle: they ask to be named where their code goes. */

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGE = /^(?<folder>(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//u

/** `inputs`: the bundled files, relative to `root`. */
export function thirdPartyNotices(root: string, inputs: readonly string[]): string {
  const folders = new Set(inputs.flatMap((file) => PACKAGE.exec(file)?.groups?.['folder'] ?? []))
  const notices = [...folders].map((folder) => notice(join(root, folder))).toSorted()
  return `This package holds code of these libraries.\n\n${[...new Set(notices)].join('\n')}`
}

function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >
  const files = globSync('{LICENSE,LICENCE,License,license,NOTICE}*', { cwd: folder }).toSorted()
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return [
    '='.repeat(78),
    `${name} ${version}, ${typeof license === 'string' ? license : 'see below'}`,
    '',
    ...texts,
    '',
  ].join('\n')
}
