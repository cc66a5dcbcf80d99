import { database as databaseService, definePlugin, localError, noOptions, queue } from 'mailwright'
import database from 'mailwright/plugins/database'
import localDelivery from 'mailwright/plugins/local-delivery'
import { memoryAccounts, memoryStore } from 'mailwright/plugins/memory'
import queuePlugin from 'mailwright/plugins/queue'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { expect, test, vi } from 'vitest'
import transports from './index.ts'

let isBusy = false
/** The first attempts to deliver come to nothing. */
const busy = definePlugin({
  name: 'busy',
  parseOptions: noOptions,
  setup({ hooks }) {
    hooks.delivery.deliver.tap('busy', async ({ kind, items }) =>
      isBusy && kind === 'account' ? items.map(() => ({ kind: 'deferred', reply: localError })) : undefined,
    )
  },
})

function holdingHost(): Promise<TestHost> {
  return createTestHost({
    plugins: [
      database(),
      memoryAccounts({ accounts: [{ address: 'jo@here.example' }] }),
      memoryStore(),
      transports({ map: { 'jo@here.example': { to: 'hold', text: 'look at it' } } }),
      busy(),
      localDelivery(),
      queuePlugin(),
    ],
  })
}

test('what the map holds goes where it went without the map once it is released, however often it is tried', async () => {
  isBusy = true
  await using host = await holdingHost()
  const management = host.service(queue)
  const states = async () => (await management.list()).map(({ state }) => state)
  await host.send({ from: 'a@else.example', to: 'jo@here.example', data: 'Subject: x\n\nx\n' })
  await vi.waitFor(async () => expect(await states()).toEqual(['held']), { timeout: 20_000 })
  expect(await management.release({})).toBe(1)
  const attempts = async () => (await management.list()).flatMap(({ recipients }) => recipients)[0]?.attempts
  await vi.waitFor(async () => expect(await attempts()).toBe(2), { timeout: 20_000 })
  await management.flush()
  await vi.waitFor(async () => expect(await attempts()).toBe(3), { timeout: 20_000 })
  isBusy = false
  await management.requeue()
  await vi.waitFor(async () => expect(await states()).toEqual([]), { timeout: 20_000 })
  expect(await host.history({ text: 'into INBOX' })).toHaveLength(1)
})

test.each([false, true])(
  'what a version held that did not say so goes out, too; by the postmaster as well: %s',
  async (isHeldTwice) => {
    isBusy = false
    await using host = await holdingHost()
    const management = host.service(queue)
    const states = async () => (await management.list()).map(({ state }) => state)
    await host.send({ from: 'a@else.example', to: 'jo@here.example', data: 'Subject: x\n\nx\n' })
    await vi.waitFor(async () => expect(await states()).toEqual(['held']), { timeout: 20_000 })
    await host.service(databaseService).query(async (knex) => {
      const { held, ...last } = JSON.parse((await knex('queue_recipients').first('last')).last)
      expect(held).toBe(true)
      await knex('queue_recipients').update({ last: JSON.stringify(last) })
    })
    if (isHeldTwice) await management.hold({})
    expect(await management.release({})).toBe(1)
    await vi.waitFor(async () => expect(await states()).toEqual([]), { timeout: 20_000 })
    expect(await host.history({ text: 'into INBOX' })).toHaveLength(1)
  },
)
