import {
  type Account,
  type Header,
  type ListedMailbox,
  parseAddress,
  parseAddressList,
  type Reply,
  reply,
} from 'mailwright'
import { notOwn, type SenderBinding } from './sender-binding.ts'

// RFC 6409 §6.3: 554 for what is no valid message. RFC 3463 §3.7: 5.6.0 is "other media error".
const oneField = reply(554, '5.6.0', 'A message has one From field and at most one Sender field')
const unreadable = reply(554, '5.6.0', 'The From or Sender field holds something that is no plain address')
const tooLong = reply(554, '5.6.0', 'The header is too long to be checked')
const noAuthor = reply(554, '5.6.0', 'The From field names nobody')

// Each may cost a look-up. No honest letter has more authors.
const mostAuthors = 50
const tooMany = reply(554, '5.6.0', `The From field names more than ${mostAuthors} authors`)

/**
 * Why an account may not send a message with these fields (RFC 6409 §6.3). All authors must be its own. Where there
 * are several, it is enough that the first one is, whom everybody sees, and that Sender says who sends (RFC 5322
 * §3.6.2). What readers might see in two ways is refused.
 */
export async function refuseFrom(
  header: Header,
  account: Account,
  binding: SenderBinding,
): Promise<Reply | undefined> {
  if (header.truncated) return tooLong
  const [from, sender] = [header.all('From'), header.all('Sender')]
  if (from.length !== 1 || sender.length > 1) return oneField
  const authors = parseAddressList(from[0]?.body ?? '', { limit: mostAuthors + 1 })
  const senders = parseAddressList(sender[0]?.body ?? '', { limit: 2 })
  if (authors.truncated || authors.mailboxes.length > mostAuthors) return tooMany
  if (authors.mailboxes.length === 0) return noAuthor
  if (senders.truncated || senders.mailboxes.length > 1) return unreadable
  const agent = senders.mailboxes[0]
  const refused = agent && (await refuseMailbox(agent, 'Sender', account, binding))
  if (refused !== undefined) return refused
  // With a Sender the first author speaks for the others.
  const spoken = agent === undefined ? authors.mailboxes : authors.mailboxes.slice(0, 1)
  if (authors.mailboxes.some((each) => each.address === undefined)) return unreadable
  for (const each of spoken) {
    const problem = await refuseMailbox(each, 'From', account, binding)
    if (problem !== undefined) return problem
  }
  return undefined
}

async function refuseMailbox(
  { address, name }: ListedMailbox,
  field: 'From' | 'Sender',
  account: Account,
  binding: SenderBinding,
): Promise<Reply | undefined> {
  if (address === undefined) return unreadable
  if (!(await binding.mayName(account, address))) return notOwn(address, `the ${field} field`)
  // Many programs show the display name alone: an address in its place counts as one.
  const shown = parseAddress(name.trim().replace(/\s*@\s*/, '@'))
  if (shown?.domain.includes('.') !== true || (await binding.mayName(account, shown))) return undefined
  return notOwn(shown, `the display name of ${field}`)
}
