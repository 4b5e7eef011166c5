/**
 * Text from outside (tags, messages, reasons, names), made harmless for each place where it is shown: one function per place.
 * None of them throws, and none makes a text that its own place would read as anything but text.
 */

const TERMINAL_LENGTH_MAX = 4096
const LOG_FIELD_LENGTH_MAX = 2048
const MARKDOWN_LENGTH_MAX = 1024
const COMMIT_TEXT_LENGTH_MAX = 512
const SLACK_LENGTH_MAX = 1024
const BRANCH_PART_LENGTH_MAX = 63
const CUT = '…'

/** C0, DEL, C1, line and paragraph separators; then what reorders or hides text (Trojan Source, CVE-2021-42574); then halves of pairs. */
const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu
const ZERO_WIDTH_SPACE = '\u200b'

/** For a person's terminal: control sequences and text that hides itself become visible. Line breaks too, so one value stays one line. */
export function escapeForTerminal(text: string): string {
  return cut(text, TERMINAL_LENGTH_MAX).replaceAll(UNSEEN, visible)
}

/** For a field of a log line, which is JSON: bounded, and safe to print raw afterwards. */
export function escapeForLogField(text: string): string {
  return cut(text, LOG_FIELD_LENGTH_MAX).replaceAll(UNSEEN, visible)
}

/**
 * For Markdown, as a code span: no mention, reference, link, image, HTML or comment comes to life within one.
 * The fence is longer than any run of backticks inside.
 */
export function escapeForMarkdown(text: string): string {
  const line = cut(text, MARKDOWN_LENGTH_MAX).replaceAll(UNSEEN, ' ')
  const longest = Math.max(0, ...[...line.matchAll(/`+/gu)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  // A span that is blank, or begins or ends with a backtick or a space, needs a space of its own at both ends (CommonMark 6.1).
  const pad = line.trim() === '' || /^[` ]|[` ]$/u.test(line) ? ' ' : ''
  return `${fence}${pad}${line}${pad}${fence}`
}

/**
 * For Slack's mrkdwn and plain text. `<!channel>`, `<@U…>` and links need a `<`; marks that format get a zero-width space, so
 * that a tag such as `_1.0_` stays a tag. https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
export function escapeForSlack(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
  return cut(text, SLACK_LENGTH_MAX)
    .replaceAll(UNSEEN, ' ')
    .replaceAll(/[&<>]/gu, (character) => names[character] ?? '')
    .replaceAll(
      /(?<![A-Za-z0-9])[*_~`]|[*_~`](?![A-Za-z0-9])|:(?=[a-z0-9_+'-]+:)|@(?=channel|here|everyone)/gu,
      (mark) => `${mark}${ZERO_WIDTH_SPACE}`,
    )
}

/** For HTML, between tags and within quoted attributes. */
export function escapeForHtml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
    '`': '&#96;',
  }
  return text.replaceAll(UNSEEN, visible).replaceAll(/[&<>"'`]/gu, (character) => names[character] ?? '')
}

/**
 * For a line of a commit message. Git hosts act on what stands there: `@team` notifies, `fixes #1` or a link to an issue closes it,
 * `[skip ci]` switches checks off. A zero-width space breaks each of them; a line break would let a trailer be forged.
 */
export function escapeForCommitMessage(text: string): string {
  return cut(text, COMMIT_TEXT_LENGTH_MAX)
    .replaceAll(UNSEEN, ' ')
    .replaceAll(/(?<=^|[^A-Za-z0-9])(?:@|GH-|gh-|Gh-|gH-)|#|\[|\*{3}|:\/\//gu, (mark) => {
      return mark.length === 1 ? `${mark}${ZERO_WIDTH_SPACE}` : mark.replaceAll(/(?<=.)(?=.)/gu, ZERO_WIDTH_SPACE)
    })
    .replaceAll(/ +/gu, ' ')
    .trim()
}

/** For one part of a branch name, between two slashes: always what `git check-ref-format` takes. */
export function escapeForBranchName(text: string): string {
  const plain = text
    .slice(0, BRANCH_PART_LENGTH_MAX)
    .replaceAll(/[^A-Za-z0-9._-]/gu, '-')
    .replaceAll(/\.{2,}/gu, '-')
    .replaceAll(/^[.-]+/gu, '')
    .replaceAll(/(?:\.lock)+$|[.-]+$/giu, '')
  return /^[A-Za-z0-9_]/u.test(plain) && !/(?:\.lock|\.)$/iu.test(plain) ? plain : `x${plain.replaceAll('.', '-')}`
}

function visible(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}

/** Cut between characters, never within one. */
function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  const kept = text.slice(0, lengthMax - CUT.length)
  return `${/[\ud800-\udbff]$/u.test(kept) ? kept.slice(0, -1) : kept}${CUT}`
}
