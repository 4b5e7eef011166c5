/** What reading a configuration needs of the other folders: the receivers of this version, the tag filters and Notation's trust policies. */

import type { LoadOptions } from '../config/load.ts'
import { compileFilter } from '../filter.ts'
import { compilePattern } from '../filter/pattern.ts'
import { receiverTypes } from '../receivers/index.ts'
import { poll } from '../receivers/poll.ts'
import { trustPolicyProblems } from '../verification/notation/trust.ts'

export const configOptions: Required<
  Pick<LoadOptions, 'receivers' | 'checkFilter' | 'checkPattern' | 'checkTrustPolicy'>
> = {
  receivers: [...receiverTypes.values(), poll],
  checkFilter: (filter) => {
    const compiled = compileFilter(filter)
    return compiled.ok ? null : compiled.error
  },
  checkTrustPolicy: trustPolicyProblems,
  checkPattern: (pattern) => {
    const compiled = compilePattern(pattern, '')
    return compiled.ok ? null : compiled.error.expected
  },
}
