import { accounts, type Told } from './letter.ts'

/** A message that was answered with 250. */
export interface Promised {
  readonly token: string
  /** The queue id of the answer. */
  readonly id: string
  readonly recipients: readonly string[]
}

/** A message that was found: in a mailbox here, elsewhere, or in what its sender was told. */
export interface Finding {
  readonly token: string
  readonly recipient: string
  readonly id: string | undefined
  readonly isWhole: boolean
  readonly place: 'mailbox' | 'world'
}

/** What is left after a run, and all that was said in it. */
export interface Remains {
  readonly promised: readonly Promised[]
  readonly findings: readonly Finding[]
  /** What senders were told. */
  readonly bounced: readonly Told[]
  /** Queue ids that still wait. */
  readonly queued: readonly string[]
}

/** What became of the recipients of promised messages, and what must not have happened. */
export interface Verdict {
  /** Recipients of messages that were answered with 250. */
  readonly promised: number
  readonly delivered: number
  readonly relayed: number
  readonly bounced: number
  readonly queued: number
  /** Copies more than one, all with the same queue id. */
  readonly duplicates: number
  /** `token recipient`: answered with 250, and nowhere. */
  readonly lost: readonly string[]
  /** Messages that are not whole, also those that were never answered. */
  readonly torn: readonly string[]
  /** Copies more than one under another queue id than that of the answer. */
  readonly strange: readonly string[]
  /** Recipients elsewhere whom two notifications tell of. */
  readonly retold: readonly string[]
}

export function judge({ promised, findings, bounced, queued }: Remains): Verdict {
  const found = Map.groupBy(findings, ({ token, recipient }) => `${token} ${recipient}`)
  const [told, waiting] = [new Set(bounced.map(({ recipient }) => recipient)), new Set(queued)]
  const fates = promised.flatMap(({ token, id, recipients }) =>
    recipients.map((recipient) => {
      const copies = found.get(`${token} ${recipient}`) ?? []
      return {
        name: `${token} ${recipient}`,
        id,
        copies,
        fate: fateOf(copies, recipient, told, waiting.has(id)),
      }
    }),
  )
  const count = (fate: string): number => fates.filter((one) => one.fate === fate).length
  return {
    promised: fates.length,
    delivered: count('mailbox'),
    relayed: count('world'),
    bounced: count('bounced'),
    queued: count('queued'),
    duplicates: fates.reduce((sum, { copies }) => sum + Math.max(0, copies.length - 1), 0),
    lost: fates.filter(({ fate }) => fate === 'lost').map(({ name }) => name),
    torn: findings.filter(({ isWhole }) => !isWhole).map(({ token, recipient }) => `${token} ${recipient}`),
    strange: fates.filter(({ id, copies }) => copies.some((copy) => copy.id !== id)).map(({ name }) => name),
    retold: toldAgain(bounced),
  }
}

/** Addresses elsewhere are of one message each. */
function toldAgain(bounced: readonly Told[]): readonly string[] {
  const by = Map.groupBy(bounced, ({ recipient }) => recipient)
  return [...by]
    .filter(
      ([recipient, told]) => !accounts.includes(recipient) && new Set(told.map((one) => one.by)).size > 1,
    )
    .map(([recipient]) => recipient)
}

function fateOf(
  copies: readonly Finding[],
  recipient: string,
  told: ReadonlySet<string>,
  isQueued: boolean,
): string {
  const [copy] = copies
  if (copy !== undefined) return copy.place
  if (told.has(recipient)) return 'bounced'
  return isQueued ? 'queued' : 'lost'
}

/** Several verdicts as one. */
export function sumOf(verdicts: readonly Verdict[]): Verdict {
  const sum = (of: (verdict: Verdict) => number): number => verdicts.reduce((all, one) => all + of(one), 0)
  return {
    promised: sum(({ promised }) => promised),
    delivered: sum(({ delivered }) => delivered),
    relayed: sum(({ relayed }) => relayed),
    bounced: sum(({ bounced }) => bounced),
    queued: sum(({ queued }) => queued),
    duplicates: sum(({ duplicates }) => duplicates),
    lost: verdicts.flatMap(({ lost }) => lost),
    torn: verdicts.flatMap(({ torn }) => torn),
    strange: verdicts.flatMap(({ strange }) => strange),
    retold: verdicts.flatMap(({ retold }) => retold),
  }
}
