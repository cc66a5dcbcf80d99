import { describe, expect, it } from 'vitest'
import { errorCode } from '../errors.ts'
import { passwordSchemes, readStored, type VerifyOptions } from './stored-hash.ts'

/** Whether a secret is the one that is stored; undefined where the hash could not be read. */
async function matches(
  secret: string,
  stored: string,
  options?: VerifyOptions,
): Promise<boolean | undefined> {
  return await readStored(stored, options)?.(Buffer.from(secret))
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const hex = (text: string) => Buffer.from(text).toString('hex')

const longText = 'a very much longer text to encrypt.  This one even stretches over morethan one line.'
const shortSalt = 'we have a short salt string but not a short password'
const bcryptHash = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
const sha256Crypt = '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'
const sha512Output = 'svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1'
const md5Hex = '8e1843033a0f6ee52e2f618aa8ebbef4'
const dovecotPbkdf2 = '$1$salt$4096$4b007901b765489abead49d926f721d065a429c1'
const modularSalt = '0ZrzXitFSGltTQnBWOsdYw'
const modularOutput = 'f1qhN9YsPiA.FWAKgBg.Zbb3eu4rJdCMOZr6RaDOADY'
const sha1Keys = {
  salt: 'QSXCR+Q6sek8bf92',
  stored: '6dlGYMOdZcOPutkcNY8U2g7vK9Y=',
  server: 'D+CSWLOshSulAsxiupA+qs2/fTE=',
}
const sha256Keys = {
  salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
  stored: 'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=',
  server: 'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
}
// Of the secret IX with the salt above.
const preparedKeys =
  'jm4XkHvFe7q0xZ4vmAKJUiTKPr1F+7MXnYyksTUVeBE=,EqXM4c5+I7lQ5vHl5Ngu2rY8DBMM1XjG0dY6GEjwLx0='
const mysqlHash = '*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4'

// Salts and secrets of bcrypt are those of Openwall's tests, of SHA-crypt those of its specification, of SCRAM those of
// the examples in RFC 5802 and RFC 7677, of PBKDF2 those of RFC 6070; the hashes of MySQL are from its manual, that of
// `$apr1$` from Apache's. Where those give no hash, and for the rest, crypt(3), openssl and Python's hashlib did.
const vectors: readonly (readonly [secret: string, stored: string])[] = [
  ['U*U', bcryptHash],
  ['U*U', `{BLF-CRYPT}${bcryptHash.replace('2a', '2y')}`],
  ['U*U', `{CRYPT}${bcryptHash.replace('2a', '2b')}`],
  ['U*U*', '{bcrypt}$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
  ['U*U*U', '$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a'],
  ['Hello world!', sha256Crypt],
  ['Hello world!', '{CRYPT}$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
  [longText, '{SHA256-CRYPT}$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1'],
  [shortSalt, '$5$rounds=77777$short$JiO1O3ZpDAxGJeaDIuqCoEFysAe1mZNJRs3pw0KQRd/'],
  ['a'.repeat(64), '$5$32octets$3598HG1rjMVKQrXKkSHv8/Ksd5FfTX2qNZvQtEVvJd.'],
  ['Hello world!', `$6$saltstring$${sha512Output}`],
  ['Hello world!', `{SHA512-CRYPT.B64}${base64(`$6$saltstring$${sha512Output}`)}`],
  [
    'Hello world!',
    '{CRYPT}$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
  ],
  [
    longText,
    '{SHA512-CRYPT}$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
  ],
  [
    shortSalt,
    '$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0',
  ],
  [
    'a'.repeat(64),
    '$6$32octets$mFesCUtncDI8l9Of6YXzrywm4uIjhhq.JOmAwr/2CcRvULQ.PIH.XVpkv5PEJBHZO4B78iauv6uxHTfhs/UOx0',
  ],
  ['p€ssword', '$1$deadbeef$NtXSSNzyhketvNoOtcRzC/'],
  ['p€ssword', '{MD5}$1$deadbeef$NtXSSNzyhketvNoOtcRzC/'],
  ['a', '{MD5-CRYPT}$1$x$P8VObTrxaqT4VBmnH06P8.'],
  ['a', '{CRYPT}$1$x$P8VObTrxaqT4VBmnH06P8.'],
  ['myPassword', '$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/'],
  ['pässword', '{PLAIN}pässword'],
  ['pässword', '{cleartext}pässword'],
  ['{PLAIN}', '{CLEAR}{PLAIN}'],
  ['pässword', `{PLAIN.HEX}${hex('pässword').toUpperCase()}`],
  ['pässword', `{plain.base64}${base64('pässword')}`],
  ['pässword', `{PLAIN-MD5}${md5Hex}`],
  ['pässword', `{MD5}${md5Hex.toUpperCase()}`],
  ['pässword', `{PLAIN-MD5.B64}jhhDAzoPbuUuL2GKqOu+9A==`],
  ['pässword', `{LDAP-MD5}jhhDAzoPbuUuL2GKqOu+9A==`],
  ['pässword', `{MD5}jhhDAzoPbuUuL2GKqOu+9A`],
  ['pässword', `{MD5RAW}${md5Hex}`],
  ['pässword', '{SHA}I7dElEdfX4dJgLdnbVEeI9iG2mQ='],
  ['pässword', '{SHA1}23b74494475f5f874980b7676d511e23d886da64'],
  ['pässword', '{SHA1.HEX}23b74494475f5f874980b7676d511e23d886da64'],
  ['pässword', '{SHA256}NHgme1YSeRtAmIkGs6eJfrarUB4EuV7TL5nQr99mnZw='],
  ['pässword', '{sha256.hex}3478267b5612791b40988906b3a7897eb6ab501e04b95ed32f99d0afdf669d9c'],
  [
    'pässword',
    '{SHA512}KF3icbSeAO9oGc8Ku/AxXpfCXLo2FhZ8dw78Umxki03hH0sA3HH67TOjEse6g2kNPtFKqq32tiKqSJlv8H7IpA==',
  ],
  ['pässword', '{SMD5}M5ciqm2DvKse64WhAi7wFE5hQ2w='],
  ['pässword', '{SSHA}D9oXzpIF3a1x7HLFPvseynPSwd5OYUNs'],
  ['pässword', `{SSHA.HEX}${Buffer.from('D9oXzpIF3a1x7HLFPvseynPSwd5OYUNs', 'base64').toString('hex')}`],
  ['pässword', '{SSHA256}noYOfZLEcIyuQDh3LOJeS3Dnu4R8CspMu1zA0wx1Q3NOYUNs'],
  [
    'pässword',
    '{SSHA512}WxrYAsMoEjj17E1rLDAGNlVuNmZA7PzMdOIOBFqpO/rNmdjdT+YIZghKh044LgmJ67DlJ3nn2lq1z4IeL18z505hQ2w=',
  ],
  ['password', `{PBKDF2}${dovecotPbkdf2}`],
  ['password', dovecotPbkdf2],
  ['password', `$pbkdf2-sha256$6400$${modularSalt}$${modularOutput}`],
  ['password', `$pbkdf2-sha256$i=6400,l=32$${modularSalt}$${modularOutput.replaceAll('.', '+')}`],
  ['password', `$pbkdf2-sha256$i=6400$${modularSalt}$${modularOutput.replaceAll('.', '+')}`],
  ['password', `{PBKDF2-SHA256}6400$${modularSalt}$${modularOutput}`],
  ['password', '$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE'],
  ['password', '{PBKDF2}4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE'],
  [
    'password',
    '{PBKDF2-SHA512}1000$c2FsdHNhbHRzYWx0c2FsdA$715rqIr5dXOVPpBhqqsugl037zT5bWJTWYmZtIcK8hBnisKpwfY7kokvwjDrNHqHhF50Pb7MD6HvkJwiDQw4ww',
  ],
  ['password', 'pbkdf2_sha256$10000$seasalt$p2Nf8SH5q1HFJUvFvVd4Nj71pVA5fI7cpL2WDbb86bc='],
  ['password', '{PBKDF2-SHA1}pbkdf2_sha1$1000$seasalt$C8KvRfPW529R7JpDHEDOP35Xr0g='],
  ['pencil', `{SCRAM-SHA-1}4096,${sha1Keys.salt},${sha1Keys.stored},${sha1Keys.server}`],
  ['pencil', `SCRAM-SHA-1$4096:${sha1Keys.salt}$${sha1Keys.stored}:${sha1Keys.server}`],
  ['pencil', `{SCRAM-SHA-256}4096,${sha256Keys.salt},${sha256Keys.stored},${sha256Keys.server}`],
  ['pencil', `SCRAM-SHA-256$4096:${sha256Keys.salt}$${sha256Keys.stored}:${sha256Keys.server}`],
  ['pässword', '{CRAM-MD5}7dead29c194d4ac3cf5f337b23fa3b9b32c9f4b1d7d7b1fa2539d66ce368e997'],
  ['password', '{HMAC-MD5}9186d855e11eba527a7a52ca82b313e180d62234f0acc9051b527243d41e2740'],
  ['mypass', mysqlHash],
  ['mypass', `{MYSQL}${mysqlHash.toLowerCase()}`],
  ['mypass', '{MYSQL-OLD}6f8c114b58f2ce9e'],
  [' my\tpass ', '{MYSQL-OLD}6f8c114b58f2ce9e'],
]

describe('hashes from elsewhere', () => {
  it.each(vectors)('%s: %s', async (secret, stored) => {
    expect(await matches(secret, stored)).toBe(true)
    expect(await matches(`${secret}x`, stored)).toBe(false)
    expect(await matches(`X${secret.slice(1)}`, stored)).toBe(false)
  })

  it('has a vector for every name but those of argon2id', () => {
    const named = vectors.map(([, stored]) => /^\{([^.}]+)/.exec(stored)?.[1]?.toUpperCase())
    const others = passwordSchemes.filter((name) => !name.startsWith('ARGON2') && !named.includes(name))
    expect(others).toEqual(['APR1'])
  })

  it('takes a SCRAM secret as it is or prepared, whichever the keys are of', async () => {
    const stored = `{SCRAM-SHA-256}4096,${sha256Keys.salt},${preparedKeys}`
    // The examples of RFC 4013 §3.
    for (const secret of ['IX', 'I\u00adX', '\u2168']) expect(await matches(secret, stored)).toBe(true)
    expect(await matches('ix', stored)).toBe(false)
  })

  it('knows what bcrypt does not: what is behind the 72nd octet', async () => {
    const stored = '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui'
    const secret = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
    expect(await matches(secret, stored)).toBe(true)
    expect(await matches(`${secret}chars after 72 are ignored`, stored)).toBe(true)
    expect(await matches(secret.slice(0, 71), stored)).toBe(false)
  })
})

describe('a hash without a scheme before it', () => {
  it.each([
    'pässword',
    md5Hex,
    'I7dElEdfX4dJgLdnbVEeI9iG2mQ=',
    '6f8c114b58f2ce9e',
    'abJnggxhB/yWI',
    `4096,${sha1Keys.salt},${sha1Keys.stored},${sha1Keys.server}`,
    `6400$${modularSalt}$${modularOutput}`,
  ])('matches nothing where it does not show what it is: %s', (stored) => {
    expect(readStored(stored)).toBeUndefined()
  })

  it('is of the scheme that the caller names', async () => {
    expect(await matches('pässword', md5Hex, { bareScheme: 'PLAIN-MD5' })).toBe(true)
    expect(await matches('pässword', md5Hex, { bareScheme: 'md5.hex' })).toBe(true)
    expect(await matches('mypass', '6f8c114b58f2ce9e', { bareScheme: 'MYSQL-OLD' })).toBe(true)
    expect(await matches(md5Hex, md5Hex, { bareScheme: 'PLAIN-MD5' })).toBe(false)
    const keys = `4096,${sha1Keys.salt},${sha1Keys.stored},${sha1Keys.server}`
    expect(await matches('pencil', keys, { bareScheme: 'SCRAM-SHA-1' })).toBe(true)
    expect(await matches('U*U', bcryptHash, { bareScheme: 'CRYPT' })).toBe(true)
  })

  it('is still what it shows to be', async () => {
    for (const options of [{ bareScheme: 'PLAIN-MD5' }, { bareScheme: 'PLAIN' }, { plain: true }]) {
      expect(await matches('U*U', bcryptHash, options)).toBe(true)
      expect(await matches(bcryptHash, bcryptHash, options)).toBe(false)
      expect(await matches('mypass', mysqlHash, options)).toBe(true)
      expect(await matches('secret', '{CLEARTEXT}secret', options)).toBe(true)
    }
  })

  it.each<VerifyOptions>([
    { plain: true },
    { bareScheme: 'CLEARTEXT' },
    { bareScheme: 'PLAIN-MD5', plain: true },
  ])('is the password itself where the caller says so: %j', async (options) => {
    for (const secret of ['pässword', 'a b', '$ecret', '{secret', '!secret']) {
      expect(await matches(secret, secret, options)).toBe(true)
      expect(await matches(`${secret} `, secret, options)).toBe(false)
    }
  })

  it.each([
    '',
    '!',
    '!!',
    '*',
    '$2a$05$short',
    '$2a$17$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7',
    `!${bcryptHash}`,
    `*${sha256Crypt}`,
    '{DES-CRYPT}abJnggxhB/yWI',
    '{UNKNOWN_SCHEME}text',
    '!{SSHA}D9oXzpIF3a1x7HLFPvseynPSwd5OYUNs',
  ])('is never the password where it is a hash or locks the account: %s', (stored) => {
    expect(readStored(stored, { plain: true })).toBeUndefined()
    expect(readStored(stored, { bareScheme: 'PLAIN' })).toBeUndefined()
  })

  it.each(['', 'SECRET', 'SHA3', '{SHA}', 'SHA.ROT13', '__proto__'])('of no scheme: %j', (bareScheme) => {
    const read = async () => readStored('secret', { bareScheme })
    return expect(read().catch(errorCode)).resolves.toBe('MAIL_E_INVALID')
  })
})

const malformed: readonly string[] = [
  '{CRYPT}abJnggxhB/yWI',
  '{DES-CRYPT}abJnggxhB/yWI',
  '{CRYPT}$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7',
  '{CRAM-MD5}ba214f81cb54a750cbe918fae06b7de5af422cdbad3755a209c38127a2b7f4',
  '{CRAM-MD5}ba214f81cb54a750cbe918fae06b7de5af422cdbad3755a209c38127a2b7f47g',
  'ba214f81cb54a750cbe918fae06b7de5af422cdbad3755a209c38127a2b7f473',
  '{PLAIN}',
  '{PLAIN.HEX}7',
  '{PLAIN.HEX}7g',
  '{PLAIN.B64}c2Vj cmV0',
  '{PLAIN.ROT13}frperg',
  ` {PLAIN}secret`,
  '{PLAIN secret',
  // bcrypt
  bcryptHash.replace('$05$', '$03$'),
  bcryptHash.replace('$05$', '$17$'),
  bcryptHash.replace('$05$', '$5$'),
  bcryptHash.replace('2a', '2x'),
  bcryptHash.slice(0, -1),
  `${bcryptHash}.`,
  `${bcryptHash}\n`,
  `{SHA512-CRYPT}${bcryptHash}`,
  // SHA-crypt
  `$6$saltstring$${sha512Output.slice(1)}`,
  `$6$saltstring$${sha512Output}.`,
  `$6$rounds=999$saltstring$${sha512Output}`,
  `$6$rounds=05000$saltstring$${sha512Output}`,
  `$6$rounds=1000001$saltstring$${sha512Output}`,
  `$6$rounds=999999999$saltstring$${sha512Output}`,
  `$6$rounds=$saltstring$${sha512Output}`,
  `$6$rounds=-5000$saltstring$${sha512Output}`,
  `$6$saltstringsaltstring$${sha512Output}`,
  `$6$salt:string$${sha512Output}`,
  `$5$saltstring$${sha512Output}`,
  sha256Crypt.replace('$5$', '$7$'),
  sha256Crypt.slice(0, -1),
  // MD5-CRYPT
  '$1$deadbeef1$NtXSSNzyhketvNoOtcRzC/',
  '$1$deadbeef$NtXSSNzyhketvNoOtcRzC',
  '$apr2$deadbeef$NtXSSNzyhketvNoOtcRzC/',
  // digests
  `{PLAIN-MD5}${md5Hex.slice(1)}`,
  `{PLAIN-MD5}${md5Hex}00`,
  `{PLAIN-MD5}${md5Hex.replace('8', 'g')}`,
  `{PLAIN-MD5.B64}${md5Hex}`,
  '{SHA}',
  '{SHA}I7dElEdfX4dJgLdnbVEeI9iG2m',
  '{SHA}I7dElEdfX4dJgLdnbVEeI9iG2mQ==',
  '{SHA}I7dElEdfX4dJgLdnbVEeI9iG2mR=',
  '{SHA}I7dElEdfX4dJgLdnbV EeI9iG2mQ=',
  '{SHA256}I7dElEdfX4dJgLdnbVEeI9iG2mQ=',
  '{SSHA}',
  '{SSHA}I7dElEdfX4dJgLdnbVEeI9iG2mQ=',
  `{SSHA}${Buffer.alloc(20 + 129).toString('base64')}`,
  '{SSHA}!!!!D9oXzpIF3a1x7HLFPvseynPSwd5OYUNs',
  // PBKDF2
  dovecotPbkdf2.replace('4096', '0'),
  dovecotPbkdf2.replace('4096', '1000001'),
  dovecotPbkdf2.replace('4096', '-1'),
  dovecotPbkdf2.replace('4096', '1e3'),
  dovecotPbkdf2.replace('salt', ''),
  dovecotPbkdf2.slice(0, -2),
  `{PBKDF2-SHA256}${dovecotPbkdf2}`,
  `{PBKDF2-SHA512}6400$${modularSalt}$${'A'.repeat(20)}`,
  `{PBKDF2-SHA1}$pbkdf2-sha256$6400$${modularSalt}$${modularOutput}`,
  `$pbkdf2-sha256$6400$${modularSalt}$`,
  `$pbkdf2-sha256$6400$${modularSalt}$AAAA`,
  `$pbkdf2-sha256$6400$${modularSalt}$${modularOutput}AAAA`,
  `$pbkdf2-sha256$6400$$${modularOutput}`,
  `$pbkdf2-sha256$i=6400,l=31$${modularSalt}$${modularOutput}`,
  `$pbkdf2-md5$6400$${modularSalt}$${modularOutput}`,
  `$pbkdf2-sha256$6400$${modularSalt}!$${modularOutput}`,
  'pbkdf2_sha256$10000$$p2Nf8SH5q1HFJUvFvVd4Nj71pVA5fI7cpL2WDbb86bc=',
  // SCRAM
  `{SCRAM-SHA-1}0,${sha1Keys.salt},${sha1Keys.stored},${sha1Keys.server}`,
  `{SCRAM-SHA-1}1000001,${sha1Keys.salt},${sha1Keys.stored},${sha1Keys.server}`,
  `{SCRAM-SHA-1}4096,,${sha1Keys.stored},${sha1Keys.server}`,
  `{SCRAM-SHA-1}4096,${sha1Keys.salt},${sha1Keys.stored}`,
  `{SCRAM-SHA-1}4096,${sha1Keys.salt},${sha1Keys.stored},`,
  `{SCRAM-SHA-1}4096,${sha1Keys.salt},AAAA,${sha1Keys.server}`,
  `{SCRAM-SHA-1}4096,${sha256Keys.salt},${sha256Keys.stored},${sha256Keys.server}`,
  `{SCRAM-SHA-256}SCRAM-SHA-1$4096:${sha1Keys.salt}$${sha1Keys.stored}:${sha1Keys.server}`,
  // MySQL
  mysqlHash.slice(0, -2),
  `${mysqlHash}00`,
  '{MYSQL}6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4',
  '{MYSQL}*6C8989366EAF75BB670AD8EA7A7FC1176A95CEFG',
  '{MYSQL-OLD}6f8c114b58f2ce9',
  '{MYSQL-OLD}6f8c114b58f2ce9e00',
]

describe('malformed hashes', () => {
  it.each(malformed)('matches nothing: %s', (stored) => {
    expect(readStored(stored)).toBeUndefined()
  })

  it('fails for SCRAM keys of which one is of another secret', async () => {
    const [, other = ''] = preparedKeys.split(',')
    const stored = `{SCRAM-SHA-256}4096,${sha256Keys.salt},${sha256Keys.stored},${other}`
    expect(await matches('pencil', stored)).toBe(false)
  })

  it('is what anything longer than 4,096 characters is', async () => {
    expect(await matches('a', `{PLAIN}${'a'.repeat(4089)}`)).toBe(false)
    expect(readStored(`{PLAIN}${'a'.repeat(4090)}`)).toBeUndefined()
  })
})
