import { createHash } from 'node:crypto'
import { MailwrightError } from '../errors.ts'
import type { AccessEntry, RightsIdentifier } from '../model/rights.ts'
import type { Notifier } from '../services/notifier.ts'
import type { Lease, StoreFault } from '../services/store.ts'
import { formatAccessLists, longestAccessFile, type OwnerLists } from './access-list-file.ts'
import type { AccessLists, MailboxShare, SharedMailbox } from './access-lists.ts'
import { isNegative } from './identifier.ts'
import { ParsedLists } from './parsed-lists.ts'
import { formatSharers, parseSharers } from './sharer-file.ts'

/** Small files by name, wherever a store keeps such. Every call may fail with MAIL_E_UNAVAILABLE. */
export interface NamedFiles {
  /** Whether there can be no file. Asked for whenever somebody lists mailboxes, and cheap as long as nobody shares any. */
  isEmpty(): Promise<boolean>
  /** Names of all files. */
  names(): Promise<readonly string[]>
  /** A whole file as it is now; undefined where there is none. */
  read(name: string): Promise<Buffer | undefined>
  /**
   * Replaces a file whole, or removes it. Durable when it resolves; a reader, and whoever comes after a crash, finds the
   * old one or the new one. Names are up to 80 small letters, digits and dots.
   */
  replace(name: string, octets: Buffer | undefined): Promise<void>
  /** Does something with nobody else inside meanwhile, in this process or another. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>
}

type Lists = Map<string, readonly AccessEntry[]>

const topic = 'access-lists'
const listsPrefix = 'lists.'
const sharersPrefix = 'sharers.'
const damagedPrefix = 'damaged.'

/**
 * Access control lists in files: one for each owner that has opened anything, and for each identifier one that names the
 * owners who opened something to it. The second kind is written before and shortened after the first, so that a crash
 * leaves a name too many at worst; and it can be made anew.
 */
export class FiledAccessLists implements AccessLists {
  readonly #files: NamedFiles
  readonly #notifier: Notifier
  readonly #parsed = new ParsedLists()

  constructor(files: NamedFiles, notifier: Notifier) {
    this.#files = files
    this.#notifier = notifier
  }

  async read(owner: string, mailbox: string): Promise<readonly AccessEntry[]> {
    return (await this.#read(owner)).get(mailbox) ?? []
  }

  async has(owner: string): Promise<boolean> {
    return !(await this.#files.isEmpty()) && (await this.#read(owner)).size > 0
  }

  update(
    owner: string,
    mailbox: string,
    change: (list: readonly AccessEntry[]) => readonly AccessEntry[],
  ): Promise<void> {
    return this.#change(owner, (lists) => {
      const list = change(lists.get(mailbox) ?? [])
      if (list.length === 0) lists.delete(mailbox)
      else lists.set(mailbox, list)
      return [mailbox]
    })
  }

  async renamed(owner: string, from: string, to: string): Promise<void> {
    if ((await this.#read(owner)).size === 0) return
    await this.#change(owner, (lists) => {
      const moving = [...lists].filter(([mailbox]) => mailbox === from || mailbox.startsWith(`${from}/`))
      lists.delete(to)
      for (const [mailbox] of moving) lists.delete(mailbox)
      const moved = moving.map(([mailbox, list]) => [to + mailbox.slice(from.length), list] as const)
      for (const [mailbox, list] of moved) lists.set(mailbox, list)
      return [...moving, ...moved].map(([mailbox]) => mailbox)
    })
  }

  async removed(owner: string, mailboxes: readonly string[]): Promise<void> {
    const before = await this.#read(owner)
    if (!mailboxes.some((mailbox) => before.has(mailbox))) return
    await this.#change(owner, (lists) => mailboxes.filter((mailbox) => lists.delete(mailbox)))
  }

  async shares(identifiers: ReadonlySet<RightsIdentifier>): Promise<readonly SharedMailbox[]> {
    if (await this.#files.isEmpty()) return []
    const owners = new Set<string>()
    for (const identifier of identifiers)
      for (const owner of await this.#sharers(identifier)) owners.add(owner)
    const shares: SharedMailbox[] = []
    for (const owner of owners)
      for (const [mailbox, list] of await this.#read(owner))
        if (givenTo(list).some((identifier) => identifiers.has(identifier)))
          shares.push({ owner, mailbox, list })
    return shares
  }

  async watch(listener: (changed: MailboxShare | undefined) => void): Promise<Lease> {
    const unsubscribe = this.#notifier.subscribe(topic, (payload) => listener(shareOf(payload)))
    return { release: async () => unsubscribe() }
  }

  /** Makes anew which owners opened something to whom, from their lists. For repairs. */
  async rebuild(): Promise<void> {
    await this.#files.alone(() => this.#rebuildAlone())
  }

  async examine(owner: string, { repair }: { readonly repair: boolean }): Promise<readonly StoreFault[]> {
    const octets = await this.#files.read(listsName(owner))
    if (octets === undefined) return []
    const lists = this.#parse(owner, octets)
    if (lists === undefined) {
      if (repair) await this.#files.alone(() => this.#setAsideAlone(owner))
      const problem = 'the access control lists of the mailboxes are damaged'
      return [{ mailbox: '', problem, remedy: 'they are set aside: nobody else sees the mailboxes' }]
    }
    const faults = await this.#unfound(owner, lists)
    if (repair && faults.length > 0) await this.rebuild()
    return faults
  }

  async #read(owner: string): Promise<Lists> {
    const octets = await this.#files.read(listsName(owner))
    return (octets && this.#parse(owner, octets)) ?? new Map()
  }

  /** What a file of lists holds; undefined where it is damaged or of somebody else. */
  #parse(owner: string, octets: Buffer): Lists | undefined {
    const parsed = this.#parsed.parse(listsName(owner), octets)
    return parsed?.owner === owner ? new Map(parsed.lists) : undefined
  }

  /** Mailboxes that the index does not lead to. */
  async #unfound(owner: string, lists: Lists): Promise<readonly StoreFault[]> {
    const faults: StoreFault[] = []
    const leads = new Map<RightsIdentifier, boolean>()
    for (const [mailbox, list] of lists) {
      for (const identifier of givenTo(list)) {
        const known = leads.get(identifier) ?? (await this.#readSharers(identifier))?.has(owner) ?? false
        leads.set(identifier, known)
        if (known) continue
        const problem = `it is not among the mailboxes of others that ${identifier} sees`
        faults.push({ mailbox, problem, remedy: 'the index of access rights is made anew' })
      }
    }
    return faults
  }

  /** Keeps damaged lists under another name, for whoever wants to look. */
  async #setAsideAlone(owner: string): Promise<void> {
    const octets = await this.#files.read(listsName(owner))
    if (octets === undefined || this.#parse(owner, octets) !== undefined) return
    await this.#files.replace(damagedPrefix + digest(owner), octets)
    await this.#files.replace(listsName(owner), undefined)
  }

  /** Changes an owner's lists; `change` answers of which mailboxes. */
  async #change(owner: string, change: (lists: Lists) => readonly string[]): Promise<void> {
    const mailboxes = await this.#files.alone(async () => {
      const lists = await this.#read(owner)
      const before = identifiersIn(lists.values())
      const changed = change(lists)
      const after = identifiersIn(lists.values())
      const octets = lists.size === 0 ? undefined : formatWithin({ owner, lists })
      for (const identifier of after)
        if (!before.has(identifier)) await this.#setSharer(identifier, owner, true)
      await this.#files.replace(listsName(owner), octets)
      // The change has happened. A name too many is no harm.
      for (const identifier of before)
        if (!after.has(identifier)) await this.#setSharer(identifier, owner, false).catch(() => undefined)
      return changed
    })
    for (const mailbox of mailboxes) this.#notifier.publish(topic, { owner, mailbox })
  }

  async #setSharer(identifier: RightsIdentifier, owner: string, shares: boolean): Promise<void> {
    const owners = new Set(await this.#sharersAlone(identifier))
    if (shares) owners.add(owner)
    else owners.delete(owner)
    await this.#writeSharers(identifier, owners)
  }

  async #sharers(identifier: RightsIdentifier): Promise<ReadonlySet<string>> {
    const owners = await this.#readSharers(identifier)
    return owners ?? this.#files.alone(() => this.#sharersAlone(identifier))
  }

  async #sharersAlone(identifier: RightsIdentifier): Promise<ReadonlySet<string>> {
    const owners = await this.#readSharers(identifier)
    return owners ?? (await this.#rebuildAlone()).get(identifier) ?? new Set()
  }

  /** Undefined where the file is damaged. */
  async #readSharers(identifier: RightsIdentifier): Promise<ReadonlySet<string> | undefined> {
    const octets = await this.#files.read(sharersName(identifier))
    if (octets === undefined) return new Set()
    const parsed = parseSharers(octets)
    return parsed?.identifier === identifier ? parsed.owners : undefined
  }

  #writeSharers(identifier: RightsIdentifier, owners: ReadonlySet<string>): Promise<void> {
    const octets = owners.size === 0 ? undefined : formatSharers({ identifier, owners })
    return this.#files.replace(sharersName(identifier), octets)
  }

  async #rebuildAlone(): Promise<ReadonlyMap<RightsIdentifier, ReadonlySet<string>>> {
    const names = await this.#files.names()
    const sharers = new Map<RightsIdentifier, Set<string>>()
    for (const name of names.filter((each) => each.startsWith(listsPrefix))) {
      const octets = await this.#files.read(name)
      const parsed = octets && this.#parsed.parse(name, octets)
      for (const identifier of identifiersIn(parsed?.lists.values() ?? []))
        sharers.set(identifier, (sharers.get(identifier) ?? new Set()).add(parsed?.owner ?? ''))
    }
    const wanted = new Set([...sharers.keys()].map(sharersName))
    for (const [identifier, owners] of sharers) await this.#writeSharers(identifier, owners)
    for (const name of names)
      if (name.startsWith(sharersPrefix) && !wanted.has(name)) await this.#files.replace(name, undefined)
    return sharers
  }
}

/** Identifiers to which a list gives rights. */
function givenTo(list: readonly AccessEntry[]): readonly RightsIdentifier[] {
  return list.map((entry) => entry.identifier).filter((identifier) => !isNegative(identifier))
}

function identifiersIn(lists: Iterable<readonly AccessEntry[]>): ReadonlySet<RightsIdentifier> {
  return new Set([...lists].flatMap(givenTo))
}

function formatWithin(lists: OwnerLists): Buffer {
  const octets = formatAccessLists(lists)
  if (octets.length <= longestAccessFile) return octets
  throw new MailwrightError(
    'MAIL_E_OVER_QUOTA',
    `an owner's access control lists have ${longestAccessFile} octets at most`,
  )
}

function shareOf(payload: unknown): MailboxShare | undefined {
  const { owner, mailbox } = (payload ?? {}) as { readonly owner?: unknown; readonly mailbox?: unknown }
  return typeof owner === 'string' && typeof mailbox === 'string' ? { owner, mailbox } : undefined
}

function listsName(owner: string): string {
  return listsPrefix + digest(owner)
}

function sharersName(identifier: RightsIdentifier): string {
  return sharersPrefix + digest(identifier)
}

/** A text of any length and spelling as a name: different texts have different ones, also where case makes no difference. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
