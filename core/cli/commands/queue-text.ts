import { type Address, formatAddress, formatUnicodeAddress } from '../../model/address/address.ts'
import { formatReply, type Reply } from '../../model/reply.ts'
import type { QueuedRecipient, QueueItem } from '../../services/queue.ts'

const numbers = new Intl.NumberFormat('en-US')

/** `1 message`, `12,345 messages`. */
export function countText(count: number, one: string): string {
  return `${numbers.format(count)} ${one}${count === 1 ? '' : 's'}`
}

/** Octets for people: `812`, `12K`, `4.5M`, as quotas are written. */
export function sizeText(octets: number): string {
  let [size, unit] = [octets, '']
  for (const next of ['K', 'M', 'G']) {
    if (size < 1024) break
    ;[size, unit] = [size / 1024, next]
  }
  return `${size < 10 && unit !== '' ? size.toFixed(1) : Math.round(size)}${unit}`
}

/** A time for people, in UTC as in the log: `2026-11-29 15:57:35Z`. */
export function timeText(time: Date): string {
  return time.toISOString().replace('T', ' ').replace(/\.\d+/, '')
}

const spans: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
]

/** Milliseconds for people: `45s`, `12m`, `3h`, `2d`. */
export function spanText(milliseconds: number): string {
  const [unit, length] = spans.find(([, each]) => milliseconds >= each) ?? ['s', 1_000]
  return `${Math.floor(milliseconds / length)}${unit}`
}

/** `in 12m`, `3h ago`, `now`. */
export function distanceText(time: Date, now: number): string {
  const away = time.getTime() - now
  if (Math.abs(away) < 1_000) return 'now'
  return away > 0 ? `in ${spanText(away)}` : `${spanText(-away)} ago`
}

/** The reverse-path as SMTP has it: `<>` for the null one. */
export function reversePathText(reversePath: Address | null): string {
  return reversePath === null ? '<>' : formatUnicodeAddress(reversePath)
}

/** A recipient, and where an alias has led it: `info@example.org -> jo@example.net`. */
export function recipientText({ address, target }: Pick<QueuedRecipient, 'address' | 'target'>): string {
  const led = target === undefined ? [] : [formatUnicodeAddress(target)]
  return [formatUnicodeAddress(address), ...led].join(' -> ')
}

/** Why it waits, and whose words these are, in one line; empty where nothing is known. */
export function replyText({ lastReply, lastCause, lastHost }: QueuedRecipient): string {
  if (lastReply === undefined) return ''
  return [lastCause, lastHost, replyLine(lastReply)].filter((part) => part !== undefined).join(': ')
}

/** A reply in one line. */
export function replyLine({ code, enhanced, lines }: Reply): string {
  return [code, ...(enhanced === undefined ? [] : [enhanced]), ...lines].join(' ')
}

/** A message as `--json` prints it. */
export function itemJson(item: QueueItem): Record<string, unknown> {
  return {
    ...item,
    reversePath: item.reversePath === null ? '' : formatAddress(item.reversePath),
    recipients: item.recipients.map((recipient) => ({
      ...recipient,
      address: formatAddress(recipient.address),
      ...(recipient.target === undefined ? {} : { target: formatAddress(recipient.target) }),
      lastReply: recipient.lastReply === undefined ? undefined : formatReply(recipient.lastReply),
    })),
  }
}
