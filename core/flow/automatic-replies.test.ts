import { describe, expect, test, vi } from 'vitest'
import type { SortAction } from '../model/delivery.ts'
import { reply } from '../model/reply.ts'
import {
  at,
  delivered,
  inbox,
  into,
  later,
  message,
  type Parts,
  setUp,
  tried,
} from '../testing/delivery-world.ts'
import type { Attempt } from './flow.ts'

describe('automatic replies', () => {
  const answer: SortAction = { kind: 'reply', message }

  test('go to the sender, from the null reverse-path, when the mail is delivered', async () => {
    await using setup = await setUp({ sort: () => [inbox, answer] })
    await tried(setup, [into('a')])
    await vi.waitFor(() => expect(setup.submissions).toHaveLength(1))
    expect(setup.submissions[0]?.transaction).toMatchObject({
      reversePath: null,
      session: { role: 'local', listener: 'sort', internal: true },
    })
    expect(setup.submissions[0]?.variants[0]?.recipients).toMatchObject([{ forwardPath: at('sender') }])
  })

  test.each<[string, Parts, Partial<Attempt>]>([
    ['to the null reverse-path', {}, { reversePath: null }],
    ['for what was not delivered', { outcome: () => later }, {}],
    [
      'for one of several that are refused as a whole',
      { outcome: (name) => (name === 'b' ? later : delivered) },
      { atomic: true },
    ],
  ])('never go %s', async (_, parts, more) => {
    const setup = await setUp({ ...parts, sort: () => [inbox, answer] })
    await tried(setup, more.atomic ? [into('a'), into('b')] : [into('a')], more)
    await setup.host.stop()
    expect(setup.submissions).toEqual([])
  })

  const notNow = reply(451, '4.7.1', 'Not now')
  test.each<[string, Parts]>([
    ['sender', { taps: (hooks) => hooks.envelope.checkSender.tap('no', async () => notNow) }],
    ['recipient', { taps: (hooks) => hooks.envelope.checkRecipient.tap('no', async () => notNow) }],
    ['message', { taps: (hooks) => hooks.data.checkMessage.tap('no', async () => notNow) }],
    ['queue', { taken: notNow }],
  ])('that are not taken are in the log, refused at the %s', async (_, parts) => {
    const setup = await setUp({ ...parts, sort: () => [inbox, answer] })
    await tried(setup, [into('a')])
    await setup.host.stop()
    const warned = setup.host.log.lines.filter(({ event, level }) => event === 'refused' && level === 'warn')
    expect(warned).toMatchObject([
      { recipient: 'sender@example.org', text: 'an automatic reply: 451 4.7.1 Not now' },
    ])
  })

  test('are sent also where the mail itself is discarded', async () => {
    await using setup = await setUp({ sort: () => [answer] })
    await tried(setup, [into('a')])
    await vi.waitFor(() => expect(setup.submissions).toHaveLength(1))
  })
})
