import certificates from 'mailwright/plugins/certificates'
import imap from 'mailwright/plugins/imap'
import memory from 'mailwright/plugins/memory'
import { createTestHost } from 'mailwright/testing'
import { capabilitiesOf, type DialogueAccount, type DialogueServer, once } from './servers.ts'

const mostAccounts = 500
const password = 'secret'
const addressOf = (count: number): string => `user${count}@example.org`

/** Starts a listener of our own for dialogues, over the memory store. */
export async function dialogueMailwright(): Promise<DialogueServer> {
  const addresses = Array.from({ length: mostAccounts }, (_, count) => addressOf(count))
  const host = await createTestHost({
    sockets: true,
    plugins: [
      memory({ accounts: addresses.map((address) => ({ address, password, quotaBytes: 10 * 2 ** 20 })) }),
      certificates(),
      imap({ port: 0, allowPlaintextLogin: true }),
      imap({ port: 0, allowPlaintextLogin: true, maxMessagesPerCommand: 4 }, { as: 'limited' }),
    ],
  })
  const listeners = new Map(host.listeners.map(({ plugin, port }) => [plugin, port]))
  const port = listeners.get('imap') ?? 0
  let count = 0
  const account = async (): Promise<DialogueAccount> => {
    count += 1
    if (count > mostAccounts) throw new Error('more dialogues than accounts')
    return { user: addressOf(count - 1), password }
  }
  return {
    name: 'mailwright',
    port,
    listeners,
    account,
    mailbox: (name) => name,
    capabilities: once(async () => capabilitiesOf(port, await account())),
    [Symbol.asyncDispose]: () => host.stop(),
  }
}
