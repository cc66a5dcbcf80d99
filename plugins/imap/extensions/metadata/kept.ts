import type { Metadata, SpecialUse } from 'mailwright'
import type { ImapSession } from 'mailwright/imap'
import { givenUse } from '../../engine/given-use.ts'
import { no, Refusal } from '../../engine/result.ts'

/** Says how to reach the postmaster; it cannot be changed (RFC 5464 §3.2.1.1). */
export const administratorEntry = '/shared/admin'
/** What the mailbox is for (RFC 6154 §4). */
export const useEntry = '/private/specialuse'

/** All annotations of the server; RFC 5321 §4.5.1 has a postmaster in every domain. */
export async function serverAnnotations({ mail, account }: ImapSession): Promise<Metadata> {
  const kept = await mail.metadata(undefined)
  const administrator = Buffer.from(`mailto:postmaster@${account.address.domain}`)
  return new Map([...kept, [administratorEntry, administrator]])
}

/** All annotations of a mailbox. Rejects as the store does. */
export async function mailboxAnnotations(
  { mail }: ImapSession,
  mailbox: string,
  use: SpecialUse | undefined,
): Promise<Metadata> {
  const all = new Map(await mail.metadata(mailbox))
  if (use === undefined) all.delete(useEntry)
  else all.set(useEntry, Buffer.from(use))
  return all
}

/** What the mailbox is for; undefined also where there is no such mailbox. */
export async function useOf({ mail }: ImapSession, mailbox: string): Promise<SpecialUse | undefined> {
  return (await mail.mailboxes()).find(({ name }) => name === mailbox)?.specialUse
}

/** The use that a value of its entry means; undefined for none. Refuses what is no use, or several (RFC 6154 §4). */
export function useFrom(value: Buffer | null): SpecialUse | undefined {
  const text = value?.toString('latin1').trim() ?? ''
  if (text === '') return undefined
  const use = givenUse(text)
  if (use === undefined) throw new Refusal(no('No mailbox can be for that', 'USEATTR'))
  return use
}
