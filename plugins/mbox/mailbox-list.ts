import { type CreateOptions, MailwrightError } from 'mailwright'
import { withMailboxRenamed, withoutMailbox, withUse } from './account-facts.ts'
import { inbox, isWithin } from './mailbox-name.ts'
import type { SharedAccount } from './shared-states.ts'

// Names are canonical here.

/** Makes a mailbox and its missing parents. MAIL_E_EXISTS. */
export async function createMailbox(
  { files, accountFile }: SharedAccount,
  name: string,
  { specialUse }: CreateOptions = {},
): Promise<void> {
  await files.create(name)
  if (specialUse !== undefined) await accountFile.change((facts) => withUse(facts, name, specialUse))
}

/** Deletes a mailbox with its messages. MAIL_E_NOT_FOUND; MAIL_E_INVALID for INBOX. */
export async function deleteMailbox(shared: SharedAccount, name: string): Promise<void> {
  if (name === inbox) throw new MailwrightError('MAIL_E_INVALID', 'INBOX cannot be deleted')
  const { files, accountFile } = shared
  await files.require(name)
  await accountFile.change((facts) => withoutMailbox(facts, name))
  const { state, release } = shared.share(name)
  try {
    await state.exclusively(undefined, {}, async () => {
      const uids = state.known.snapshot().entries.map(({ uid }) => uid)
      await files.remove(await files.require(name), state.place)
      shared.forget((each) => each === name)
      if (uids.length > 0) state.context.announce.expunged(state.change({ cause: 'expunge', uids }))
    })
  } finally {
    release()
  }
}

/** Gives a mailbox another name, with its children. MAIL_E_NOT_FOUND, MAIL_E_EXISTS, MAIL_E_INVALID. */
export async function renameMailbox(shared: SharedAccount, from: string, to: string): Promise<void> {
  const { files, accountFile } = shared
  await files.require(from)
  if (from !== to && isWithin(to, from))
    throw new MailwrightError('MAIL_E_INVALID', `${from} cannot be moved below itself`)
  const { state, release } = shared.share(from)
  try {
    await state.locked(() => files.rename(from, to))
    shared.forget((name) => isWithin(name, from))
  } finally {
    release()
  }
  await accountFile.change((facts) => withMailboxRenamed(facts, from, to))
}
