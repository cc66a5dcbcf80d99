import { MailwrightError } from '../../errors.ts'
import { type HistoryEntry, history } from '../../services/history.ts'
import { UsageError, withHost } from '../context.ts'
import { printableLine } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { since } from '../times.ts'

/** One entry as one line: when, what, who said it, what was said, how long it took. */
function line(entry: HistoryEntry, first: number): string {
  const offset = `+${((entry.at - first) / 1000).toFixed(3)}s`.padStart(10)
  const by = entry.by === undefined ? '' : ` ${entry.by}`
  const hook = entry.hook === undefined ? '' : ` (${entry.hook})`
  const time = entry.milliseconds === undefined ? '' : ` [${entry.milliseconds} ms]`
  const id = entry.transaction === undefined ? '' : ` ${entry.transaction}`
  return printableLine(
    `${offset}  ${entry.verb.padEnd(12)}${id}${by}${hook} ${toWhom(entry)}${why(entry)}${entry.text ?? ''}${time}`,
  )
}

/** One message has as many outcomes as recipients. */
function toWhom({ text = '', facts }: HistoryEntry): string {
  const recipient = facts?.recipient
  return typeof recipient === 'string' && !text.includes(recipient) ? `${recipient}: ` : ''
}

/** What is known of a delivery that did not succeed, beside what was said: `greylisted: `, `expired, greylisted: `. */
function why({ facts }: HistoryEntry): string {
  const causes = [facts?.cause, facts?.lastCause].filter((cause) => typeof cause === 'string')
  return causes.length === 0 ? '' : `${causes.join(', ')}: `
}

/** Sessions one after the other, as they began; what belongs to none goes by its transaction. */
function bySession(entries: readonly HistoryEntry[]): readonly (readonly HistoryEntry[])[] {
  const sessionOf = new Map<string, string>()
  for (const { session, transaction } of entries)
    if (session !== undefined && transaction !== undefined) sessionOf.set(transaction, session)
  const groups = new Map<string, HistoryEntry[]>()
  for (const entry of entries) {
    const { session, transaction = '' } = entry
    const key = session ?? sessionOf.get(transaction) ?? transaction
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [entry])
    else group.push(entry)
  }
  return [...groups.values()]
}

/** What is known of one session. */
function sessionText(entries: readonly HistoryEntry[]): string {
  const first = entries[0]?.at ?? 0
  const session = entries.find((entry) => entry.session !== undefined)?.session
  const heading = `${new Date(first).toISOString()}${session === undefined ? '' : `  session ${session}`}`
  return [heading, ...entries.map((entry) => line(entry, first))].join('\n')
}

export const traceCommand: CoreCommand = {
  usage: 'trace [id]',
  summary: 'what happened to a session or message, and why; without an id, what matches --text',
  options: [
    { flags: '--text <text>', summary: 'entries that hold a text, such as an address' },
    { flags: '--since <when>', summary: 'not before: a time, or a duration such as 2h' },
    { flags: '--limit <number>', summary: 'entries at most: 1000' },
  ],
  examples: ['mailwright trace 1kd5m0r5q8w2x7c9v', 'mailwright trace --text someone@example.org --since 2h'],
  action: (context, [id], options) => {
    const { text, limit } = options
    if (id === undefined && typeof text !== 'string') throw new UsageError('say an id or --text')
    const from = since(options.since)
    return withHost(context, async (host) => {
      const entries = await host.service(history).find({
        ...(id === undefined ? {} : { id }),
        ...(typeof text === 'string' ? { text } : {}),
        ...(from === undefined ? {} : { since: from }),
        ...(typeof limit === 'string' ? { limit: Math.max(1, Number.parseInt(limit, 10) || 1) } : {}),
      })
      const [first] = entries
      if (first === undefined)
        throw new MailwrightError('MAIL_E_NOT_FOUND', `nothing is known of ${id ?? text}`)
      return { json: entries, text: bySession(entries).map(sessionText).join('\n\n') }
    })
  },
}
