import { describe, expect, it } from 'vitest'
import { drayage, interruptedDrayage } from '../helpers/drayage.ts'

const TAGS = ['1.3.0', '1.4.1', '2.0.0', 'latest']
const semver = ['tags', '--filter', '{"semver": "1.x"}']

describe('drayage tags', () => {
  it.each<[string, string]>([
    ['a tag on each line', TAGS.join('\n')],
    ['lines that end as on Windows, and empty ones', `\r\n${TAGS.join('\r\n')}\r\n\r\n`],
    ['a JSON list', JSON.stringify(TAGS)],
    ["a registry's answer", JSON.stringify({ name: 'acme/payments', tags: TAGS })],
    ["skopeo's answer", JSON.stringify({ Repository: 'r/acme/payments', Tags: TAGS }, null, 4)],
  ])('reads %s', async (_, stdin) => {
    const { code, stdout, stderr } = await drayage([...semver, '--current', '1.3.0'], stdin)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      chosen: '1.4.1',
      changed: true,
      eligible: ['1.4.1', '1.3.0'],
      rejected: [
        { tag: '2.0.0', reason: 'out-of-range' },
        { tag: 'latest', reason: 'moving-tag' },
      ],
    })
  })

  it('says 1 where no tag counts, with the reasons on stdout all the same', async () => {
    const { code, stdout } = await drayage(semver, 'main')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ chosen: null, changed: false, rejected: [{ tag: 'main' }] })
  })

  it('never goes back', async () => {
    const { code, stdout } = await drayage([...semver, '--current', '1.9.0'], TAGS.join('\n'))
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ chosen: '1.9.0', changed: false })
  })

  it('sends a terminal nothing but ASCII', async () => {
    const { stdout } = await drayage(semver, '\u009b31mred\u202e\u001b[0m')
    expect(stdout).toMatch(/^[\n\u0020-\u007e]*$/u)
    expect(JSON.parse(stdout)).toMatchObject({ rejected: [{ tag: '\u009b31mred\u202e\u001b[0m' }] })
  })

  it('takes bytes that are no text', async () => {
    const { code } = await drayage(semver, Uint8Array.of(0xff, 0xfe, 0x00, 0x0a, 0x31))
    expect(code).toBe(1)
  })

  it.each<[string, string[], string, RegExp]>([
    ['no filter', ['tags'], '', /--filter/u],
    ['a filter that is not JSON', ['tags', '--filter', '{semver}'], '', /not JSON/u],
    ['a filter of no kind', ['tags', '--filter', '{"semvr": "1.x"}'], '', /did you mean semver/u],
    ['a range that is none', ['tags', '--filter', '{"semver": "latest"}'], '', /semver: expected .*found "latest"/u],
    ['an expression that is none', ['tags', '--filter', '{"newestPush": true, "match": "("}'], '', /match: expected/u],
    ['JSON that is no list of tags', semver, '[1, 2]', /standard input/u],
    ['broken JSON', semver, '["1.0.0"', /standard input/u],
    ['an unknown option', [...semver, '--curent', '1'], '', /--curent/u],
    ['an argument too many', [...semver, '1.0.0'], '', /1\.0\.0/u],
    ['an unknown command', ['tgas'], '', /Did you mean: drayage tags/u],
    ['no command', [], '', /Usage: drayage/u],
  ])('says 2 for %s, on stderr only', async (_, args, stdin, message) => {
    const { code, stdout, stderr } = await drayage(args, stdin)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  it.each<[string, string[], RegExp]>([
    ['all commands', ['--help'], /\n {2}tags {7}try a tag filter/u],
    ['one command', ['tags', '--help'], /--filter JSON(?:.|\n)*Example:/u],
    ['one command, asked the other way', ['help', 'tags'], /--filter JSON/u],
    ['the version', ['--version'], /^\d+\.\d+\.\d+\n$/u],
  ])('explains %s on stdout', async (_, args, text) => {
    const { code, stdout, stderr } = await drayage(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(text)
  })

  it('stops reading an input without end', async () => {
    const { code, stdout, stderr } = await drayage(semver, new Uint8Array(64 * 1024 * 1024 + 1).fill(0x0a))
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/standard input is larger than \d+ bytes/u)
  })

  it('ends when it is interrupted while it waits for tags', async () => {
    expect(await interruptedDrayage(semver)).toEqual({ code: 1, stdout: '', stderr: 'drayage tags: interrupted\n' })
  })

  it('does what its help shows', async () => {
    const { stdout: help } = await drayage(['tags', '--help'])
    const filter = /drayage tags --filter '(?<filter>[^']+)' --current 1\.3\.0/u.exec(help)?.groups?.['filter'] ?? ''
    const shown = /^ {2}(?<shown>\{"chosen".*?)"rejected"/mu.exec(help)?.groups?.['shown']
    const { stdout } = await drayage(
      ['tags', '--filter', filter, '--current', '1.3.0'],
      '1.3.0\n1.4.1\n2.0.0\nlatest\n',
    )
    expect(shown).toBeDefined()
    expect(stdout.startsWith(shown!)).toBe(true)
  })
})
