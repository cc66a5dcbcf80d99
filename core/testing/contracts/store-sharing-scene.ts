import { expect } from 'vitest'
import { bufferContent } from '../../model/content.ts'
import type { Rights } from '../../model/rights.ts'
import type { AccountStore, AppendMessage } from '../../services/store.ts'
import { append, otherAccount, type StoreFixture, sampleMessage } from './store-fixture.ts'

/** Ann, who has mailboxes, and Bob, to whom some of them may be opened. */
export interface Scene {
  readonly ann: AccountStore
  readonly bob: AccountStore
  /** Bob's name for a mailbox of Ann's. */
  theirs(mailbox: string): string
  /** Gives Bob exactly these rights to mailboxes of Ann's. */
  give(rights: Rights, ...mailboxes: readonly string[]): Promise<void>
}

let scenes = 0

/** Two accounts that no case has used yet. Ann has three messages in Work, and Work/Bills; Bob has one in INBOX. */
export async function newScene({ store, account }: StoreFixture): Promise<Scene> {
  const number = ++scenes
  const owner = otherAccount(account, `ann-${number}`)
  const [ann, bob] = [await store.open(owner), await store.open(otherAccount(account, `bob-${number}`))]
  await ann.createMailbox('Work/Bills')
  await append(ann, [sampleMessage('one'), sampleMessage('two'), sampleMessage('three')], 'Work')
  await append(bob, [sampleMessage('mine')])
  return {
    ann,
    bob,
    theirs: (mailbox) => `Other Users/${owner.address.localPart}@${owner.address.domain}/${mailbox}`,
    async give(rights, ...mailboxes) {
      for (const mailbox of mailboxes) await ann.setAccess(mailbox, bob.account.id, rights)
    },
  }
}

/** Everything in an account's own mailboxes that could be changed, for comparing. */
export async function snapshot(account: AccountStore): Promise<unknown> {
  const mailboxes = (await account.mailboxes()).filter(({ namespace }) => namespace === 'personal')
  const contents: unknown[] = []
  for (const { name } of mailboxes) {
    const opened = await account.openMailbox(name)
    const messages = opened.entries.map(({ uid, size, flags }) => ({ uid, size, flags }))
    contents.push({ name, messages, list: await account.accessList(name) })
    await opened.close()
  }
  return contents
}

/** A message with flags. */
export function flagged(
  subject: string,
  ...flags: readonly string[]
): AppendMessage & { readonly flags: readonly string[] } {
  return { content: bufferContent(sampleMessage(subject)), flags }
}

/** The flags of the messages of a mailbox, in the order of the UIDs. */
export async function flagsIn(
  account: AccountStore,
  mailbox: string,
): Promise<readonly (readonly string[])[]> {
  const opened = await account.openMailbox(mailbox)
  const flags = opened.entries.map((entry) => entry.flags)
  await opened.close()
  return flags
}

/** The names of others' mailboxes, and of public ones, that an account has in its list. */
export async function foreignNames(account: AccountStore): Promise<readonly string[]> {
  const mailboxes = await account.mailboxes()
  expect(mailboxes[0]?.name).toBe('INBOX')
  return mailboxes.filter(({ namespace }) => namespace !== 'personal').map(({ name }) => name)
}
