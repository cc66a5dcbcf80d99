import { accounts, definePlugin, noOptions } from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import { memoryQueue, memoryStore } from 'mailwright/plugins/memory'
import { createTestHost } from 'mailwright/testing'
import { expect, test } from 'vitest'

const strange = definePlugin({
  name: 'strange-accounts',
  provides: [accounts],
  parseOptions: noOptions,
  setup({ provide }) {
    provide(accounts, { supports: {}, resolve: async () => ({ kind: 'nobody' }) } as never)
  },
})

test('an answer of no kind is no "no such address": the client may try again, and the log names who answered', async () => {
  await using host = await createTestHost({
    plugins: [strange(), memoryStore(), memoryQueue(), localDelivery()],
  })
  const [answer] = await host.send({
    from: 'a@client.example',
    to: 'jo@example.org',
    data: 'Subject: x\n\nx\n',
  })
  expect(answer?.reply.code).toBe(451)
  const failed = host.log.lines.filter(({ event }) => event === 'hook-failed')
  expect(JSON.stringify(failed[0])).toContain('strange-accounts answered no account')
})
