import type { Random } from '../../generator/random.ts'

/** A message of the crash matrix: known again by its token, wherever it turns up. */
export interface Letter {
  /** Unique in a run: which series, round, client and message. */
  readonly token: string
  readonly sender: string
  readonly recipients: readonly string[]
  readonly text: string
}

/** Of ours: bounces go to the first of them. */
export const accounts: readonly string[] = ['boss@example.test', 'one@example.test', 'two@example.test']
const [boss = '', one = '', two = ''] = accounts

/** Of the world too, and another destination. */
export const otherDomain = 'other.example'

/** What the mail server of the world does with a recipient, by the first word of the local part. */
export type WorldConduct = 'ok' | 'grey' | 'nobody'

export interface LetterSettings {
  /** Somebody delivers to others, and tells of what cannot be. */
  readonly hasWorld: boolean
  /** Lines of about 20 octets. */
  readonly mostLines: number
}

/** A message for recipients here, and elsewhere where somebody delivers there; of any size that is handled differently. */
export function letterOf(token: string, random: Random, { hasWorld, mostLines }: LetterSettings): Letter {
  const there = (conduct: WorldConduct, domain = 'world.example'): string => `${conduct}-${token}@${domain}`
  const local = random.pick([[one], [two], [one, two], [boss]])
  const remote = random.pick([
    [there('ok')],
    [there('grey')],
    [there('nobody')],
    [there('ok'), one],
    // Two destinations fail, and their sender is told once.
    [there('nobody'), there('nobody', otherDomain), there('ok', otherDomain)],
  ])
  const recipients = hasWorld && random.chance(0.7) ? remote : local
  // In memory; in a table; in a file of the queue; in a spool file.
  const lines = Math.min(mostLines, random.pick([3, 3, 3, 700, 3_000, 12_000]))
  return { token, sender: boss, recipients, text: textOf(token, lines) }
}

function textOf(token: string, lines: number): string {
  const head = [`Subject: ${token}`, `Message-ID: <${token}@example.test>`, `X-Lines: ${lines}`, '', '']
  return head.join('\r\n') + bodyOf(token, lines)
}

function bodyOf(token: string, lines: number): string {
  return Array.from({ length: lines }, (_, line) => `${token} ${line}\r\n`).join('')
}

/** A message that was found somewhere. */
export interface ReadLetter {
  readonly token: string
  /** The queue id in the Received field that our server put on top. */
  readonly id: string | undefined
  /** Every octet of the body is there, and nothing else. */
  readonly isWhole: boolean
}

/** Knows a message of the matrix by its text; undefined for any other, such as a bounce. */
export function readLetter(text: string): ReadLetter | undefined {
  const end = text.indexOf('\r\n\r\n')
  const header = end < 0 ? text : text.slice(0, end)
  const token = /^Subject: (t-[\w-]+)$/m.exec(header.replaceAll('\r', ''))?.[1]
  if (token === undefined) return undefined
  const lines = Number(/^X-Lines: (\d+)\r?$/m.exec(header)?.[1] ?? -1)
  const id = /^Received: [\s\S]*?\sid (\w+)/m.exec(header)?.[1]
  return { token, id, isWhole: end >= 0 && lines >= 0 && text.slice(end + 4) === bodyOf(token, lines) }
}

/** Somebody was told that a recipient has failed. */
export interface Told {
  readonly recipient: string
  /** The Message-ID of the notification: copies of one have the same. */
  readonly by: string
}

/** The recipients whom a bounce reports as failed (RFC 3464 §2.3.2); none where it is no bounce. */
export function reportedRecipients(text: string): readonly Told[] {
  if (!/^Content-Type: multipart\/report/im.test(text)) return []
  const by = /^Message-ID: *(\S+)/im.exec(text)?.[1] ?? ''
  const parts = text.split(/\r\n\r\n/)
  return parts
    .filter((part) => /^Action: failed\r?$/im.test(part))
    .flatMap((part) => /^Final-Recipient: *rfc822; *(\S+)/im.exec(part)?.[1] ?? [])
    .map((recipient) => ({ recipient, by }))
}
