import { afterEach, beforeEach, expect, it } from 'vitest'
import { createEmailNotifier } from '../../../src/notifications/email.ts'
import type { Notice } from '../../../src/domain/notice.ts'
import { startSmtpPeer, type SmtpPeer } from '../../helpers/smtp-peer.ts'

const notice: Notice = {
  id: 'line/payments#7',
  kind: 'rolled-back',
  urgency: 'page',
  subject: 'payments/prod',
  title: 'payments/prod was rolled back: CrashLoopBackOff',
  detail: 'exit code 1',
  image: 'docker.io/acme/payments:1.4.3',
  promotion: 'payments/prod/sha256:1#1',
  by: null,
  at: Date.UTC(2026, 10, 1),
  isWell: false,
}

let peer: SmtpPeer
beforeEach(async () => {
  peer = await startSmtpPeer()
})
afterEach(() => peer.close())

const notify = (changed: Partial<Notice> = {}, server = `smtp://127.0.0.1:${peer.port}`) =>
  createEmailNotifier({
    server: async () => [server],
    from: 'drayage@example.com',
    to: ['oncall@example.com', 'team@example.com'],
  }).notify({ ...notice, ...changed })

it('goes to everybody, in plain text, with the same Message-ID each time', async () => {
  expect(await notify()).toEqual({ ok: true, value: null })
  expect(await notify()).toEqual({ ok: true, value: null })
  const [first, second] = peer.mails
  expect(first?.to).toEqual(['oncall@example.com', 'team@example.com'])
  expect(first?.data).toContain('Subject: Drayage: payments/prod was rolled back: CrashLoopBackOff')
  expect(first?.data).toContain('docker.io/acme/payments:1.4.3')
  const idOf = (data = '') => /^Message-ID: .*$/imu.exec(data)?.[0]
  expect(idOf(first?.data)).toBe(idOf(second?.data))
})

it('takes no header from outside', async () => {
  await notify({ title: 'x\r\nBcc: thief@example.com', detail: 'y\r\n.\r\nMAIL FROM:<thief@example.com>' })
  expect(peer.mails).toHaveLength(1)
  expect(peer.mails[0]?.to).not.toContain('thief@example.com')
  expect(peer.mails[0]?.data).not.toMatch(/^Bcc:/imu)
})

it('tries again where the server is busy', async () => {
  peer.refuse = '451 later'
  await expect(notify()).rejects.toMatchObject({ name: 'RetryLater' })
})

it('gives up where the server refuses it', async () => {
  peer.refuse = '554 no'
  expect(await notify()).toMatchObject({ ok: false, error: { reason: 'refused' } })
})

it('never says its password', async () => {
  const told = notify({}, `smtp://user:canary@localhost.example.invalid:${peer.port}`)
  await expect(told).rejects.toMatchObject({ name: 'RetryLater' })
  await expect(told).rejects.not.toThrow('canary')
})

it.each(['https://example.com', 'nonsense', ''])('%j is no mail server', async (server) => {
  expect(await notify({}, server)).toMatchObject({ ok: false, error: { reason: 'address-not-allowed' } })
})
