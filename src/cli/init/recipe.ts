/** What setting a registry up takes: its lines in the configuration, and what is done at the registry itself. */

import type { ImageName } from '../../domain/image.ts'

export type Place = {
  /** The entry's name, which ends the URL. */
  readonly name: string
  /** The variable that holds the secret, in the shell and in `env:…`. */
  readonly secret: string
  readonly image: ImageName
  /** Where the registry sends to. */
  readonly hook: string
}

export type Recipe = {
  /** Where its images are, unless a person says otherwise. */
  readonly host: string
  /** What an image is called there, where it is not as usual. */
  readonly repository?: string
  /** How the registry is read, where its cloud gives the process an identity. */
  readonly pull?: 'aws' | 'google' | 'azure'
  /** The receiver serves many hosts, so the entry names none. */
  readonly manyHosts?: true
  /** False where the sender proves itself by what its cloud signs. */
  readonly hasSecret?: false
  /** Hexadecimal, but for what the sender wants in a form of its own. */
  readonly newSecret?: (bytes: Uint8Array) => string
  /** Under `events:`, beside the type. `secret` is the reference to it. */
  events(place: Pick<Place, 'image' | 'hook'> & { readonly secret: string }): string
  /**
   * Shell: what is done at the registry. `$HOOK_URL` is where it sends to, the variable of `Place` holds the secret, and both stay
   * out of the shell's history.
   */
  setUp(place: Place): string
}

/** Sends JSON; the shell puts `$HOOK_URL` and the secret into it. */
export function postJson(command: string, body: object): string {
  return `${command} <<JSON\n${JSON.stringify(body, null, 2)}\nJSON`
}

/** The first part of a repository: a project, an organisation, a user. */
export function ownerOf({ repository }: ImageName): string {
  return repository.split('/')[0] ?? repository
}
