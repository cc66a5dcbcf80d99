import { sameText } from './compare.ts'
import { createCryptThread } from './crypt-thread.ts'
import type { PasswordScheme, SecretCheck } from './scheme.ts'

// What crypt(3) makes without bcrypt. Salts are of the visible characters of ASCII but `$` and `:`.
const md5Form = /^(\$1\$|\$apr1\$)([!-#%-9;-~]{0,8})\$([./0-9A-Za-z]{22})$/
const sha256Form = /^\$5\$(?:rounds=(\d{4,7})\$)?([!-#%-9;-~]{0,16})\$([./0-9A-Za-z]{43})$/
const sha512Form = /^\$6\$(?:rounds=(\d{4,7})\$)?([!-#%-9;-~]{0,16})\$([./0-9A-Za-z]{86})$/

// crypt(3) never writes fewer than a thousand, and as many as this take a second or two.
const bounds = { least: 1000, most: 1_000_000 }
const defaultRounds = '5000'

const thread = createCryptThread()

/** `$1$`, and Apache's `$apr1$` of htpasswd files. */
export const md5CryptScheme: PasswordScheme = {
  names: ['MD5-CRYPT', 'MD5', 'CRYPT', 'APR1'],
  marked: true,
  read({ text }) {
    const [, mark, salt, output] = md5Form.exec(text) ?? []
    if (mark === undefined || salt === undefined || output === undefined) return undefined
    const settings = { kind: 'md5', mark: mark === '$1$' ? mark : '$apr1$', salt } as const
    return async (secret) => sameText(await thread.compute(secret, settings), output)
  },
}

export const sha256Crypt: PasswordScheme = {
  names: ['SHA256-CRYPT', 'CRYPT'],
  marked: true,
  read: ({ text }) => readShaCrypt('sha256', sha256Form.exec(text)),
}

export const sha512Crypt: PasswordScheme = {
  names: ['SHA512-CRYPT', 'CRYPT'],
  marked: true,
  read: ({ text }) => readShaCrypt('sha512', sha512Form.exec(text)),
}

function readShaCrypt(kind: 'sha256' | 'sha512', found: RegExpExecArray | null): SecretCheck | undefined {
  const [, roundsText = defaultRounds, salt, output] = found ?? []
  const rounds = Number(roundsText)
  if (salt === undefined || output === undefined) return undefined
  if (rounds < bounds.least || rounds > bounds.most || roundsText.startsWith('0')) return undefined
  return async (secret) => sameText(await thread.compute(secret, { kind, rounds, salt }), output)
}
