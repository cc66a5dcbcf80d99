import { type AccountStore, accounts, parseAddress, store } from 'mailwright'
import imap from 'mailwright/plugins/imap'
import { memoryAccounts, memoryStore } from 'mailwright/plugins/memory'
import { createTestHost } from 'mailwright/testing'
import { ImapTestClient } from './imap-session.ts'

export interface LimitedAccount extends AsyncDisposable {
  /** Another client: of somebody whose quota has no limit, `bob@example.org`. */
  guest(): Promise<ImapTestClient>
  /** Logged in. */
  readonly client: ImapTestClient
  /** The account's mailboxes, beside the protocol. */
  readonly mail: AccountStore
}

const address = 'ann@example.org'

const guest = 'bob@example.org'

/** An IMAP listener with an account that may have so many octets, and one that may have any number. */
export async function limitedAccount(quotaBytes: number): Promise<LimitedAccount> {
  const host = await createTestHost({
    plugins: [
      memoryAccounts({
        accounts: [
          { address, password: 'x', quotaBytes },
          { address: guest, password: 'x' },
        ],
      }),
      memoryStore(),
      imap({ allowPlaintextLogin: true }),
    ],
  })
  const parsed = parseAddress(address)
  const resolved = parsed && (await host.service(accounts).resolve(parsed))
  if (resolved?.kind !== 'account') throw new Error('the account is not there')
  const connect = async (who: string): Promise<ImapTestClient> => {
    const client = new ImapTestClient(await host.connect('imap'))
    await client.response()
    await client.ok(`LOGIN ${who} x`)
    return client
  }
  const mail = await host.service(store).open(resolved.account)
  return {
    client: await connect(address),
    guest: () => connect(guest),
    mail,
    [Symbol.asyncDispose]: () => host.stop(),
  }
}
