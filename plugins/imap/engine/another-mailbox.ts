import { type AccountStore, type Clock, errorCode, type Mailbox } from 'mailwright'

/** Milliseconds: it is asked where the store has refused something, for which the client may have waited long already. */
const patience = 1000

/**
 * Whether a name stands for another mailbox than it did, or for none, or UIDs were given anew. False where the store does not
 * say so at once.
 */
export async function isAnother(clock: Clock, mail: AccountStore, mailbox: Mailbox): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const timer = clock.after(patience, () => late.resolve(false))
  try {
    return await Promise.race([differs(mail, mailbox), late.promise])
  } finally {
    timer.cancel()
  }
}

async function differs(mail: AccountStore, { name, id, uidValidity }: Mailbox): Promise<boolean> {
  try {
    const now = await mail.status(name)
    return now.id !== id || now.uidValidity !== uidValidity
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    return code === 'MAIL_E_NOT_FOUND'
  }
}
