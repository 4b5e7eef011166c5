/** Quiet hours as they are written. */

import { describe, expect, it } from 'vitest'
import { Config } from '../../../src/domain/config.ts'
import { loaded, problems, SMALLEST } from '../../helpers/config.ts'

const slack = (quiet: string) => `${SMALLEST}slack: { token: env:T, signingSecret: env:S, quiet: ${quiet} }\n`
const channel = (quiet: string) => `${SMALLEST}notifications:\n  team: { type: discord, url: env:U, quiet: ${quiet} }\n`

const configOf = async (text: string) => (await loaded(text)).loaded.config

describe('quiet hours', () => {
  it.each(['{ hours: "20:00-07:00" }', '{ hours: [20:00-07:00, "Sat,Sun"], timezone: Europe/Berlin }'])(
    'are taken as %s, for Slack and for a channel',
    async (written) => {
      expect((await configOf(slack(written))).slack?.quiet?.hours).toBeDefined()
      const { notifications } = await configOf(channel(written))
      expect(notifications['team']?.quiet?.timezone).toMatch(/^(?:UTC|Europe\/Berlin)$/u)
    },
  )

  it('are read again from a configuration that was kept', async () => {
    const config = await configOf(slack('{ hours: "20:00-07:00", timezone: Europe/Berlin }'))
    expect(Config.parse(JSON.parse(JSON.stringify(config))).slack).toEqual(config.slack)
  })

  it.each([
    ['{ hours: always }', /expected times, such as/u],
    ['{ hours: ["20:00-07:00", "25:00-26:00"] }', /expected times, such as/u],
    ['{ hours: "20:00-07:00", timezone: Moon/Crater }', /expected a time zone/u],
    ['{ timezone: UTC }', /hours|expected times/u],
    ['{ hour: "20:00-07:00" }', /hours/u],
  ])('are not %s', async (written, expected) => {
    const found = await problems(slack(written))
    expect(found.length).toBeGreaterThan(0)
    expect(JSON.stringify(found)).toMatch(expected)
  })
})
