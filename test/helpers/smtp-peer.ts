/** A mail server on loopback (RFC 5321, as far as a client needs it): keeps what it is given, or refuses it. */

import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

export type SmtpPeer = {
  readonly port: number
  readonly mails: { readonly to: string[]; readonly data: string }[]
  /** The answer to DATA from now on; empty: taken. */
  refuse: string
  close(): Promise<void>
}

export async function startSmtpPeer(): Promise<SmtpPeer> {
  const mails: SmtpPeer['mails'] = []
  const server = createServer((socket) => {
    let to: string[] = []
    let data: string | null = null
    let rest = ''
    socket.on('error', () => socket.destroy())
    socket.write('220 peer ESMTP\r\n')
    socket.on('data', (chunk) => {
      rest += chunk.toString()
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        if (data !== null) {
          if (line !== '.') {
            data += `${line}\n`
            continue
          }
          mails.push({ to, data })
          to = []
          data = null
          socket.write('250 taken\r\n')
          continue
        }
        if (/^EHLO/iu.test(line)) socket.write('250 peer\r\n')
        else if (/^RCPT TO:/iu.test(line)) {
          to.push(/<(.*)>/u.exec(line)?.[1] ?? '')
          socket.write('250 ok\r\n')
        } else if (/^DATA/iu.test(line)) {
          if (peer.refuse === '') data = ''
          socket.write(peer.refuse === '' ? '354 go on\r\n' : `${peer.refuse}\r\n`)
        } else if (/^QUIT/iu.test(line)) socket.end('221 bye\r\n')
        else socket.write('250 ok\r\n')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peer: SmtpPeer = {
    port: (server.address() as AddressInfo).port,
    mails,
    refuse: '',
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
  return peer
}
