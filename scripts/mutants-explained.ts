/** Mutants that no test can notice, or need not: each with its reason. Read by `mutate.ts`. */

type Explained = {
  readonly file: string
  /** The line, without the blanks around it. */
  readonly code: string
  /** `was → text`. */
  readonly changes: readonly string[]
  readonly why: string
}

const WORKERD =
  'It mends what workerd does otherwise; under Node nothing is to be mended. test/runtimes and the journeys in workerd run it.'
const KEPT = 'What is kept is what would be made anew: only slower, never another.'
const TEXT = 'A sentence for a person.'
const TYPE = 'What stands before it leaves nothing else; the type does not know.'
const OTHERWISE = 'What comes after refuses the same, by another sentence.'
const LOOP = 'One turn more over nothing.'

export const EXPLAINED: readonly Explained[] = [
  {
    file: 'src/verification/sigstore/platform.ts',
    code: 'isPrepared = true',
    changes: ['isPrepared = true → ;', 'true → false'],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/platform.ts',
    code: 'Object.assign(crypto, { verify: mended(crypto.verify) })',
    changes: ['Object.assign(crypto, { verify: mended(crypto.verify) }) → ;'],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/platform.ts',
    code: 'isPrepared = isCryptoRight()',
    changes: ['isPrepared = isCryptoRight() → ;'],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/platform.ts',
    code: "if (!isPrepared) throw new Error('this platform cannot verify ECDSA signatures')",
    changes: ['!isPrepared → true', '!isPrepared → false', '!isPrepared → isPrepared'],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/platform.ts',
    code: 'if (isPrepared) return',
    changes: ['isPrepared → true', 'isPrepared → false'],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/platform.ts',
    code: 'if (isCryptoRight()) return',
    changes: ['isCryptoRight() → true', 'isCryptoRight() → false'],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/platform.ts',
    code: 'const needsDigest = (algorithm ?? null) === null && bare instanceof crypto.KeyObject && isDigesting(bare)',
    changes: ['&& → ||', '=== → !==', 'algorithm ?? null → algorithm'],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/platform.ts',
    code: "return original.call(crypto, needsDigest ? 'sha256' : algorithm, data, bare, signature)",
    changes: ['needsDigest → true', 'needsDigest → false'],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/platform.ts',
    code: "return asymmetricKeyType === 'ec' || asymmetricKeyType === 'rsa'",
    changes: ['|| → &&', '=== → !=='],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/platform.ts',
    code: "if (typeof key !== 'object' || key === null || key instanceof crypto.KeyObject || !('key' in key)) return key",
    changes: [
      "typeof key !== 'object' || key === null || key instanceof crypto.KeyObject || !( → true",
      "typeof key !== 'object' || key === null || key instanceof crypto.KeyObject || !( → false",
      '|| → &&',
      '!== → ===',
      '=== → !==',
      "!('key' in key) → ('key' in key)",
    ],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/platform.ts',
    code: 'return Object.keys(key).length === 1 && key.key instanceof crypto.KeyObject ? key.key : key',
    changes: [
      'Object.keys(key).length === 1 && key.key instanceof crypto.KeyObject → true',
      'Object.keys(key).length === 1 && key.key instanceof crypto.KeyObject → false',
      '&& → ||',
      '=== → !==',
      '1 → 2',
    ],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/trust-root.ts',
    code: 'kept.set(root, read)',
    changes: ['kept.set(root, read) → ;'],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/trust-root.ts',
    code: 'if (known !== undefined) return known',
    changes: ['known !== undefined → false'],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/trust-root.ts',
    code: 'keptByText.set(json, material)',
    changes: ['keptByText.set(json, material) → ;'],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/trust-root.ts',
    code: 'const oldest = keptByText.size >= KEPT_MAX ? keptByText.keys().next().value : undefined',
    changes: ['keptByText.size >= KEPT_MAX → true', 'keptByText.size >= KEPT_MAX → false', '>= → >', '>= → <'],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/trust-root.ts',
    code: 'if (oldest !== undefined) keptByText.delete(oldest)',
    changes: [
      'oldest !== undefined → true',
      'oldest !== undefined → false',
      '!== → ===',
      'keptByText.delete(oldest) → ;',
    ],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/trust-root.ts',
    code: "name: isBuiltin ? 'the public-good root of this version' : 'the configured trusted root',",
    changes: ['isBuiltin → true', 'isBuiltin → false'],
    why: TEXT,
  },
  {
    file: 'src/verification/sigstore/signers.ts',
    code: 'compiled.set(source, pattern)',
    changes: ['compiled.set(source, pattern) → ;'],
    why: KEPT,
  },
  {
    file: 'src/verification/notation/trust.ts',
    code: 'kept.set(signer, read)',
    changes: ['kept.set(signer, read) → ;'],
    why: KEPT,
  },
  {
    file: 'src/verification/notation/revocation/network.ts',
    code: 'if (oldest !== undefined) kept.delete(oldest)',
    changes: ['oldest !== undefined → true'],
    why: TYPE,
  },
  {
    file: 'src/verification/notation/chain.ts',
    code: 'if (found !== null) return bad(`certificate ${at + 1} of ${chain.length}: ${found}`)',
    changes: ['+ → -', '1 → 2'],
    why: TEXT,
  },
  {
    file: 'src/verification/discover.ts',
    code: 'search.cut(subject, `what is there could not be read within ${TIME_MS_MAX / 1000} seconds`)',
    changes: ['/ → *', '1000 → 1001'],
    why: TEXT,
  },
  {
    file: 'src/verification/discover.ts',
    code: 'for (let at = 0; at < entries.length && search.goesOn(); at += AT_ONCE) {',
    changes: ['< → <='],
    why: LOOP,
  },
  {
    file: 'src/verification/scans/source.ts',
    code: 'for (let at = 0; at < questions.length; at += AT_ONCE) {',
    changes: ['< → <='],
    why: LOOP,
  },
  {
    file: 'src/verification/scans/ecr.ts',
    code: "if (pages.length >= PAGES_MAX) return { state: 'unavailable', detail: `more than ${PAGES_MAX * PAGE} findings` }",
    changes: ['* → /'],
    why: TEXT,
  },
  {
    file: 'src/verification/scans/ecr.ts',
    code: "const state = Object.hasOwn(STATES, status) ? (STATES[status] ?? 'unavailable') : 'unavailable'",
    changes: ["STATES[status] ?? 'unavailable' → STATES[status]"],
    why: TYPE,
  },
  {
    file: 'src/verification/scans/inspector.ts',
    code: "const state = Object.hasOwn(STATES, reason) ? (STATES[reason] ?? 'unavailable') : 'unavailable'",
    changes: ["STATES[reason] ?? 'unavailable' → STATES[reason]"],
    why: TYPE,
  },
  {
    file: 'src/verification/scans/quay.ts',
    code: "const state = Object.hasOwn(STATES, status) ? (STATES[status] ?? 'unavailable') : 'unavailable'",
    changes: ["STATES[status] ?? 'unavailable' → STATES[status]"],
    why: TYPE,
  },
  {
    file: 'src/verification/scans/harbor.ts',
    code: "const state = Object.hasOwn(STATES, status) ? (STATES[status] ?? 'unavailable') : 'unavailable'",
    changes: ["STATES[status] ?? 'unavailable' → STATES[status]"],
    why: TYPE,
  },
  {
    file: 'src/verification/scans/ecr.ts',
    code: "if (first === undefined) return scanFact(SCANNER, question, { state: 'unavailable', detail: 'ECR said nothing' })",
    changes: ['first === undefined → false'],
    why: TYPE,
  },
  {
    file: 'src/verification/scans/ecr.ts',
    code: "if (code === 'ScanNotFoundException') {",
    changes: ["code === 'ScanNotFoundException' → false"],
    why: TEXT,
  },
  {
    file: 'src/verification/scans/inspector.ts',
    code: 'return unavailable(`more than ${PAGES_MAX * PAGE} findings`)',
    changes: ['* → /'],
    why: TEXT,
  },
  {
    file: 'src/verification/scans/defender.ts',
    code: "return err({ state: 'unavailable', detail: `more than ${PAGES_MAX * ROWS_MAX} findings` })",
    changes: ['* → /'],
    why: TEXT,
  },
  {
    file: 'src/verification/scans/artifact-analysis.ts',
    code: "return err({ state: 'unavailable', detail: `more than ${PAGES_MAX * PAGE} occurrences` })",
    changes: ['* → /'],
    why: TEXT,
  },
  {
    file: 'src/verification/scans/artifact-analysis.ts',
    code: "const state = Object.hasOwn(STATES, analysisStatus) ? (STATES[analysisStatus] ?? 'unavailable') : 'unavailable'",
    changes: ["STATES[analysisStatus] ?? 'unavailable' → STATES[analysisStatus]"],
    why: TYPE,
  },
  {
    file: 'src/verification/scans/artifact-analysis.ts',
    code: "const id = shortDescription ?? noteName.split('/').at(-1) ?? noteName",
    changes: [
      "shortDescription ?? noteName.split('/').at(-1) ?? noteName → shortDescription ?? noteName.split('/').at(-1)",
    ],
    why: TYPE,
  },
  {
    file: 'src/verification/scans/attached-file.ts',
    code: "const named = Purl.exec(affects?.[0]?.ref ?? '')?.groups",
    changes: ["affects?.[0]?.ref ?? '' → affects?.[0]?.ref"],
    why: TYPE,
  },
  {
    file: 'src/verification/scans/attached-file.ts',
    code: 'if (!json.success) return null',
    changes: ['!json.success → false'],
    why: 'What is nothing is no report of any tool either.',
  },
  {
    file: 'src/verification/scans/configured.ts',
    code: "return credential?.kind === 'password' ? basic(credential).replace(/^Basic /u, '') : null",
    changes: ['/^Basic /u → /Basic /u'],
    why: 'It always begins so, and base64 has no blanks.',
  },
  {
    file: 'src/verification/scans/harbor.ts',
    code: 'const higher = severities.map((one) => [one, Math.max(counts[one] ?? 0, listed[one] ?? 0)])',
    changes: ['listed[one] ?? 0 → listed[one]', '0 → 1'],
    why: TYPE,
  },
  {
    file: 'src/verification/scans/harbor.ts',
    code: "const detail = `Harbor: ${status} (${scanner?.name ?? 'its scanner'} ${scanner?.version ?? ''})`",
    changes: ["scanner?.name ?? 'its scanner' → scanner?.name", "scanner?.version ?? '' → scanner?.version"],
    why: TEXT,
  },
  {
    file: 'src/verification/scans/judge.ts',
    code: 'const newest = Math.max(...facts.map(({ scannedAt }) => scannedAt ?? Number.NEGATIVE_INFINITY))',
    changes: ['scannedAt ?? Number.NEGATIVE_INFINITY → scannedAt'],
    why: 'Null is 0 there, and nothing was scanned before 1970.',
  },
  {
    file: 'src/verification/scans/judge.ts',
    code: 'return Math.max(0, (fact.counts[severity] ?? 0) - away)',
    changes: ['fact.counts[severity] ?? 0 → fact.counts[severity]'],
    why: 'Neither 0 nor what is no number is above a maximum.',
  },
  {
    file: 'src/verification/scans/severity.ts',
    code: "return Object.hasOwn(WORDS, known) ? (WORDS[known] ?? 'unknown') : 'unknown'",
    changes: ["WORDS[known] ?? 'unknown' → WORDS[known]"],
    why: TYPE,
  },
  {
    file: 'src/verification/scans/vex.ts',
    code: "const version = /^pkg:oci\\/[^@?#]+@(?<version>[^?#]+)/u.exec(text ?? '')?.groups?.['version']",
    changes: ["text ?? '' → text"],
    why: TYPE,
  },
  {
    file: 'src/verification/scans/vex.ts',
    code: "const purl = identifiers?.purl ?? id ?? ''",
    changes: ["identifiers?.purl ?? id ?? '' → identifiers?.purl ?? id"],
    why: 'What has no name is no package, by either value.',
  },
  {
    file: 'src/verification/scans/vex.ts',
    code: 'return digest === null ? [] : [{ digest, packages: (product.subcomponents ?? []).map(nameOf) }]',
    changes: ['digest === null → false'],
    why: 'A product of no digest is about no image: no image has that digest.',
  },
  {
    file: 'src/verification/scans/vex.ts',
    code: 'why: justification ?? impact_statement ?? status,',
    changes: [
      'justification ?? impact_statement ?? status → justification ?? impact_statement',
      'justification ?? impact_statement → justification',
    ],
    why: TEXT,
  },
  {
    file: 'src/verification/sigstore/bundle.ts',
    code: "const where = issue?.path.join('.') ?? ''",
    changes: ["issue?.path.join('.') ?? '' → issue?.path.join('.')"],
    why: TEXT,
  },
  {
    file: 'src/verification/sigstore/bundle.ts',
    code: "reject('malformed', `the bundle is not well formed: ${error instanceof Error ? error.message : 'unreadable'}`),",
    changes: ['error instanceof Error → true', 'error instanceof Error → false'],
    why: TEXT,
  },
  {
    file: 'src/verification/sigstore/rejection.ts',
    code: "const cause = error.cause === undefined ? '' : `: ${messageOf(error.cause)}`",
    changes: ['error.cause === undefined → true', 'error.cause === undefined → false', '=== → !=='],
    why: TEXT,
  },
  {
    file: 'src/verification/sigstore/leaf.ts',
    code: "subs.length === PARTS_WITH_CRITICAL && subs[1]?.toBoolean() === true && !UNDERSTOOD.has(names[at] ?? ''),",
    changes: ["names[at] ?? '' → names[at]"],
    why: TYPE,
  },
  {
    file: 'src/verification/sigstore/signed-content.ts',
    code: "const hashes = HASHES[asymmetricKeyDetails?.namedCurve ?? ''] ?? []",
    changes: [
      "HASHES[asymmetricKeyDetails?.namedCurve ?? ''] ?? [] → HASHES[asymmetricKeyDetails?.namedCurve ?? '']",
      "asymmetricKeyDetails?.namedCurve ?? '' → asymmetricKeyDetails?.namedCurve",
    ],
    why: 'A curve that is not in the list ends as a rejection, whichever way.',
  },
  {
    file: 'src/verification/sigstore/strict-json.ts',
    code: "if (!value.success) return err(value.error.issues[0]?.message ?? 'not JSON')",
    changes: [
      '!value.success → true',
      '!value.success → false',
      '!value.success → value.success',
      "value.error.issues[0]?.message ?? 'not JSON' → value.error.issues[0]?.message",
      '0 → 1',
    ],
    why: TEXT,
  },
  {
    file: 'src/verification/sigstore/timestamp.ts',
    code: 'return signedData?.subs.at(-1)?.subs ?? []',
    changes: ['signedData?.subs.at(-1)?.subs ?? [] → signedData?.subs.at(-1)?.subs', '1 → 2'],
    why: 'What cannot be read is caught, and is no time either way.',
  },
  {
    file: 'src/verification/sigstore/prehashed.ts',
    code: 'for (let bit = curve.bytes * 8 - 1; bit >= 0; bit -= 1) {',
    changes: ['8 → 9'],
    why: 'Bits above the highest are 0, and the sum of nothing is nothing.',
  },
  {
    file: 'src/verification/notation/signature.ts',
    code: "return crypto.subtle.importKey('spki', key.raw, algorithm, false, ['verify']).catch(() => null)",
    changes: ['false → true'],
    why: 'Whether a public key may be exported again changes no answer.',
  },
  {
    file: 'src/verification/scans/attached-file.ts',
    code: "if (vulnerabilities === null || vulnerabilities === undefined || vulnerabilities.length === 0) return 'no-report'",
    changes: [
      'vulnerabilities === null || vulnerabilities === undefined || vulnerabilities.len → true',
      'vulnerabilities === null || vulnerabilities === undefined || vulnerabilities.len → false',
      '|| → &&',
      '=== → !==',
      '0 → 1',
    ],
    why: 'What comes after refuses the same, by another sentence.',
  },
  {
    file: 'src/verification/collect.ts',
    code: 'const descriptor = { digest, size: bytes.byteLength, ...(mediaType === null ? {} : { mediaType }) }',
    changes: ['mediaType === null → false'],
    why: TYPE,
  },
  {
    file: 'src/verification/discover.ts',
    code: 'const placeOf = ({ source }: { readonly source: string }): number => places.get(source) ?? sources.length',
    changes: ['places.get(source) ?? sources.length → places.get(source)'],
    why: 'What tags hold is found last, and the sort leaves it there.',
  },
  {
    file: 'src/verification/attestation-rule.ts',
    code: "return value === undefined ? 'missing' : (JSON.stringify(value) ?? 'nothing').slice(0, SHOWN_LENGTH_MAX)",
    changes: ["JSON.stringify(value) ?? 'nothing' → JSON.stringify(value)"],
    why: TYPE,
  },
  {
    file: 'src/verification/signature-rule.ts',
    code: "if (anyOf.length === 1) return anyOf[0] ?? ''",
    changes: ["anyOf[0] ?? '' → anyOf[0]"],
    why: TYPE,
  },
  {
    file: 'src/verification/image-rules.ts',
    code: 'if (allowed.some((name) => isBuiltOn(platform, bases[name] ?? null))) return null',
    changes: ['bases[name] ?? null → bases[name]'],
    why: TYPE,
  },
  {
    file: 'src/verification/image-rules.ts',
    code: "const there = Object.hasOwn(found, name) ? (found[name] ?? '') : ''",
    changes: ["found[name] ?? '' → found[name]"],
    why: TYPE,
  },
  {
    file: 'src/verification/image-rules.ts',
    code: "return worst === undefined ? 'no layers' : `layer ${worst.at + 1} has ${megabytes(worst.layer.size)}`",
    changes: ['worst === undefined → false'],
    why: 'An image of no layers is never too large.',
  },
  {
    file: 'src/verification/source-rule.ts',
    code: "const name = /^refs\\/tags\\/(?<name>.+)$/u.exec(ref ?? '')?.groups?.['name']",
    changes: ["ref ?? '' → ref"],
    why: TYPE,
  },
  {
    file: 'src/verification/source-rule.ts',
    code: 'const { repository, ref, commit } = source ?? {}',
    changes: ['source ?? {} → source'],
    why: TYPE,
  },
  {
    file: 'src/verification/policy.ts',
    code: "return [...new Set(require.flatMap((one) => ('anyOf' in one ? one.anyOf : [])))]",
    changes: ["'anyOf' in one → true"],
    why: 'A signer without a name is nobody.',
  },
  {
    file: 'src/verification/image-facts.ts',
    code: "if (!document.success) return malformed(digest, 'it is not JSON')",
    changes: ['!document.success → false'],
    why: OTHERWISE,
  },
  {
    file: 'src/verification/sigstore/certificate.ts',
    code: 'return this.extensionNames.includes(oid) ? super.extension(oid) : undefined',
    changes: ['this.extensionNames.includes(oid) → true'],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/certificate.ts',
    code: "return this.#keep('names', () => this.extensions.map(({ subs }) => subs[0]?.toOID() ?? ''))",
    changes: ["subs[0]?.toOID() ?? '' → subs[0]?.toOID()"],
    why: TYPE,
  },
  {
    file: 'src/verification/sigstore/certificate.ts',
    code: 'if (known !== undefined) return known',
    changes: ['known !== undefined → false'],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/certificate.ts',
    code: 'this.#issuers.set(by, holds)',
    changes: ['this.#issuers.set(by, holds) → ;'],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/certificate.ts',
    code: 'if (!this.#answers.has(name)) this.#answers.set(name, work())',
    changes: ['!this.#answers.has(name) → true'],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/certificate.ts',
    code: 'return other instanceof KeptCertificate ? Buffer.compare(this.der, other.der) === 0 : super.equals(other)',
    changes: ['other instanceof KeptCertificate → false'],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/certificate.ts',
    code: 'const holds = by instanceof KeptCertificate ? this.#isSignedWith(by.key) : super.verify(issuer)',
    changes: ['by instanceof KeptCertificate → false'],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/certificate.ts',
    code: 'if (tbs === undefined) return super.clone()',
    changes: ['tbs === undefined → true', 'tbs === undefined → false', '=== → !=='],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/signers.ts',
    code: 'if (known !== undefined) return known',
    changes: ['known !== undefined → false'],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/signers.ts',
    code: 'const oldest = compiled.size >= PATTERNS_KEPT_MAX ? compiled.keys().next().value : undefined',
    changes: [
      'compiled.size >= PATTERNS_KEPT_MAX → true',
      'compiled.size >= PATTERNS_KEPT_MAX → false',
      '>= → >',
      '>= → <',
    ],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/signers.ts',
    code: 'if (oldest !== undefined) compiled.delete(oldest)',
    changes: [
      'oldest !== undefined → true',
      'oldest !== undefined → false',
      '!== → ===',
      'compiled.delete(oldest) → ;',
    ],
    why: KEPT,
  },
  {
    file: 'src/verification/sigstore/signers.ts',
    code: 'return patternOf(expected.pattern)?.testExact(found) ?? false',
    changes: ['patternOf(expected.pattern)?.testExact(found) ?? false → patternOf(expected.patt'],
    why: TYPE,
  },
  {
    file: 'src/verification/sigstore/prehashed.ts',
    code: 'if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 72) return null',
    changes: ['72 → 73'],
    why: 'A longer one has a number that is not below the order.',
  },
  {
    file: 'src/verification/sigstore/prehashed.ts',
    code: 'if (a === null || a.y === 0n) return null',
    changes: ['|| → &&'],
    why: 'The order of the curve is odd: no point of it has a y of 0.',
  },
  {
    file: 'src/verification/sigstore/verify.ts',
    code: 'prepareCrypto()',
    changes: ['prepareCrypto() → ;'],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/trust-root.ts',
    code: 'prepareCrypto()',
    changes: ['prepareCrypto() → ;'],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/trust-root.ts',
    code: 'return err(`the trusted root cannot be read: ${error instanceof Error ? error.message : String(error)}`)',
    changes: ['error instanceof Error → true', 'error instanceof Error → false'],
    why: TEXT,
  },
  {
    file: 'src/verification/sigstore/describe.ts',
    code: "const source = root.kind === 'builtin' ? 'compiled in (public-good)' : 'configured'",
    changes: ["root.kind === 'builtin' → true", "root.kind === 'builtin' → false", '=== → !=='],
    why: TEXT,
  },
  {
    file: 'src/verification/sigstore/rejection.ts',
    code: 'return error instanceof Error ? error.message : String(error)',
    changes: ['error instanceof Error → true', 'error instanceof Error → false'],
    why: TEXT,
  },
  {
    file: 'src/verification/sigstore/platform.ts',
    code: 'let isPrepared = false',
    changes: ['false → true'],
    why: WORKERD,
  },
  {
    file: 'src/verification/sigstore/platform.ts',
    code: 'return false',
    changes: ['false → true'],
    why: WORKERD,
  },
]
