import { errorCode, type Lease } from 'mailwright'
import type { ImapCall, ImapListDecoration, ImapNews, ImapSelected, ImapSession } from 'mailwright/imap'
import { type OwnChange, onOwnChange } from '../../engine/own-changes.ts'
import { arrivalsIn } from '../context/arrivals.ts'
import { inOrder } from '../list/in-order.ts'
import { serverAnnotations } from '../metadata/kept.ts'
import { digested } from './annotations.ts'
import type { EventGroups } from './event-groups.ts'
import { atOnce, tellListChanges } from './list-changes.ts'
import { tellDenied, tellMailboxChanges, tellServerChanges, tellStatusOf } from './mailbox-changes.ts'
import { takeOwn } from './own.ts'
import { listDecorations } from './responses.ts'
import { type StatusFound, TooMuchToTell, WatchedMailboxes } from './watched-mailboxes.ts'

const everything: ImapNews = { messages: true, flags: true }

/** What a client is told of while it waits, once it has asked for it (RFC 5465). */
export class Notices {
  readonly #session: ImapSession
  readonly #groups: EventGroups
  readonly #watched: WatchedMailboxes
  readonly #decorations: readonly ImapListDecoration[]
  readonly #changed = new Set<string>()
  #hasListChanged = false
  #isWaiting = false
  #isSelectedWaiting = false
  #watch: Promise<Lease> | undefined
  #endOfSelected: (() => void) | undefined
  #isOver = false

  constructor(call: ImapCall, groups: EventGroups) {
    this.#session = call.session
    this.#groups = groups
    this.#watched = new WatchedMailboxes(call.session, groups)
    this.#decorations = listDecorations(call)
  }

  /** Begins. With `tellAll` the client is told what messages there are (RFC 5465 §3.1). Rejects with TooMuchToTell. */
  async begin(tellAll: boolean): Promise<void> {
    this.#session.news = this.#groups.news
    if (this.#session.selected !== undefined) this.follow(this.#session.selected)
    if (!this.#groups.areOfOthers) return
    // To watch too many would cost most of what the limit saves.
    this.#watched.wantedOf(await this.#watched.names())
    this.#watch = this.#session.mail.watch(this.#groups.watched, (name) => this.#noticed(name))
    await this.#watch
    await this.#learn(tellAll)
    onOwnChange(this.#session, (change) => this.#takeOwn(change))
  }

  /**
   * Tells what has come together in the selected mailbox, as NOOP does, whatever is told from now on: with NONE that is all
   * that the client wants (RFC 5465 §3.1, §5).
   */
  async tellAccumulated(): Promise<void> {
    const session = this.#session
    session.news = everything
    try {
      await session.selected?.update({ expunges: true, look: true })
    } finally {
      session.news = this.#groups.news
    }
  }

  async #learn(tellAll: boolean): Promise<void> {
    const watched = this.#watched
    const { out, selected } = this.#session
    const names = await watched.names()
    if (this.#groups.areOfServer) watched.serverAnnotations = digested(await serverAnnotations(this.#session))
    const look = async (name: string): Promise<readonly [string, StatusFound]> => [
      name,
      await watched.learn(name, names),
    ]
    for await (const [name, status] of inOrder(watched.wantedOf(names), atOnce, look)) {
      // RFC 5465 §3.1: what the client has named, may list and not look into.
      if (status === 'hidden' && this.#groups.names.has(name)) tellDenied(watched, name)
      const isOfInterest = tellAll && name !== selected?.name && watched.isTold(name, 'MessageNew')
      if (isOfInterest && typeof status === 'object') tellStatusOf(watched, status)
      await out.ready()
    }
  }

  async #takeOwn(change: OwnChange): Promise<void> {
    try {
      if (!this.#isOver) await takeOwn(this.#watched, change)
    } catch (error) {
      // It is met again where changes are told.
      if (!(error instanceof TooMuchToTell)) throw error
    }
  }

  /** Tells of the mailbox that is selected from now on. */
  follow(selected: ImapSelected): void {
    this.#endOfSelected?.()
    const group = this.#groups.selected
    if (group === undefined || group.events.size === 0) return
    const ends = [selected.onChange(() => this.#selectedChanged(selected))]
    const { items } = group
    if (items !== undefined) {
      const arrivals = arrivalsIn(selected)
      ends.push(
        selected.onUpdate({
          fetching: ({ arrived }) => arrivals.want(arrived, items, true),
          told: () => arrivals.tell(this.#session),
        }),
      )
    }
    this.#endOfSelected = () => {
      for (const end of ends) end()
    }
    // The first look is what begins the watch.
    this.#selectedChanged(selected)
  }

  end(): void {
    this.#isOver = true
    this.#endOfSelected?.()
    void this.#watch?.then((lease) => lease.release()).catch(() => undefined)
  }

  #selectedChanged(selected: ImapSelected): void {
    if (this.#isSelectedWaiting) return
    this.#isSelectedWaiting = true
    this.#session.whenQuiet(async () => {
      this.#isSelectedWaiting = false
      if (this.#isOver || this.#session.selected !== selected) return
      // RFC 5465 §6.1: that is the difference between the two.
      const expunges = this.#groups.selected?.filter.isDelayed !== true
      await selected.update({ expunges, look: false, pushed: true })
    })
  }

  #noticed(name: string | undefined): void {
    if (name === undefined) this.#hasListChanged = true
    else this.#changed.add(name)
    this.#pushSoon()
  }

  #pushSoon(): void {
    if (this.#isWaiting || this.#isOver) return
    this.#isWaiting = true
    this.#session.whenQuiet(() => this.#push())
  }

  /** One thing at a time, so that a command need not wait long for its turn. */
  async #push(): Promise<void> {
    this.#isWaiting = false
    if (this.#isOver) return
    try {
      await this.#tellNext()
    } catch (error) {
      if (error instanceof TooMuchToTell) this.#giveUp()
      else if (errorCode(error) === undefined) throw error
    }
    if (this.#hasListChanged || this.#changed.size > 0) this.#pushSoon()
  }

  async #tellNext(): Promise<void> {
    if (this.#hasListChanged) {
      this.#hasListChanged = false
      await tellListChanges(this.#watched, this.#decorations)
      await tellServerChanges(this.#watched)
      return
    }
    const [name] = this.#changed
    if (name === undefined) return
    this.#changed.delete(name)
    await tellMailboxChanges(this.#watched, this.#decorations, name)
  }

  /** RFC 5465 §5.8: as if the client had said NOTIFY NONE. */
  #giveUp(): void {
    this.end()
    this.#session.news = { messages: false, flags: false }
    this.#session.out.untagged('OK [NOTIFICATIONOVERFLOW] There is too much to tell')
  }
}
