import type { Content } from 'mailwright'
import type { Reference } from '../index/index-change.ts'
import type { IndexRecord } from '../index/index-record.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'
import { SideFile, type SideItem, type SidePlace } from './side-file.ts'
import { SideKeeping } from './side-keeping.ts'
import { type ValuesInOrder, valuesInOrder } from './values-in-order.ts'

/** Something that is made of a message's content and kept beside the index. */
export interface SideKind<Value> {
  readonly name: 'summary' | 'signature'
  readonly fileName: string
  /** Makes what is kept. */
  compute(content: Content): Promise<Buffer>
  /** What was kept of the message with this UID; undefined for octets that are no such thing. */
  decode(uid: number, octets: Buffer): Value | undefined
}

/** Values of messages, some at a time. */
export type SideGroup<Value> = readonly (readonly [uid: number, value: Value])[]

/** Messages that are worked on together. */
interface Group<Value> {
  readonly records: readonly IndexRecord[]
  readonly kept: ReadonlyMap<number, Value>
  /** What is made of those of which nothing is kept. */
  readonly values: ValuesInOrder
}

/** A message that came from another mailbox, and the UID that it has here. */
export interface Origin {
  readonly from: IndexRecord
  readonly to: number
}

// So many messages are looked at before what was missing is kept.
const groupSize = 500
// And of those that are kept no more octets at once, but for one that is larger.
const groupOctets = 8 * 1024 * 1024
// What is older is made when somebody asks for it.
const mostCompleted = 2000
// Milliseconds that what is made for later waits for those who read now.
const patience = 10_000
// A file is written anew when so much of it, and more than half, belongs to messages that are gone.
const leastWaste = 4 * 1024 * 1024

/** One kind of side values of one mailbox: read where they are there, made where they are not. */
export class SideValues<Value> {
  readonly #state: MailboxState
  readonly #kind: SideKind<Value>
  readonly #file: SideFile

  constructor(state: MailboxState, kind: SideKind<Value>) {
    this.#state = state
    this.#kind = kind
    this.#file = new SideFile(state.context, state.place.path, kind.fileName)
  }

  /** Makes what is missing of the newest messages and keeps it, so that nobody waits for it later. */
  async complete(): Promise<void> {
    const { foreground, clock } = this.#state.context
    const until = clock.monotonic() + patience
    const newest = this.#state.table.records.slice(-mostCompleted)
    this.#expect(this.#without(newest).length)
    for (let from = 0; from < newest.length; from += groupSize) {
      await foreground.none(until - clock.monotonic())
      const made: SideItem[] = []
      const group = this.#without(newest.slice(from, from + groupSize))
      const values = valuesInOrder(this.#state, this.#kind, group)
      for (const record of group) {
        await foreground.none(until - clock.monotonic())
        const content = await values.next()
        if (content !== undefined) made.push({ uid: record.entry.uid, content })
      }
      if (made.length > 0) await this.#keepLater(made)
    }
  }

  /** Takes over what another mailbox has of messages, as far as this one has nothing. Only within `exclusively`. */
  async takeOver(other: SideValues<Value>, origins: readonly Origin[]): Promise<void> {
    const { name } = this.#kind
    const wanted = origins.filter(({ to }) => this.#state.record(to)?.[name] === undefined)
    const uidOf = new Map(wanted.map(({ from, to }) => [from.entry.uid, to]))
    const places = wanted.flatMap(({ from }) => this.#placeOf(from)).sort((a, b) => a.offset - b.offset)
    const items: SideItem[] = []
    try {
      for await (const group of other.#file.read(other.#state.uidValidity, places))
        for (const [uid, content] of group)
          if (content !== undefined) items.push({ uid: uidOf.get(uid) ?? 0, content: Buffer.from(content) })
    } catch (error) {
      this.#tell(error)
    }
    await this.#keep(items)
  }

  /** The values of messages, in the order of the UIDs; those that are gone are left out. */
  async *read(uids: readonly number[]): AsyncGenerator<SideGroup<Value>> {
    const end = this.#state.context.foreground.begin()
    try {
      yield* this.#read(uids)
    } finally {
      end()
    }
  }

  async *#read(uids: readonly number[]): AsyncGenerator<SideGroup<Value>> {
    this.#expect(uids.filter((uid) => this.#state.record(uid)?.[this.#kind.name] === undefined).length)
    const keeping = new SideKeeping(this.#state.context.clock, (made) => this.#keepLater(made))
    let end = this.#groupEnd(uids, 0)
    let next = this.#begin(uids.slice(0, end))
    try {
      for (let from = 0; from < uids.length; ) {
        const group = await next
        // While these are taken and kept, the next ones are made.
        from = end
        end = this.#groupEnd(uids, from)
        next = this.#begin(uids.slice(from, end))
        yield* this.#valuesOf(group, keeping)
        await keeping.begin()
      }
    } finally {
      // Also where nobody takes what would come next: what was made is not made again.
      await keeping.finish()
    }
  }

  /** Behind the last message of the group that begins there. */
  #groupEnd(uids: readonly number[], start: number): number {
    let octets = 0
    let end = start
    for (; end < uids.length && end < start + groupSize && octets < groupOctets; end += 1)
      octets += this.#state.record(uids[end] ?? 0)?.[this.#kind.name]?.length ?? 0
    return end
  }

  /** What is kept of some messages, and what is to be made of them. */
  async #begin(uids: readonly number[]): Promise<Group<Value>> {
    const records = uids.flatMap((uid) => this.#state.record(uid) ?? [])
    const kept = await this.#kept(records)
    const missing = records.filter(({ entry }) => !kept.has(entry.uid))
    return { records, kept, values: valuesInOrder(this.#state, this.#kind, missing) }
  }

  /** Hands on what had to be made. */
  async *#valuesOf(
    { records, kept, values }: Group<Value>,
    keeping: SideKeeping,
  ): AsyncGenerator<SideGroup<Value>> {
    let ready: (readonly [number, Value])[] = []
    for (const { entry } of records) {
      const { uid } = entry
      let value = kept.get(uid)
      if (value === undefined) {
        // Making one takes its time: those before do not wait for it.
        if ((!values.isReady || keeping.isFull) && ready.length > 0) {
          yield ready
          ready = []
        }
        if (keeping.isFull) await keeping.begin()
        const content = await values.next()
        if (content !== undefined) keeping.add({ uid, content })
        value = content && this.#kind.decode(uid, content)
      }
      if (value !== undefined) ready.push([uid, value])
    }
    if (ready.length > 0) yield ready
  }

  #expect(count: number): void {
    this.#state.context.threads?.expect(count)
  }

  /** Those that are still there and have no value yet. */
  #without(records: readonly IndexRecord[]): readonly IndexRecord[] {
    const current = records.flatMap(({ entry: { uid } }) => this.#state.record(uid) ?? [])
    return current.filter((record) => record[this.#kind.name] === undefined)
  }

  /** As far as they are there. */
  async #kept(records: readonly IndexRecord[]): Promise<ReadonlyMap<number, Value>> {
    const found = new Map<number, Value>()
    const places = records.flatMap((record) => this.#placeOf(record)).sort((a, b) => a.offset - b.offset)
    try {
      for await (const group of this.#file.read(this.#state.uidValidity, places))
        for (const [uid, octets] of group) {
          const value = octets && this.#kind.decode(uid, octets)
          if (value !== undefined) found.set(uid, value)
        }
    } catch (error) {
      this.#tell(error)
    }
    return found
  }

  #placeOf(record: IndexRecord): readonly SidePlace[] {
    const reference = record[this.#kind.name]
    return reference === undefined ? [] : [{ uid: record.entry.uid, ...reference }]
  }

  /** As `keep`, for a caller who does not hold the mailbox. */
  async #keepLater(items: readonly SideItem[]): Promise<void> {
    try {
      await this.#state.exclusively(() => this.#keep(items))
    } catch (error) {
      this.#tell(error)
    }
  }

  /** Nothing depends on its success. */
  async #keep(items: readonly SideItem[]): Promise<void> {
    const there = items.filter(({ uid }) => this.#state.record(uid) !== undefined)
    if (there.length === 0) return
    const { uidValidity } = this.#state
    try {
      const references = await this.#file.append(uidValidity, there)
      await this.#note(references)
      await this.#fold()
    } catch (error) {
      this.#tell(error)
    }
  }

  #tell(error: unknown): void {
    const { context, place } = this.#state
    const problem = `${this.#kind.fileName} cannot be used`
    context.log.warn('unavailable', { mailbox: place.path, problem, error })
  }

  #note(references: readonly Reference[]): Promise<void> {
    return this.#state.writeLater(
      this.#kind.name === 'summary' ? { summaries: references } : { signatures: references },
    )
  }

  async #fold(): Promise<void> {
    const { table, uidValidity } = this.#state
    const { name } = this.#kind
    const needed = table.records.reduce((sum, record) => sum + (record[name]?.length ?? 0), 0)
    if ((await this.#file.size()) < 2 * needed + leastWaste) return
    const places = table.records
      .flatMap((record) => this.#placeOf(record))
      .sort((a, b) => a.offset - b.offset)
    const file = this.#file
    const items = async function* (): AsyncGenerator<SideItem> {
      for await (const group of file.read(uidValidity, places))
        for (const [uid, content] of group) if (content !== undefined) yield { uid, content }
    }
    await this.#note(await file.replace(uidValidity, items()))
  }
}
