/** For receivers that need nobody's keys: a call is a mistake. */

import type { Http } from '../../src/clients/http.ts'

export const noHttp: Http = async () => {
  throw new Error('nothing may be asked for here')
}
