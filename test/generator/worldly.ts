import type { Random } from './random.ts'

const words = [
  'Größe',
  'STRASSE',
  'Straße',
  'señor',
  'Ångström',
  'été',
  'meeting',
  'Invoice',
  'quarterly',
  'naïve',
] as const
const cyrillic = ['Привет', 'мир', 'встреча', 'СЧЁТ', 'ёлка'] as const
const beyond = [
  '\u4e2d\u6587',
  '日本語',
  '한국어',
  'e\u0301te\u0301',
  '\u{1f600}',
  'İstanbul',
  'ΟΔΟΣ',
  'οδος',
  'ﬁne',
] as const

interface Charset {
  readonly name: string
  readonly words: readonly string[]
}

const charsets: readonly [Charset, ...Charset[]] = [
  { name: 'utf-8', words: [...words, ...cyrillic, ...beyond] },
  { name: 'UTF-8', words: [...words, ...beyond] },
  { name: 'iso-8859-1', words },
  { name: 'windows-1252', words },
  { name: 'koi8-r', words: [...cyrillic, 'meeting', 'invoice'] },
  { name: 'windows-1251', words: [...cyrillic, 'meeting'] },
  { name: 'us-ascii', words: ['meeting', 'INVOICE', 'quarterly', 'plain'] },
]

/**
 * Valid mail in several languages: encoded words, charsets and transfer encodings that fit each other, attachments and
 * attached messages, folded fields, some without a Date.
 */
export function worldlyMessage(random: Random): Buffer {
  return Buffer.from(message(random, 0), 'latin1')
}

function message(random: Random, depth: number): string {
  const fields = [
    `From: ${encodedWord(random, 1)} <user${random.below(20)}@example.org>`,
    `To: ${encodedWord(random, 2)} <office@example.com>,\r\n\tuser${random.below(20)}@example.net`,
    `Subject: ${encodedWord(random, random.between(1, 4))} ${random.pick(['Re: report', 'Fwd: plan', 'news'])}`,
    ...(random.chance(0.8) ? [`Date: ${date(random)}`] : []),
    `X-Note: ${random.pick(['first', 'second'])} line\r\n and ${random.pick(['third', 'fourth'])}`,
    'MIME-Version: 1.0',
  ]
  return `${fields.join('\r\n')}\r\n${entity(random, depth)}`
}

function entity(random: Random, depth: number): string {
  if (depth >= 3 || random.chance(0.5)) return text(random)
  const boundary = `==level-${depth}-${random.below(1_000_000)}==`
  const parts = [text(random)]
  for (let count = random.between(1, 2); count > 0; count -= 1) {
    if (random.chance(0.3)) parts.push(`Content-Type: message/rfc822\r\n\r\n${message(random, depth + 1)}`)
    else if (random.chance(0.4)) parts.push(attachment(random))
    else parts.push(entity(random, depth + 1))
  }
  const body = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')
  return `Content-Type: multipart/mixed;\r\n boundary="${boundary}"\r\n\r\n${body}--${boundary}--\r\n`
}

function text(random: Random): string {
  const charset = random.pick(charsets)
  const lines = Array.from({ length: random.between(0, 30) }, () => sentence(random, charset))
  const octets = encode(`${lines.join('\r\n')}\r\n`, charset.name)
  const encoding = random.pick(['8bit', 'base64', 'quoted-printable'])
  const body = encoding === '8bit' ? octets : encoding === 'base64' ? base64(octets) : quotedPrintable(octets)
  return `Content-Type: text/${random.pick(['plain', 'html'])}; charset=${charset.name}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}`
}

function attachment(random: Random): string {
  const name = random.pick(['plan.pdf', 'picture.png', 'table.ods'])
  return `Content-Type: application/octet-stream; name=${name}\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(encode('meeting in the attachment', 'utf-8'))}`
}

function sentence(random: Random, charset: Charset): string {
  return Array.from(
    { length: random.between(1, 9) },
    () => charset.words[random.below(charset.words.length)],
  ).join(' ')
}

function encodedWord(random: Random, count: number): string {
  const charset = random.pick(charsets)
  const words = Array.from({ length: count }, () => charset.words[random.below(charset.words.length)])
  return words
    .map((word, index) => {
      // RFC 2047 §6.2: white space between encoded words is none, so it stands within.
      const octets = encode(index === 0 ? (word ?? '') : ` ${word}`, charset.name)
      if (random.chance(0.5))
        return `=?${charset.name}?B?${Buffer.from(octets, 'latin1').toString('base64')}?=`
      return `=?${charset.name}?q?${octets.replace(/[^a-zA-Z]/g, hex)}?=`
    })
    .join(random.chance(0.3) ? '\r\n ' : ' ')
}

function date(random: Random): string {
  const day = String(random.between(1, 28)).padStart(2, '0')
  const zone = random.pick(['+0000', '-0800', '+0530', '+1400', 'GMT', 'EST', '+0200 (CEST)'])
  return `${day} ${random.pick(['Jan', 'Feb', 'Dec'])} 2026 ${random.pick(['00:10', '12:00', '23:50'])}:00 ${zone}`
}

/** The octets of a text, one character an octet. */
function encode(text: string, charset: string): string {
  if (/^utf-8$/i.test(charset)) return Buffer.from(text, 'utf8').toString('latin1')
  const octets = octetsOf(charset)
  return [...text].map((character) => octets.get(character) ?? '?').join('')
}

const tables = new Map<string, ReadonlyMap<string, string>>()

function octetsOf(charset: string): ReadonlyMap<string, string> {
  const decoder = new TextDecoder(charset)
  const made =
    tables.get(charset) ??
    new Map(
      Array.from({ length: 256 }, (_, octet) => [
        decoder.decode(Buffer.from([octet])),
        String.fromCharCode(octet),
      ]),
    )
  tables.set(charset, made)
  return made
}

function base64(octets: string): string {
  const encoded = Buffer.from(octets, 'latin1').toString('base64')
  return (encoded.match(/.{1,76}/g) ?? []).map((line) => `${line}\r\n`).join('')
}

function quotedPrintable(octets: string): string {
  const lines = octets.replace(/[^\r\n -<>-~]/g, hex).split('\r\n')
  return lines.map((line) => (line.match(/(?:=..|[^=]){1,60}/g) ?? []).join('=\r\n')).join('\r\n')
}

function hex(octet: string): string {
  return `=${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
