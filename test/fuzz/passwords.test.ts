// What stands in a database for a password may be anything. Nothing may throw, nothing may match that is not the
// secret's hash, and reading must stay linear; that is asserted as a ratio of CPU times, with a bound that only
// something quadratic can break. Seeds are fixed: a failure repeats itself.
import process from 'node:process'
import { expect, it } from 'vitest'
import { readStored, type VerifyOptions } from '../../core/passwords/stored-hash.ts'
import { Random } from '../generator/random.ts'

const random = new Random(20_261_123)
const secret = Buffer.from('pässword')

/** Hashes of the secret. Those of the first list take so little that every change of them can be tried. */
const light: readonly [string, ...string[]] = [
  '{PLAIN}pässword',
  '{PLAIN-MD5}8e1843033a0f6ee52e2f618aa8ebbef4',
  '{SHA}I7dElEdfX4dJgLdnbVEeI9iG2mQ=',
  '{SHA256.HEX}3478267b5612791b40988906b3a7897eb6ab501e04b95ed32f99d0afdf669d9c',
  '{SMD5}M5ciqm2DvKse64WhAi7wFE5hQ2w=',
  '{SSHA}D9oXzpIF3a1x7HLFPvseynPSwd5OYUNs',
]
const heavy: readonly [string, ...string[]] = [
  '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$iIGIjKqAzOZ0CAKPAGZUBBDuJEgKqdBb7Pk0SxGFP8A',
  '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  '$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA',
  '{CRYPT}$1$deadbeef$NtXSSNzyhketvNoOtcRzC/',
  '{PBKDF2}$1$salt$4096$4b007901b765489abead49d926f721d065a429c1',
  '$pbkdf2-sha256$i=6400,l=32$0ZrzXitFSGltTQnBWOsdYw$f1qhN9YsPiA+FWAKgBg+Zbb3eu4rJdCMOZr6RaDOADY',
  'pbkdf2_sha256$10000$seasalt$p2Nf8SH5q1HFJUvFvVd4Nj71pVA5fI7cpL2WDbb86bc=',
  '{SCRAM-SHA-1}4096,QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=',
  'SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=',
  '*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4',
]

const pieces: readonly [string, ...string[]] = [
  '{',
  ...['}', '{}', '{SHA}', '{CRYPT}', '.HEX}', '.B64}', '$', '$$', '$1$', '$2b$', '$5$', '$6$', '$argon2id$'],
  ...[
    'rounds=',
    'rounds=999999999$',
    'm=',
    ',t=',
    '$pbkdf2-sha256$',
    'pbkdf2_sha1$',
    'SCRAM-SHA-256$',
    ':',
    ',',
  ],
  ...[
    '=',
    '==',
    'A',
    '0',
    '9'.repeat(20),
    '-1',
    '1e9',
    '*',
    '!',
    ' ',
    '\0',
    '\n',
    '\r\n',
    'é',
    '\ud800',
    '__proto__',
  ],
]

const someOptions: readonly [VerifyOptions, ...VerifyOptions[]] = [
  {},
  { plain: true },
  { bareScheme: 'CRYPT' },
  { bareScheme: 'PLAIN-MD5.HEX' },
  { bareScheme: 'PBKDF2-SHA256' },
]

/** The text with a few places changed. */
function mutated(text: string): string {
  let changed = text
  for (let count = random.between(1, 4); count > 0; count -= 1) {
    const at = random.below(changed.length + 1)
    const until = random.chance(0.5) ? at : Math.min(changed.length, at + random.between(1, 8))
    changed = changed.slice(0, at) + (random.chance(0.3) ? '' : random.pick(pieces)) + changed.slice(until)
  }
  return changed
}

it('reads 100,000 hashes that were changed, and never throws', () => {
  for (let count = 0; count < 100_000; count += 1) {
    const stored = mutated(random.pick(random.chance(0.5) ? light : heavy))
    readStored(stored, random.pick(someOptions))
  }
})

it('reads 20,000 texts made of what hashes are made of, and never throws', () => {
  for (let count = 0; count < 20_000; count += 1) {
    const stored = Array.from({ length: random.between(0, 20) }, () => random.pick(pieces)).join('')
    readStored(stored, random.pick(someOptions))
  }
})

it('has no match for a changed hash', async () => {
  for (const stored of light) expect(await readStored(stored)?.(secret)).toBe(true)
  const matching = new Set<string>()
  for (let count = 0; count < 20_000; count += 1) {
    const stored = mutated(random.pick(light))
    // Only hashes of these schemes: a change may well lead to one that takes its time.
    if (!/^\{(?:PLAIN|PLAIN-MD5|S?SHA|SHA256|SMD5)[.}]/i.test(stored)) continue
    if (await readStored(stored)?.(secret)) matching.add(stored)
  }
  // What base64 may leave out changes nothing, nor does it to replace a character by itself.
  const known = (stored: string) =>
    light.some((each) => each.replace(/=+$/, '') === stored.replace(/=+$/, ''))
  expect([...matching].filter((stored) => !known(stored))).toEqual([])
})

it('takes no more time for a text of 4,096 characters than its length explains', () => {
  const shapes = [...pieces, ...light, ...heavy].flatMap((piece) => [piece, `${piece}A`, `{PBKDF2}${piece}`])
  const time = (length: number) => {
    const texts = shapes.map((shape) => shape.repeat(Math.ceil(length / shape.length)).slice(0, length))
    const { user, system } = process.cpuUsage()
    for (let round = 0; round < 100; round += 1) for (const text of texts) readStored(text, { plain: true })
    const after = process.cpuUsage()
    return after.user + after.system - user - system
  }
  time(256)
  // Sixteen times as long; quadratic would be 256 times as much.
  expect(time(4096) / time(256)).toBeLessThan(80)
})
