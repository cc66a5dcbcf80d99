import { Random } from './random.ts'

const words = [
  'the',
  'order',
  'meeting',
  'please',
  'with',
  'our',
  'report',
  'attached',
  'and',
  'thanks',
  'for',
  'your',
  'quick',
  'reply',
  'tomorrow',
  'invoice',
  'server',
  'update',
  'we',
  'have',
  'planned',
  'a',
  'longer',
  'session',
  'about',
  'storage',
  'of',
  'mail',
] as const
const names = [
  'Order Desk',
  'Postmaster',
  'Daily Report',
  '"Office, Main"',
  '=?utf-8?q?B=C3=BCro?=',
  'Support Desk',
] as const
const hosts = ['example.org', 'mail.example.com', 'lists.example.net'] as const

/** Messages as they lie in mailboxes: trace and authentication fields, alternatives, inline images, attachments. */
export function realisticCorpus(seed: number, count: number): Buffer[] {
  const random = new Random(seed)
  return Array.from({ length: count }, (_, number) => Buffer.from(message(random, number), 'latin1'))
}

function message(random: Random, number: number): string {
  const kind = random.fraction()
  if (kind < 0.15) return `${header(random, number)}${textPart(random)}`
  const body = kind < 0.5 ? alternative(random) : mixed(random)
  return `${header(random, number)}${body}`
}

function header(random: Random, number: number): string {
  const lines: string[] = []
  for (let hop = random.between(2, 4); hop > 0; hop -= 1) {
    lines.push(
      `Received: from ${random.pick(hosts)} (${random.pick(hosts)} [192.0.2.${random.between(1, 254)}])`,
      `\tby ${random.pick(hosts)} with ESMTPS id ${token(random, 12)}`,
      `\tfor <user${random.below(100)}@example.org>; Mon, 23 Nov 2026 10:${random.between(10, 59)}:00 +0000`,
    )
  }
  lines.push(
    'Authentication-Results: mx.example.org;',
    '\tdkim=pass header.d=example.com header.s=s1;',
    '\tspf=pass smtp.mailfrom=example.com',
    'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1;',
    '\th=from:to:subject:date:message-id:mime-version:content-type;',
    `\tbh=${token(random, 43)}=;`,
    ...Array.from({ length: 5 }, (_, line) => `\t${line === 0 ? 'b=' : ''}${token(random, 68)}`),
    `From: ${mailbox(random)}`,
    `To: ${Array.from({ length: random.between(1, 6) }, () => mailbox(random)).join(',\r\n\t')}`,
    ...(random.chance(0.3) ? [`Cc: ${mailbox(random)}, ${mailbox(random)}`] : []),
    `Subject: ${random.chance(0.3) ? '=?utf-8?B?w5xiZXJzaWNodCBkZXIgQmVzdGVsbHVuZw==?=' : sentence(random, 6)}`,
    `Date: Mon, 23 Nov 2026 10:${random.between(10, 59)}:00 +0000`,
    `Message-ID: <${number}.${token(random, 16)}@${random.pick(hosts)}>`,
    ...(random.chance(0.5)
      ? [`In-Reply-To: <${token(random, 16)}@example.org>`, `References: <${token(random, 16)}@example.org>`]
      : []),
    'MIME-Version: 1.0',
    `X-Mailer: Example Mailer ${random.below(20)}.1`,
    'List-Unsubscribe: <https://lists.example.net/unsubscribe>, <mailto:leave@lists.example.net>',
  )
  return `${lines.join('\r\n')}\r\n`
}

function mixed(random: Random): string {
  const parts = [random.chance(0.7) ? alternative(random) : textPart(random)]
  for (let count = random.between(1, 3); count > 0; count -= 1) parts.push(attachment(random))
  if (random.chance(0.1))
    parts.push(`Content-Type: message/rfc822\r\n\r\n${header(random, 0)}${alternative(random)}`)
  return multipart(random, 'mixed', parts)
}

function alternative(random: Random): string {
  return multipart(random, 'alternative', [textPart(random), htmlPart(random)])
}

function multipart(random: Random, subtype: string, parts: readonly string[]): string {
  const boundary = `----=_Part_${token(random, 20)}`
  const head = `Content-Type: multipart/${subtype};\r\n boundary="${boundary}"\r\n\r\n`
  return `${head}This is a multi-part message in MIME format.\r\n${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`
}

function textPart(random: Random): string {
  const lines = Array.from({ length: random.between(5, 60) }, () =>
    random.chance(0.2) ? '' : sentence(random, 10),
  )
  return `Content-Type: text/plain; charset=utf-8; format=flowed\r\nContent-Transfer-Encoding: 7bit\r\n\r\n${lines.join('\r\n')}\r\n`
}

function htmlPart(random: Random): string {
  const lines = Array.from(
    { length: random.between(20, 150) },
    () => `<p style=3D"margin:0">${sentence(random, 7)}=C3=BC=\r\n</p>`,
  )
  return `Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${lines.join('\r\n')}\r\n`
}

function attachment(random: Random): string {
  const encoded = random.octets(random.between(2_000, 40_000)).toString('base64')
  const lines = encoded.match(/.{1,76}/g) ?? []
  const name = `report-${random.below(1000)}.pdf`
  return [
    `Content-Type: application/pdf; name="${name}"`,
    'Content-Transfer-Encoding: base64',
    `Content-Disposition: attachment; filename="${name}"; size=${encoded.length}`,
    `Content-ID: <${token(random, 12)}@example.org>`,
    '',
    ...lines,
    '',
  ].join('\r\n')
}

function mailbox(random: Random): string {
  return `${random.pick(names)} <user${random.below(1000)}@${random.pick(hosts)}>`
}

function sentence(random: Random, length: number): string {
  return Array.from({ length }, () => random.pick(words)).join(' ')
}

function token(random: Random, length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from({ length }, () => letters[random.below(letters.length)]).join('')
}
