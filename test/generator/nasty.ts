import type { Random } from './random.ts'

/** Messages that programs disagree on: odd boundaries, line ends, encodings, charsets, names, missing pieces. */
export function nastyMessage(random: Random): Buffer {
  const text = `${topFields(random)}${entity(random, 0)}`
  const ends = random.fraction()
  if (ends < 0.1) return Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1')
  return Buffer.from(text, 'latin1')
}

function topFields(random: Random): string {
  const lines = ['From: jo@example.org', 'To: al@example.org', 'Subject: test', 'MIME-Version: 1.0']
  if (random.chance(0.2)) lines.push('Subject: =?utf-8?q?=C3=BC?=\r\n =?utf-8?b?w7w=?=')
  if (random.chance(0.1)) lines.push('__proto__: x', 'constructor: y')
  if (random.chance(0.1)) lines.push('X-Long: '.padEnd(1_500, 'x'))
  if (random.chance(0.1)) lines.push('X-Eight: \xfc\xc3\xbc')
  return lines.map((line) => `${line}\r\n`).join('')
}

function entity(random: Random, depth: number): string {
  const kind = random.fraction()
  if (depth < 4 && kind < (depth === 0 ? 0.7 : 0.3)) return multipart(random, depth)
  if (depth < 4 && kind > 0.92)
    return `Content-Type: message/rfc822\r\n\r\n${topFields(random)}${entity(random, depth + 1)}`
  return leaf(random)
}

const subtypes = ['mixed', 'alternative', 'related', 'report', 'digest', 'x-unknown'] as const

function multipart(random: Random, depth: number): string {
  const boundary = random.pick([
    'b',
    'bb',
    'b-',
    '--',
    'b b',
    "b'()+_,./:=?",
    `level${depth}`,
    'x'.repeat(70),
  ])
  const written = random.chance(0.2) && /^\w+$/.test(boundary) ? boundary : `"${boundary}"`
  const field = `Content-Type: multipart/${random.pick(subtypes)};${random.chance(0.3) ? '\r\n' : ''} boundary=${written}\r\n\r\n`
  let text = field
  if (random.chance(0.3)) text += `preamble\r\n--not ${boundary}\r\n`
  for (let count = random.between(0, 4); count > 0; count -= 1) {
    text += `--${boundary}${random.chance(0.2) ? ' \t' : ''}\r\n${entity(random, depth + 1)}${random.chance(0.1) ? '' : '\r\n'}`
  }
  if (random.chance(0.85)) text += `--${boundary}--${random.chance(0.2) ? ' ' : ''}\r\n`
  if (random.chance(0.3)) text += `epilogue\r\n--${boundary}x\r\n`
  return text
}

const types = [
  'Content-Type: text/plain; charset=utf-8',
  'Content-Type: text/plain; charset="iso-8859-1"; name=a.txt',
  'Content-Type: TEXT/HTML; charset=us-ascii',
  'Content-Type: application/octet-stream; name="a;b.bin"',
  "Content-Type: application/pdf; name*0*=utf-8''%C3%BC; name*1=.pdf",
  'Content-Type: image/png; name="=?utf-8?b?w7wucG5n?="',
  'Content-Type: text/x-unknown; charset=x-unknown',
  'Content-Type: message/delivery-status',
  'X-No-Type: here',
] as const

const dispositions = [
  'Content-Disposition: inline',
  'Content-Disposition: attachment; filename=plain.txt',
  'Content-Disposition: attachment; filename="with \\"quotes\\".txt"',
  "Content-Disposition: attachment; filename*=utf-8''%e2%82%ac%20rates.txt",
  'Content-Disposition: ATTACHMENT;\r\n\tfilename*0=long-;\r\n\tfilename*1=name.txt',
] as const

function leaf(random: Random): string {
  const lines: string[] = [random.pick(types)]
  if (random.chance(0.5)) lines.push(random.pick(dispositions))
  const encoding = random.pick(['7bit', '8bit', 'base64', 'quoted-printable', 'BASE64', 'binary', ''])
  if (encoding !== '') lines.push(`Content-Transfer-Encoding: ${encoding}`)
  if (random.chance(0.2)) lines.push(`Content-ID: <${random.below(1000)}@example.org>`)
  return `${lines.join('\r\n')}\r\n\r\n${body(random, encoding.toLowerCase())}`
}

function body(random: Random, encoding: string): string {
  if (encoding === 'base64') {
    const encoded = random.octets(random.below(300)).toString('base64')
    const lines: string[] = encoded.match(/.{1,76}/g) ?? []
    if (random.chance(0.1)) lines.push('cGFkZGVkIGluIHRoZSBtaWRkbGU=', 'bW9yZQ==')
    return lines.map((line) => `${line}\r\n`).join('')
  }
  if (encoding === 'quoted-printable') {
    const texts = [
      'plain\r\n',
      'soft=\r\n',
      '=C3=BC\r\n',
      'not hex =XY\r\n',
      '=3D=3D',
      'tab=09\r\n',
      '\r\n',
      'blank at the end  \r\n',
    ]
    return Array.from({ length: random.below(8) }, () => texts[random.below(texts.length)]).join('')
  }
  const texts = [
    'text\r\n',
    '\r\n',
    '--\r\n',
    '-- \r\n',
    '--b x\r\n',
    '.\r\n',
    'From here\r\n',
    '\xc3\xbc\r\n',
    '\t\r\n',
    'no end',
  ]
  return Array.from({ length: random.below(8) }, () => texts[random.below(texts.length)]).join('')
}
