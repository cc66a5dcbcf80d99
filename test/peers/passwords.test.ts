// Hashes that other programs make, of random secrets: ours must know the secret, and no other.
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { verifyPassword } from '../../core/passwords/index.ts'
import { readStored } from '../../core/passwords/stored-hash.ts'
import { Random } from '../generator/random.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { runProcess } from '../support/run-process.ts'

const doveadm = requirePeer('doveadm')
const openssl = requirePeer('openssl')
const mkpasswd = requirePeer('mkpasswd')
const htpasswd = requirePeer('htpasswd')
const python = requirePeer('python3')
const mariadb = requirePeer('mariadbd')

const folder = mkdtempSync(join(tmpdir(), 'mailwright-passwords-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const random = new Random(20_261_123)
const characters: readonly [string, ...string[]] = ['e\u0301', ...'aZ09 \\"\'$*.{}:%-+~üßéñ€жλ日本語😀']

/** Where digests, blocks and bcrypt's key end, and one octet on either side. */
const lengths = [1, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 71, 72, 73, 128, 200]
const secrets = [
  'secret',
  ' two words ',
  'pässwörd',
  '{PLAIN}',
  '$6$',
  ...lengths.flatMap((length) => [visible(length), unicode(length)]),
]
const few = ['secret', ' pässwörd ', unicode(32), visible(80)] as const

function visible(octets: number): string {
  return Array.from({ length: octets }, () => String.fromCharCode(random.between(0x21, 0x7e))).join('')
}

/** At most so many octets, and filled up to them. */
function unicode(octets: number): string {
  let text = ''
  for (let next = text; Buffer.byteLength(next) <= octets; next = text + random.pick(characters)) text = next
  return text.padEnd(text.length + octets - Buffer.byteLength(text), 'x')
}

async function run(program: string, words: readonly string[], stdin = ''): Promise<string> {
  const { code, stdout, stderr } = await runProcess(program, words, { folder, stdin })
  expect(code, stderr).toBe(0)
  return stdout.replace(/\n$/, '')
}

/** The secret with another octet at its start, and, where the scheme sees it, at its end, and longer. */
function changed(secret: string, visibleOctets: number): readonly string[] {
  const other = (octet = '') => (octet === 'x' ? 'y' : 'x')
  const front = `${other(secret[0])}${secret.slice(1)}`
  if (Buffer.byteLength(secret) >= visibleOctets) return [front]
  return [front, `${secret.slice(0, -1)}${other(secret.at(-1))}`, `${secret}x`, `${secret} `]
}

async function expectSecret(
  secret: string,
  stored: string,
  visibleOctets = Number.POSITIVE_INFINITY,
): Promise<void> {
  const check = readStored(stored)
  expect(await check?.(Buffer.from(secret)), `${stored} of ${JSON.stringify(secret)}`).toBe(true)
  for (const other of changed(secret, visibleOctets))
    expect(await check?.(Buffer.from(other)), `${stored} of ${JSON.stringify(other)}`).toBe(false)
}

describe.runIf(doveadm.available)(doveadm.title, () => {
  const make = (scheme: string, secret: string, ...more: string[]) =>
    run('doveadm', ['pw', '-s', scheme, ...more, '-p', secret])

  test.each([
    'PLAIN',
    'CLEAR',
    'CLEARTEXT',
    'PLAIN-MD5',
    'LDAP-MD5',
    'MD5',
    'MD5-CRYPT',
    'SHA',
    'SHA1',
    'SHA256',
    'SHA512',
    'SMD5',
    'SSHA',
    'SSHA256',
    'SSHA512',
    'SHA256-CRYPT',
    'SHA512-CRYPT',
    'PBKDF2',
    'SCRAM-SHA-1',
    'SCRAM-SHA-256',
    'CRAM-MD5',
    'HMAC-MD5',
  ])('%s', async (scheme) => {
    const stored = await Promise.all(secrets.map((secret) => make(scheme, secret)))
    for (const [index, secret] of secrets.entries()) await expectSecret(secret, stored[index] ?? '')
  })

  test.each(['BLF-CRYPT', 'CRYPT'])('%s, which sees 72 octets', async (scheme) => {
    for (const secret of secrets) await expectSecret(secret, await make(scheme, secret), 72)
  })

  test.each(['ARGON2I', 'ARGON2ID'])('%s', async (scheme) => {
    for (const secret of few) await expectSecret(secret, await make(scheme, secret))
  })

  test.each(['PLAIN', 'SHA256', 'SSHA512', 'LDAP-MD5', 'MD5', 'BLF-CRYPT', 'SCRAM-SHA-256', 'SHA512-CRYPT'])(
    '%s in other encodings',
    async (scheme) => {
      for (const encoding of ['HEX', 'B64', 'BASE64']) {
        const made = await Promise.all(few.map((secret) => make(`${scheme}.${encoding}`, secret)))
        for (const [index, secret] of few.entries()) await expectSecret(secret, made[index] ?? '', 72)
      }
    },
  )

  test.each([
    ['SHA256-CRYPT', '1000'],
    ['SHA512-CRYPT', '123456'],
    ['PBKDF2', '1'],
    ['PBKDF2', '200000'],
    ['BLF-CRYPT', '4'],
    ['BLF-CRYPT', '9'],
  ])('%s with %s rounds', async (scheme, rounds) => {
    await expectSecret('pässwörd', await make(scheme, 'pässwörd', '-r', rounds))
  })

  test.each(['SSHA', 'PLAIN-MD5', 'MD5-CRYPT', 'SHA512-CRYPT', 'BLF-CRYPT', 'PBKDF2', 'SCRAM-SHA-256'])(
    '%s of nothing: an empty secret is refused',
    async (scheme) => {
      const stored = await make(scheme, '')
      expect(await readStored(stored)?.(Buffer.alloc(0))).toBe(true)
      expect(await verifyPassword('', stored)).toBe(false)
    },
  )

  test.each(['DES-CRYPT', 'DIGEST-MD5', 'PLAIN-MD4', 'OTP'])('%s is refused', async (scheme) => {
    const stored = await make(scheme, 'secret', '-u', 'jo@example.org')
    expect(stored).toMatch(`{${scheme}}`)
    expect(readStored(stored)).toBeUndefined()
  })
})

describe.runIf(openssl.available)(openssl.title, () => {
  test.each(['-6', '-5', '-1', '-apr1'])('passwd %s', async (kind) => {
    for (const secret of secrets)
      await expectSecret(secret, await run('openssl', ['passwd', kind, '-stdin'], `${secret}\n`))
  })

  test.each(['-6', '-5'])('passwd %s with salts of all lengths and rounds', async (kind) => {
    for (let length = 1; length <= 16; length += 1) {
      const salt = `rounds=${1000 + length}$${'abcdefgh./ABCDEF'.slice(0, length)}`
      await expectSecret('pässwörd', await run('openssl', ['passwd', kind, '-salt', salt, 'pässwörd']))
    }
  })
})

describe.runIf(mkpasswd.available)(mkpasswd.title, () => {
  const make = (method: string, secret: string, ...more: string[]) =>
    run('mkpasswd', [`--method=${method}`, ...more, '--stdin'], `${secret}\n`)

  test.each([
    ['bcrypt', '--rounds=5', 72],
    ['bcrypt-a', '--rounds=5', 72],
    ['sha512crypt', '--rounds=1000', undefined],
    ['sha256crypt', '--rounds=6000', undefined],
    ['md5crypt', '--salt=./abXYZ9', undefined],
  ])('%s', async (method, more, visibleOctets) => {
    for (const secret of secrets) await expectSecret(secret, await make(method, secret, more), visibleOctets)
  })

  test.each(['yescrypt', 'gost-yescrypt', 'scrypt', 'sunmd5', 'bsdicrypt', 'descrypt', 'nt'])(
    '%s is refused',
    async (method) => {
      const stored = await make(method, 'secret')
      expect(stored).toMatch(/^\S{13,}$/)
      for (const each of [stored, `{CRYPT}${stored}`]) expect(readStored(each)).toBeUndefined()
    },
  )
})

describe.runIf(htpasswd.available)(htpasswd.title, () => {
  const make = async (kind: string, secret: string) =>
    (await run('htpasswd', ['-n', '-i', kind, 'jo'], `${secret}\n`)).replace(/^jo:/, '').trim()

  test.each([
    ['-B', 72],
    ['-m', undefined],
    ['-s', undefined],
    ['-2', undefined],
    ['-5', undefined],
  ])('%s', async (kind, visibleOctets) => {
    for (const secret of secrets) await expectSecret(secret, await make(kind, secret), visibleOctets)
  })
})

/** Prints what hashlib makes of each secret: the forms of PBKDF2 and SCRAM, one a line. */
const python3Program = `
import base64, hashlib, hmac, json, os, sys
b64 = lambda octets: base64.b64encode(octets).decode()
bare = lambda octets: b64(octets).rstrip('=')
ab64 = lambda octets: bare(octets).replace('+', '.')
def forms(secret, name, rounds):
    salt = os.urandom(16)
    made = hashlib.pbkdf2_hmac(name, secret, salt, rounds)
    yield '$pbkdf2%s$%d$%s$%s' % ('' if name == 'sha1' else '-' + name, rounds, ab64(salt), ab64(made))
    yield '$pbkdf2-%s$i=%d,l=%d$%s$%s' % (name, rounds, len(made), bare(salt), bare(made))
    yield '{PBKDF2-%s}%d$%s$%s' % (name.upper(), rounds, ab64(salt), ab64(made))
    if name == 'sha512': return
    text = salt.hex()
    made = hashlib.pbkdf2_hmac(name, secret, text.encode(), rounds)
    yield 'pbkdf2_%s$%d$%s$%s' % (name, rounds, text, b64(made))
    client, server = (hmac.new(made, word, name).digest() for word in (b'Client Key', b'Server Key'))
    keys = (rounds, b64(text.encode()), b64(hashlib.new(name, client).digest()), b64(server))
    yield ('SCRAM-SHA-1' if name == 'sha1' else 'SCRAM-SHA-256') + '$%d:%s$%s:%s' % keys
for secret in json.load(sys.stdin):
    for name, rounds in (('sha1', 131), ('sha256', 4099), ('sha512', 250)):
        for form in forms(secret.encode(), name, rounds): print(form)
`

describe.runIf(python.available)(python.title, () => {
  test('hashlib', async () => {
    const made = (await run('python3', ['-c', python3Program], JSON.stringify(secrets))).split('\n')
    expect(made).toHaveLength(13 * secrets.length)
    for (const [index, stored] of made.entries())
      await expectSecret(secrets[Math.floor(index / 13)] ?? '', stored)
  })
})

describe.runIf(mariadb.available)(mariadb.title, () => {
  test('PASSWORD() and OLD_PASSWORD()', async () => {
    const out = join(folder, 'passwords')
    const rows = secrets.map((secret) => `x'${Buffer.from(secret).toString('hex')}'`)
    const select = rows.map((row) => `SELECT CONCAT(PASSWORD(${row}), '{MYSQL-OLD}', OLD_PASSWORD(${row}))`)
    // No server, no socket, no tables: it does what it is told and ends.
    const engine = ['--innodb=OFF', '--default-storage-engine=Aria']
    const words = ['--no-defaults', '--bootstrap', `--datadir=${folder}`, '--user=root', ...engine]
    await run('mariadbd', words, `${select.join(' UNION ALL ')} INTO OUTFILE '${out}';\n`)
    const made = (await readFile(out, 'utf8')).trim().split('\n')
    expect(made).toHaveLength(secrets.length)
    for (const [index, secret] of secrets.entries()) {
      const [modern = '', old = ''] = (made[index] ?? '').split(/(?=\{)/)
      await expectSecret(secret, modern)
      const check = readStored(old)
      expect(await check?.(Buffer.from(secret)), secret).toBe(true)
      for (const other of changed(secret, 1)) expect(await check?.(Buffer.from(other)), other).toBe(false)
    }
  })
})
