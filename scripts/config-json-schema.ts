/** The configuration's shape as JSON Schema, for editors: what `drayage check` takes, but for names that must exist and rules between parts. */

import * as z from 'zod'
import { fileSchema } from '../src/config/schema.ts'
import { receiverTypes } from '../src/receivers/index.ts'
import { poll } from '../src/receivers/poll.ts'

export type JsonSchema = z.core.JSONSchema.BaseSchema

/** Draft 7: the one that editors know best. */
export function configJsonSchema(): JsonSchema {
  const [first, ...others] = [...receiverTypes.values(), poll].map(({ Settings }) => Settings)
  if (first === undefined) throw new Error('there is no receiver')
  const schema = z.toJSONSchema(fileSchema(z.union([first, ...others])), {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      if (jsonSchema.type === 'object') jsonSchema.patternProperties = { '^x-': {} }
    },
  })
  return { title: 'drayage.yaml', description: 'The configuration of Drayage.', ...schema }
}
