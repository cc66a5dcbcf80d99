import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { MailboxChange } from '../../hooks/retrieval.ts'
import type { Account } from '../../model/account.ts'
import { bufferContent, readAll } from '../../model/content.ts'
import type { AccessEntry } from '../../model/rights.ts'
import type { Mailbox, MessageEntry } from '../../services/mailbox.ts'
import type {
  AccountStore,
  Appended,
  AppendMessage,
  StagedMessage,
  StageOptions,
  Store,
  StoreAbilities,
} from '../../services/store.ts'
import { abilitiesOf } from './abilities.ts'
import type { ConditionalCase, Disposable } from './contract.ts'
import { present } from './expectations.ts'

/** A change that a store has announced. */
export interface AnnouncedChange {
  readonly kind: 'stored' | 'flagged' | 'expunged'
  readonly change: MailboxChange
}

/** A store to be examined. */
export interface StoreFixture extends Disposable {
  /** Where it supports `rights`, it knows the accounts of {@link fixtureAccountById}, so that it finds owners by id. */
  readonly store: Store
  /** Whose mailboxes nobody has opened yet. Cases make further accounts from it with other ids and addresses. */
  readonly account: Account
  /**
   * Another `Store` on the same contents, as another process or the next one would have it. Wanted where
   * `supports.persistent` or `supports.shared`; the first store stays in use only where `supports.shared`.
   */
  reopen?(): Promise<Store>
  /** Closes the first store. Called before `reopen` where `supports.shared` is false: nobody uses that store any more. */
  close?(): Promise<void>
  /** What the store has told `flow.retrieval` so far, oldest first. `recordedRetrieval` helps. */
  announced?(): readonly AnnouncedChange[]
  /**
   * Makes one call to the medium below (a file system, a database) fail: the one after `skip` others from now on.
   * Answers the call that takes the plan back and says whether it has struck. `faultyFileSystem` helps.
   */
  injectFault?(skip: number): () => boolean
  /** Makes a public mailbox, `Shared/<name>`, with a list; where the store has public mailboxes. */
  publicMailbox?(name: string, list: readonly AccessEntry[]): Promise<void>
}

/** What a case may need of the store or of its fixture. */
export type StoreNeed = keyof StoreAbilities | 'announced changes' | 'injected faults' | 'public mailboxes'

export type StoreCase = ConditionalCase<StoreFixture, StoreNeed>

/** Whether a store, or its fixture, has what a case needs. A persistent or shared store must have `reopen`. */
export function storeHas(need: StoreNeed, fixture: StoreFixture): boolean {
  if (need === 'announced changes') return fixture.announced !== undefined
  if (need === 'injected faults') return fixture.injectFault !== undefined
  if (need === 'public mailboxes') return fixture.publicMailbox !== undefined
  return abilitiesOf('store', fixture.store)[need]
}

/** The second store; failing the case where the fixture has none. The first is not to be used any more unless they are `shared`. */
export async function reopened(fixture: StoreFixture): Promise<Store> {
  if (!fixture.store.supports.shared) await fixture.close?.()
  return present(await fixture.reopen?.(), 'reopen() of the fixture of a persistent or shared store')
}

/** A small message that can be told from all others; octets beyond ASCII included. */
export function sampleMessage(subject: string = randomUUID(), bodyLines = 2): Buffer {
  const body = Array.from(
    { length: bodyLines },
    (_, line) => `line ${line} of ${subject}, with an ü\r\n`,
  ).join('')
  return Buffer.from(`From: <a@example.org>\r\nTo: <b@example.org>\r\nSubject: ${subject}\r\n\r\n${body}`)
}

/** A message of exactly so many octets (100 or more), with CRLF line ends. */
export function messageOfSize(octets: number): Buffer {
  const head = 'Subject: size\r\n\r\n'
  const line = `${'x'.repeat(70)}\r\n`
  const room = octets - head.length - 2
  const whole = Math.floor(room / line.length)
  return Buffer.from(`${head}${line.repeat(whole)}${'y'.repeat(room - whole * line.length)}\r\n`)
}

/** Stages a message. */
export function stage(
  account: AccountStore,
  octets: Buffer = sampleMessage(),
  mailbox = 'INBOX',
  options: StageOptions = {},
): Promise<StagedMessage> {
  return account.stage(mailbox, bufferContent(octets), options)
}

/** Stages and commits a message. */
export async function deliver(
  account: AccountStore,
  octets: Buffer = sampleMessage(),
  mailbox = 'INBOX',
  options: StageOptions = {},
): Promise<void> {
  const staged = await stage(account, octets, mailbox, options)
  await staged.commit()
}

/** Delivers so many messages, one after the other, and answers their octets. */
export async function deliverMany(
  account: AccountStore,
  count: number,
  mailbox = 'INBOX',
): Promise<readonly Buffer[]> {
  const messages = Array.from({ length: count }, (_, index) =>
    sampleMessage(`message ${index} ${randomUUID()}`),
  )
  for (const message of messages) await deliver(account, message, mailbox)
  return messages
}

/** Appends messages, octets alone or with what belongs to them. */
export function append(
  account: AccountStore,
  messages: readonly (Buffer | AppendMessage)[],
  mailbox = 'INBOX',
): Promise<Appended> {
  const all = messages.map((each) => (Buffer.isBuffer(each) ? { content: bufferContent(each) } : each))
  return account.append(mailbox, all)
}

/** The names of the mailboxes, as they are listed. */
export async function namesOf(account: AccountStore): Promise<readonly string[]> {
  return (await account.mailboxes()).map((mailbox) => mailbox.name)
}

/** The contents of a mailbox as others see it now, in the order of the UIDs. */
export async function contentsOf(account: AccountStore, mailbox = 'INBOX'): Promise<readonly string[]> {
  const opened = await account.openMailbox(mailbox)
  const contents: string[] = []
  for (const entry of opened.entries) contents.push(await contentText(opened, entry.uid))
  await opened.close()
  return contents
}

/** A message's octets, one character an octet. */
export async function contentText(mailbox: Mailbox, uid: number): Promise<string> {
  return (await readAll(await mailbox.content(uid))).toString('latin1')
}

/** Octets as {@link contentText} gives them. */
export function text(octets: Buffer): string {
  return octets.toString('latin1')
}

export function uidsOf(mailbox: Mailbox): readonly number[] {
  return mailbox.entries.map((entry) => entry.uid)
}

/** The n-th entry (from 0), failing the case where there is none. */
export function entryAt(mailbox: Mailbox, index: number): MessageEntry {
  return present(mailbox.entries[index], `message ${index + 1} of ${mailbox.name}`)
}

/** Another account: other id, other address. */
export function otherAccount(account: Account, localPart: string): Account {
  return {
    ...account,
    id: `${account.id}-${Buffer.from(localPart).toString('hex')}`,
    address: { ...account.address, localPart },
  }
}

/**
 * The account of an id, as the cases make accounts from the fixture's; for stores that must find the owner of a mailbox
 * by its id. Undefined where no case would make it.
 */
export function fixtureAccountById(account: Account, id: string): Account | undefined {
  if (id === account.id) return account
  const hex = id.startsWith(`${account.id}-`) ? id.slice(account.id.length + 1) : ''
  const made = otherAccount(account, Buffer.from(hex, 'hex').toString())
  return hex !== '' && made.id === id ? made : undefined
}

/** Demands the form that every entry must have. */
export function expectWellFormed(mailbox: Mailbox): void {
  let previous = 0
  for (const entry of mailbox.entries) {
    expect(Number.isInteger(entry.uid) && entry.uid <= 4_294_967_295, `uid ${entry.uid}`).toBe(true)
    expect(entry.uid, 'UIDs ascend').toBeGreaterThan(previous)
    expect(entry.id, 'an id is printable ASCII').toMatch(/^[\x21-\x7e]+$/)
    if (entry.uidl !== undefined) expect(entry.uidl, 'RFC 1939 §7').toMatch(/^[\x21-\x7e]{1,70}$/)
    expect(entry.internalDate.getTime(), 'the date is one').not.toBeNaN()
    expect(entry.savedDate.getTime(), 'the date of saving is one').not.toBeNaN()
    expect([...entry.flags], 'flags are sorted').toEqual([...entry.flags].sort())
    expect(entry.modSequence, 'no mod-sequence is above the mailbox’s').toBeLessThanOrEqual(
      mailbox.highestModSequence,
    )
    previous = entry.uid
  }
  const uidls = mailbox.entries.flatMap((entry) => entry.uidl ?? [])
  expect(new Set(uidls).size, 'no UIDL is there twice').toBe(uidls.length)
  expect(mailbox.uidNext, 'uidNext is above every UID').toBeGreaterThan(previous)
  expect(Number.isInteger(mailbox.uidValidity) && mailbox.uidValidity > 0, 'uidValidity').toBe(true)
  expect(mailbox.uidValidity).toBeLessThanOrEqual(4_294_967_295)
  expect(mailbox.id, 'the mailbox’s id is printable ASCII').toMatch(/^[\x21-\x7e]+$/)
}
