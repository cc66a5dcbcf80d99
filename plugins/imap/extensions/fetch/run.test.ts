import type { MessageEntry } from 'mailwright'
import type { LineConnection } from 'mailwright/network'
import { expect, it } from 'vitest'
import { Output } from '../../engine/output.ts'
import { type Fetch, fetchMessages } from './run.ts'

it('waits for a client that does not read, also where nothing has to be read', async () => {
  const { promise: hasRoom, resolve } = Promise.withResolvers<void>()
  let handed = 0
  const connection = {
    write(octets: string | Buffer) {
      handed += octets.length
      return hasRoom
    },
  } as unknown as LineConnection
  let made = 0
  const text = (): string => {
    made += 1
    return `X ${'a'.repeat(10_000)}`
  }
  const out = new Output(connection, () => false)
  const messages = Array.from({ length: 240 }, (_, index) => ({ uid: index + 1 }) as MessageEntry)
  const fetching = fetchMessages(
    {
      session: { enabled: new Set(), out },
      selected: { messages, mailbox: {} },
      byUid: false,
      items: { inOrder: () => [{ name: 'X', text }] },
    } as unknown as Fetch,
    messages,
  )
  await expect.poll(() => handed, { timeout: 20_000 }).toBeGreaterThan(0)
  expect(made).toBeLessThan(10)
  resolve()
  expect(await fetching).toBe(0)
  await out.flush()
  expect([made, handed > 2_400_000]).toEqual([240, true])
})
