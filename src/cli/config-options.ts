/** What reading a configuration needs of the other folders: the receivers of this version and the tag filters. */

import type { LoadOptions } from '../config/load.ts'
import { compileFilter } from '../filter.ts'
import { compilePattern } from '../filter/pattern.ts'
import { receiverTypes } from '../receivers/index.ts'
import { poll } from '../receivers/poll.ts'

export const configOptions: Required<Pick<LoadOptions, 'receivers' | 'checkFilter' | 'checkPattern'>> = {
  receivers: [...receiverTypes.values(), poll],
  checkFilter: (filter) => {
    const compiled = compileFilter(filter)
    return compiled.ok ? null : compiled.error
  },
  checkPattern: (pattern) => {
    const compiled = compilePattern(pattern, '')
    return compiled.ok ? null : compiled.error.expected
  },
}
