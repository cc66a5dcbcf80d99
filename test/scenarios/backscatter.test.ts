import database from 'mailwright/plugins/database'
import dsn from 'mailwright/plugins/dsn'
import localDelivery from 'mailwright/plugins/local-delivery'
import { memoryAccounts, memoryStore } from 'mailwright/plugins/memory'
import queue from 'mailwright/plugins/queue'
import relay from 'mailwright/plugins/relay'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../support/database-under-test.ts'

// A sender that somebody has made up must not hear of mail that he never sent.

let base: DatabaseUnderTest
let host: TestHost

beforeEach(async () => {
  base = await databaseUnderTest()
  host = await createTestHost({
    plugins: [
      database(base.options),
      memoryAccounts({ accounts: ['jo', 'anna'].map((name) => ({ address: `${name}@here.example` })) }),
      memoryStore(),
      localDelivery(),
      relay(),
      dsn(),
      queue(),
    ],
  })
})

afterEach(async () => {
  await host.stop()
  await base[Symbol.asyncDispose]()
})

const data = 'Delivered-To: jo@here.example\nSubject: x\n\nx\n'
const both = ['jo@here.example', 'anna@here.example']

test('a message that was delivered to one of several before is refused before anybody has it', async () => {
  const answers = await host.send({ from: 'forged@else.example', to: both, data })
  expect(answers.map(({ reply }) => reply.enhanced)).toEqual(['5.4.6', '5.4.6'])
  const told = await host.history()
  expect(told.map(({ verb }) => verb)).toContain('refused')
  expect(told.filter(({ verb }) => verb === 'delivered' || verb === 'bounced')).toEqual([])
})

test('by LMTP that one alone is refused', async () => {
  const answers = await host.send({ from: 'forged@else.example', to: both, data, role: 'lmtp' })
  expect(answers.map(({ reply }) => reply.enhanced)).toEqual(['5.4.6', '2.0.0'])
})
