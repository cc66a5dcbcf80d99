// What must hold after a death for everybody who was told something before.
import { type AccountStore, type Mailbox, MailwrightError } from 'mailwright'
import { expect } from 'vitest'
import { labels, openHere } from './maildir-deaths.ts'
import { deliverLabel, labelledMessage, type ShownView, shownView } from './maildir-tasks.ts'

/** What was said of a mailbox's messages, in its order. */
export function viewsIn(said: readonly string[], name = 'INBOX'): readonly ShownView[] {
  return said
    .filter((line) => line.startsWith('view '))
    .map((line) => JSON.parse(line.slice(5)) as ShownView)
    .filter(({ mailbox }) => mailbox === name)
}

/** Remembers what clients were told of mailboxes, by several processes one after the other. */
export class Witness {
  readonly #views: ShownView[] = []
  /** The message that a UID stood for, by UIDVALIDITY. */
  readonly #ids = new Map<string, string>()

  /** Takes note of what somebody was told, and looks at what there is now. */
  async hear(views: readonly ShownView[], now: Mailbox): Promise<void> {
    for (const view of views) {
      this.#views.push(view)
      for (const { uid, id } of view.messages) this.#stands(view.uidValidity, uid, id)
    }
    await this.look(now)
  }

  /** A client of every view comes back. */
  async look(now: Mailbox): Promise<void> {
    const shown = shownView(now)
    expect(await labels(now), 'every message is whole').toHaveLength(now.entries.length)
    for (const { uid, id } of shown.messages) this.#stands(shown.uidValidity, uid, id)
    for (const view of this.#views) if (view.uidValidity === now.uidValidity) await expectCaughtUp(view, now)
    this.#views.push(shown)
  }

  #stands(uidValidity: number, uid: number, id: string): void {
    const key = `${uidValidity} ${uid}`
    expect(this.#ids.get(key) ?? id, `UID ${uid}`).toBe(id)
    this.#ids.set(key, id)
  }
}

/** Demands that who knows a view and asks for what has changed since knows all (RFC 7162 §3.2.5). */
async function expectCaughtUp(view: ShownView, now: Mailbox): Promise<void> {
  const { modSequence } = view
  expect(now.highestModSequence).toBeGreaterThanOrEqual(modSequence)
  expect(now.uidNext).toBeGreaterThanOrEqual(view.uidNext)
  const known = new Map(view.messages.map(({ uid, flags }) => [uid, flags.join(' ')]))
  const there = new Set(now.entries.map(({ uid }) => uid))
  const vanished = await now.vanishedSince(modSequence)
  for (const uid of vanished ?? [...known.keys()].filter((each) => !there.has(each))) known.delete(uid)
  for (const entry of now.entries)
    if (entry.modSequence > modSequence) known.set(entry.uid, entry.flags.join(' '))
  const flags = new Map(now.entries.map((entry) => [entry.uid, entry.flags.join(' ')]))
  expect(known, `who knew the state of mod-sequence ${modSequence}`).toEqual(flags)
  const highest = Math.max(0, ...view.messages.map(({ uid }) => uid))
  for (const { uid } of now.entries)
    if (!view.messages.some((each) => each.uid === uid)) expect(uid).toBeGreaterThan(highest)
}

/** What was found of a mailbox first after a death. */
export interface Survived {
  readonly view: ShownView
  readonly labels: readonly string[]
}

/**
 * Demands that what was told of a mailbox before a death holds for who looks then, who goes on to work, and who looks
 * after that.
 */
export async function expectSurvived(at: string, name: string, said: readonly string[]): Promise<Survived> {
  const witness = new Witness()
  const { mailboxes } = await openHere(at)
  const mailbox = await mailboxes.openMailbox(name)
  const survived = { view: shownView(mailbox), labels: await labels(mailbox) }
  await witness.hear(viewsIn(said, name), mailbox)
  await workOn(mailboxes, mailbox)
  await witness.look(mailbox)
  await witness.look(await (await openHere(at)).mailboxes.openMailbox(name))
  return survived
}

async function workOn(mailboxes: AccountStore, mailbox: Mailbox): Promise<void> {
  const [first, last] = [mailbox.entries[0], mailbox.entries.at(-1)]
  await deliverLabel(mailboxes, 'later-1', mailbox.name)
  await mailboxes.append(mailbox.name, [labelledMessage('later-2')])
  await mailbox.refresh()
  if (first !== undefined) await mailbox.changeFlags([first.uid], { add: ['\\Draft', 'Later'] })
  if (last !== undefined) await mailbox.expunge([last.uid])
  await mailbox.refresh()
}

/** The names of mailboxes that exist, of some. */
export async function existing(
  mailboxes: AccountStore,
  names: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of names) {
    try {
      await (await mailboxes.openMailbox(name)).close()
      found.push(name)
    } catch (error) {
      if (!(error instanceof MailwrightError && error.code === 'MAIL_E_NOT_FOUND')) throw error
    }
  }
  return found
}
