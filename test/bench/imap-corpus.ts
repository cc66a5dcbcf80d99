import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Random } from '../generator/random.ts'

// Mail as it lies in a large mailbox: 2 to 20 KiB, plain, with alternatives, with attachments; many are replies. Some words are
// planted, so that a search that answers fast and wrong shows.

/** How often each planted thing is there. */
export interface Planted {
  /** `zyxquark` in a text. */
  readonly text: number
  /** From vip@customer.example. */
  readonly from: number
  /** `Quarterly` in Subject. */
  readonly subject: number
}

export function planted(count: number): Planted {
  const every = (step: number, rest: number): number =>
    count > rest ? Math.floor((count - 1 - rest) / step) + 1 : 0
  return { text: every(500, 7), from: every(97, 5), subject: every(50, 3) }
}

const firstArrival = 1_704_067_200
const common =
  'the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one you were her all she there would their we him been has when who will more no if out so said what up its about into than them can only other new some could time these two may then do first any my now such like our over man me even most made after also did many before must through back years where much your way meeting report project invoice budget schedule review please attached regards thanks update server release draft contract customer order delivery team tomorrow question problem'.split(
    ' ',
  ) as [string, ...string[]]
const people = [
  'Anna Smith',
  'Ben Meyer',
  'Carla Rossi',
  'David Novak',
  'Elena Jensen',
  'Frank Dubois',
] as const
const hosts = ['example.com', 'example.org', 'mail.example', 'corp.example', 'lists.example'] as const
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** Seconds since 1970 at which a message came. */
export function arrivalOf(index: number): number {
  return firstArrival + index * 547
}

/** The flags of a message, as letters of a Maildir's file name. */
export function flagsOf(index: number): string {
  const random = new Random(index * 7 + 3)
  return `${random.chance(0.08) ? 'F' : ''}${random.chance(0.15) ? 'R' : ''}${random.chance(0.7) ? 'S' : ''}`
}

/** A message with CRLF; the same for the same number, always. */
export function benchMessage(index: number): Buffer {
  const random = new Random(index * 2 + 1)
  const size = Math.min(20_480, Math.max(2_048, Math.round(5_400 * Math.exp(0.65 * normal(random)))))
  const header = headerOf(random, index)
  return Buffer.from(`${header}${bodyOf(random, index, size - header.length)}`, 'latin1')
}

/** Roughly: the sum of twelve. */
function normal(random: Random): number {
  let sum = -6
  for (let count = 0; count < 12; count++) sum += random.fraction()
  return sum
}

function headerOf(random: Random, index: number): string {
  const name = random.pick(people)
  const isVip = index % 97 === 5
  const sender = isVip
    ? 'vip@customer.example'
    : `${name.toLowerCase().replace(' ', '.')}${random.below(40)}@${random.pick(hosts)}`
  const parent =
    index > 5 && random.chance(0.6) ? index - 1 - random.below(Math.min(index - 1, 300)) : undefined
  const subject = `${index % 50 === 3 ? 'Quarterly ' : ''}${parent === undefined ? '' : 'Re: '}${words(random, 5)}`
  const lines = [
    `Return-Path: <${sender}>`,
    ...Array.from({ length: random.between(2, 4) }, (_, hop) => received(random, index, hop)),
    `From: ${isVip ? 'Vera Important' : name} <${sender}>`,
    `To: Bench User <user@bench.example>${random.chance(0.3) ? `,\r\n\t${random.pick(people)} <other@example.net>` : ''}`,
    ...(random.chance(0.25) ? [`Cc: ${random.pick(people)} <c${random.below(999)}@example.net>`] : []),
    `Subject: ${random.chance(0.12) ? `=?UTF-8?B?${Buffer.from(`für ${words(random, 3)}`).toString('base64')}?= ${subject}` : subject}`,
    `Date: ${dateText(arrivalOf(index) - random.below(7200))}`,
    `Message-ID: ${messageId(index)}`,
    ...(parent === undefined
      ? []
      : [`In-Reply-To: ${messageId(parent)}`, `References: ${messageId(parent)}`]),
    'MIME-Version: 1.0',
  ]
  return lines.map((line) => `${line}\r\n`).join('')
}

function received(random: Random, index: number, hop: number): string {
  const host = random.pick(hosts)
  return `Received: from mx${hop}.${host} (mx${hop}.${host} [192.0.2.${random.between(1, 254)}])\r\n\tby relay${hop}.example.net with ESMTPS id ${random.below(2 ** 31).toString(16)}\r\n\tfor <user@bench.example>; ${dateText(arrivalOf(index) - hop)}`
}

function messageId(index: number): string {
  return `<${(index * 2_654_435_761) % 2 ** 32}.${index}@bench.example>`
}

function dateText(seconds: number): string {
  const date = new Date(seconds * 1000)
  const [hour, minute, second] = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(
    (value) => String(value).padStart(2, '0'),
  )
  return `${days[date.getUTCDay()]}, ${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()} ${hour}:${minute}:${second} +0000`
}

function words(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.pick(common)).join(' ')
}

function bodyOf(random: Random, index: number, size: number): string {
  const left = Math.max(300, size)
  const needle = index % 500 === 7 ? 'The secret word here is zyxquark indeed.\r\n' : ''
  const kind = random.fraction()
  if (kind < 0.55) return `${textPart(random, left, needle)}`
  const boundary = `=_b${index.toString(16)}`
  if (kind < 0.8)
    return `Content-Type: multipart/alternative; boundary="${boundary}"\r\n\r\n${alternative(random, left, boundary, needle)}`
  const attachment = `--${boundary}\r\nContent-Type: application/pdf; name="report${index}.pdf"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="report${index}.pdf"\r\n\r\n${base64(random, (left * 2) / 3)}\r\n`
  return `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n--${boundary}\r\n${textPart(random, left / 3, needle)}\r\n${attachment}--${boundary}--\r\n`
}

function textPart(random: Random, size: number, needle: string): string {
  return `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${needle}${lines(random, size)}`
}

function alternative(random: Random, size: number, boundary: string, needle: string): string {
  return `--${boundary}\r\n${textPart(random, size / 2, needle)}\r\n--${boundary}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<html><body>\r\n<p style=3D"margin:0">${lines(random, size / 2)}</p></body></html>\r\n--${boundary}--\r\n`
}

function lines(random: Random, size: number): string {
  let text = ''
  while (text.length < size) text += `${words(random, 12)}\r\n`
  return text
}

function base64(random: Random, size: number): string {
  return (
    random
      .octets(Math.floor((size * 3) / 4))
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  ).join('\r\n')
}

/** Fills a Maildir, with LF as other servers store messages. */
export async function fillMaildir(path: string, count: number): Promise<void> {
  for (const name of ['cur', 'new', 'tmp']) await mkdir(join(path, name), { recursive: true, mode: 0o700 })
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const arrival = arrivalOf(index)
      const file = join(path, 'cur', `${arrival}.M${index}P1Q${index}.bench:2,${flagsOf(index)}`)
      await writeFile(file, benchMessage(index).toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
      await utimes(file, arrival, arrival)
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
}
