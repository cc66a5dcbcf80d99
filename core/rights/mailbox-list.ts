import { errorCode } from '../errors.ts'
import type { AccountStore, MailboxInfo } from '../services/store.ts'
import type { AccessGuard } from './access-guard.ts'
import { personalName } from './mailbox-place.ts'
import { allows } from './operations.ts'

const inbox = 'INBOX'

/** See `AccountStore.mailboxes`. Special uses are told to the owner only: another's `\Trash` is not one's own. */
export async function listMailboxes(guard: AccessGuard, own: AccountStore): Promise<readonly MailboxInfo[]> {
  const personal = await own.mailboxes()
  const foreign = await guard.foreign((rights) => allows(rights, 'list'))
  if (foreign.length === 0 && personal.every(({ name }) => personalName(name) === name)) return personal
  const subscribed = new Set(await subscriptionsIn(own))
  const listed = personal.map((info): MailboxInfo => {
    const name = personalName(info.name)
    return name === info.name ? info : { ...info, name, subscribed: subscribed.has(name) }
  })
  for (const located of foreign) {
    const name = guard.nameOf(located)
    listed.push({ name, subscribed: subscribed.has(name), namespace: located.space })
  }
  return listed.sort((a, b) => compareNames(a.name, b.name))
}

async function subscriptionsIn(own: AccountStore): Promise<readonly string[]> {
  try {
    return await own.subscriptions()
  } catch (error) {
    if (errorCode(error) === 'MAIL_E_UNSUPPORTED') return []
    throw error
  }
}

function compareNames(a: string, b: string): number {
  if (a === b) return 0
  if (a === inbox || b === inbox) return a === inbox ? -1 : 1
  return a < b ? -1 : 1
}
