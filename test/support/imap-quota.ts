import { type AccountStore, accounts, parseAddress, store } from 'mailwright'
import imap from 'mailwright/plugins/imap'
import { memoryAccounts, memoryStore } from 'mailwright/plugins/memory'
import { createTestHost } from 'mailwright/testing'
import { ImapTestClient } from './imap-session.ts'

export interface LimitedAccount extends AsyncDisposable {
  /** Logged in. */
  readonly client: ImapTestClient
  /** The account's mailboxes, beside the protocol. */
  readonly mail: AccountStore
}

const address = 'ann@example.org'

/** An IMAP listener with one account, which may have so many octets. */
export async function limitedAccount(quotaBytes: number): Promise<LimitedAccount> {
  const host = await createTestHost({
    plugins: [
      memoryAccounts({ accounts: [{ address, password: 'x', quotaBytes }] }),
      memoryStore(),
      imap({ allowPlaintextLogin: true }),
    ],
  })
  const parsed = parseAddress(address)
  const resolved = parsed && (await host.service(accounts).resolve(parsed))
  if (resolved?.kind !== 'account') throw new Error('the account is not there')
  const client = new ImapTestClient(await host.connect('imap'))
  await client.response()
  await client.ok(`LOGIN ${address} x`)
  const mail = await host.service(store).open(resolved.account)
  return { client, mail, [Symbol.asyncDispose]: () => host.stop() }
}
