/** An OpenTelemetry collector on loopback that keeps what it is sent. */

import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as z from 'zod'

const Attribute = z.object({ key: z.string(), value: z.object({ stringValue: z.string().optional() }) })
const Span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  attributes: z.array(Attribute),
})
const Exported = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(Span) })) })),
})
export type CollectedSpan = z.infer<typeof Span>

export async function startCollector() {
  const spans: CollectedSpan[] = []
  const headers: IncomingHttpHeaders[] = []
  let text = ''
  const server = createServer((request, response) => {
    let body = ''
    headers.push(request.headers)
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      text += body
      const { resourceSpans } = Exported.parse(JSON.parse(body))
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)))
      response.end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    headers,
    text: () => text,
    close(): void {
      server.close()
      server.closeAllConnections()
    },
  }
}

export function attributeOf({ attributes }: CollectedSpan, key: string): string | undefined {
  return attributes.find((one) => one.key === key)?.value.stringValue
}
