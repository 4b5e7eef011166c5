/** Every receiver behind the HTTP edge, in each of the ways that its sender can prove itself. */

import { describeEdge } from './receiver-edge.contract.ts'
import { receiverSubjects } from './receiver-subjects.ts'

for (const subject of receiverSubjects) describeEdge(subject)
