/** What a command is: a name, its help, and a function from arguments to an exit code that touches the world through `Io` only. */

/** 0 fine, 1 no, 2 misuse. */
export type ExitCode = 0 | 1 | 2

export type Command = {
  readonly name: string
  /** One line for `drayage --help`. */
  readonly summary: string
  /** The text of `drayage <name> --help`: usage, options, an example. */
  readonly help: string
  run(args: readonly string[], io: Io): Promise<ExitCode>
}

/** Only data goes to stdout; progress, warnings and errors go to stderr. */
export type Io = {
  /** All of standard input; throws where it is larger than 64 MiB. */
  stdin(): Promise<Uint8Array>
  stdout(text: string): void
  stderr(text: string): void
  readonly env: Readonly<Record<string, string | undefined>>
  /** A person is watching stdout. */
  readonly isTTY: boolean
  /** A person is watching stderr, where the log goes. */
  readonly isErrorTTY?: boolean
  now(): number
  /** Aborted by SIGINT or SIGTERM. */
  readonly signal: AbortSignal
}
