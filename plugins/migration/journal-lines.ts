/** What earlier runs noted of one mailbox of the source. */
export interface MailboxRecord {
  /** The source's, when the keys were noted. */
  identity: string
  /** The mailbox here, by name and by id. */
  target: string
  targetId: string
  /** It was new, and its messages are to have the UIDs that they have at the source. */
  keepUids: boolean
  /** Keys of messages that are stored. */
  readonly done: Set<string>
  /** Keys of messages that were being stored when a run ended: they may be there or not. */
  readonly pending: Set<string>
  /** Where those would be: from this UID on, while this UIDVALIDITY stands. */
  pendingFrom: { readonly uidValidity: number; readonly uid: number } | undefined
  /** Any message that is not done may be there all the same. */
  recheck: boolean
}

/** What a mailbox is when a run comes to it. */
export type MailboxStart = Pick<MailboxRecord, 'identity' | 'target' | 'targetId' | 'keepUids'>

/**
 * The lines of a state file, JSON values:
 *
 * - `{"mailbox", "identity", "target", "targetId", "keepUids"}`: the next lines are about this one.
 * - `{"begin": [keys], "uidValidity", "uidNext"}`: these are about to be stored.
 * - `{"end": [keys]}`: they are, but for those.
 * - `{"found": [keys]}`: these were there already.
 * - `{"complete": true}`: every message of the mailbox has been looked at.
 */
export class JournalState {
  readonly mailboxes: Map<string, MailboxRecord> = new Map()
  #current: MailboxRecord | undefined
  #begun: readonly string[] = []

  /** Takes a line into account. False for what is none: then nothing that was noted is certain. */
  apply(line: string): boolean {
    const value = parseObject(line)
    if (value === undefined) return false
    if (typeof value.mailbox === 'string') return this.#start(value.mailbox, value)
    const record = this.#current
    if (record === undefined) return value.import === 1
    if (Array.isArray(value.begin)) this.#begin(record, value)
    else if (Array.isArray(value.end)) this.#end(record, texts(value.end))
    else if (Array.isArray(value.found)) settle(record, texts(value.found))
    else if (value.complete === true) record.recheck = false
    else return false
    return true
  }

  /** Nothing that was noted is certain any more. */
  doubt(): void {
    for (const record of this.mailboxes.values()) forget(record)
  }

  #start(key: string, value: Record<string, unknown>): boolean {
    const start = startOf(value)
    if (start === undefined) return false
    const known = this.mailboxes.get(key)
    const record = known ?? newRecord(start)
    // Keys that mean something else, or another mailbox: what was noted says nothing of it.
    if (record.identity !== start.identity || record.targetId !== start.targetId) forget(record)
    Object.assign(record, start)
    this.mailboxes.set(key, record)
    this.#current = record
    this.#begun = []
    return true
  }

  #begin(record: MailboxRecord, value: Record<string, unknown>): void {
    this.#begun = texts(value.begin)
    for (const key of this.#begun) record.pending.add(key)
    const from = { uidValidity: Number(value.uidValidity), uid: Number(value.uidNext) }
    const { pendingFrom: known } = record
    // What an earlier run left pending lies below; under another UIDVALIDITY it may lie anywhere.
    if (known === undefined) record.pendingFrom = from
    else if (known.uidValidity !== from.uidValidity) record.recheck = true
  }

  #end(record: MailboxRecord, failed: readonly string[]): void {
    const refused = new Set(failed)
    settle(
      record,
      this.#begun.filter((key) => !refused.has(key)),
    )
    for (const key of failed) record.pending.delete(key)
    if (record.pending.size === 0) record.pendingFrom = undefined
    this.#begun = []
  }
}

function newRecord(start: MailboxStart): MailboxRecord {
  return { ...start, done: new Set(), pending: new Set(), pendingFrom: undefined, recheck: false }
}

function settle(record: MailboxRecord, keys: readonly string[]): void {
  for (const key of keys) {
    record.done.add(key)
    record.pending.delete(key)
  }
  if (record.pending.size === 0) record.pendingFrom = undefined
}

function forget(record: MailboxRecord): void {
  record.done.clear()
  record.pending.clear()
  record.pendingFrom = undefined
  record.recheck = true
}

function startOf(value: Record<string, unknown>): MailboxStart | undefined {
  const { identity, target, targetId, keepUids } = value
  if (typeof identity !== 'string' || typeof target !== 'string' || typeof targetId !== 'string')
    return undefined
  return { identity, target, targetId, keepUids: keepUids === true }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
