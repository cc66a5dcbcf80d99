import {
  accounts,
  bufferContent,
  createMessage,
  definePlugin,
  type Message,
  noOptions,
  type Outcome,
  type PluginInstance,
  readAll,
  reply,
  store,
} from 'mailwright'
import database from 'mailwright/plugins/database'
import localDelivery from 'mailwright/plugins/local-delivery'
import { memoryAccounts, memoryStore } from 'mailwright/plugins/memory'
import queue from 'mailwright/plugins/queue'
import rewriting from 'mailwright/plugins/rewriting'
import { addressOf, createTestHost } from 'mailwright/testing'
import { expect, test } from 'vitest'
import dsn from './index.ts'

/** Stands for the plugin that delivers to other hosts. */
function elsewhere(outcome: Outcome): PluginInstance {
  const plugin = definePlugin({
    name: 'elsewhere',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.envelope.claimRecipient.tap('claim', async () => ({ reason: 'a test' }))
      hooks.delivery.route.tap('route', async ({ address }) =>
        address.domain === 'example.net' ? { kind: 'remote', address } : undefined,
      )
      hooks.delivery.deliver.tap('deliver', async ({ kind, items }) =>
        kind === 'remote' ? items.map(() => outcome) : undefined,
      )
    },
  })
  return plugin()
}

const refused: Outcome = {
  kind: 'failed',
  reply: reply(550, '5.1.1', 'No such user here'),
  host: 'mx.example.net',
}

/** What comes into an INBOX after a message from somebody to somebody elsewhere. */
async function told(from: string, reader: string, others: readonly PluginInstance[] = []): Promise<Message> {
  await using host = await createTestHost({
    plugins: [
      database(),
      memoryAccounts({ accounts: [{ address: 'anna@example.org' }, { address: 'jo@example.org' }] }),
      memoryStore(),
      localDelivery({ postmaster: 'jo@example.org' }),
      elsewhere(refused),
      ...others,
      dsn(),
      queue(),
    ],
  })
  const data = 'Subject: Lunch\r\nMessage-ID: <m1@example.org>\r\n\r\nAt noon?\r\n'
  const answers = await host.send({ from, to: 'bob@example.net', data })
  expect(answers).toMatchObject([{ reply: { code: 250 } }])
  const found = await host.service(accounts).resolve(addressOf(reader))
  if (found.kind !== 'account') throw new TypeError(found.kind)
  const inbox = await (await host.service(store).open(found.account)).openMailbox('INBOX')
  await expect
    .poll(
      async () => {
        await inbox.refresh()
        return inbox.entries.length
      },
      { timeout: 20_000 },
    )
    .toBe(1)
  const octets = await readAll(await inbox.content(inbox.entries[0]?.uid ?? 0))
  await inbox.close()
  return createMessage(bufferContent(octets))
}

test('who sent what another host refuses reads why in the INBOX', async () => {
  const { header } = await told('anna@example.org', 'anna@example.org')
  expect(header.text('return-path')).toBe('<>')
  expect(header.text('subject')).toBe('Not delivered: Lunch')
  expect(header.text('in-reply-to')).toBe('<m1@example.org>')
})

test('where the sender cannot be told the postmaster is, once', async () => {
  const { header } = await told('ann@example.net', 'jo@example.org')
  expect(header.text('return-path')).toBe('<>')
  expect(header.text('subject')).toBe('Neither delivered nor returned: Not delivered: Lunch')
  expect(header.text('to')).toBe('<postmaster@mail.example.org>')
})

test('who sent it hears nothing of a copy that is refused as well', async () => {
  const copies = rewriting({ alwaysBcc: ['secret@example.net'] })
  const { content } = await told('anna@example.org', 'anna@example.org', [copies])
  const text = (await readAll(content)).toString()
  expect(text).toContain('bob@example.net')
  expect(text).not.toContain('secret@example.net')
})
