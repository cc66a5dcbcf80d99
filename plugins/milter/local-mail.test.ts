import { join } from 'node:path'
import dsn from 'mailwright/plugins/dsn'
import pickup from 'mailwright/plugins/pickup'
import { afterEach, expect, test, vi } from 'vitest'
import { dropMessage } from '../../test/support/smtp/drop.ts'
import {
  type FakeMilter,
  type FakeMilterOptions,
  macrosOf,
  milterPacket as packet,
  startFakeMilter,
  textsOf,
} from '../../test/support/smtp/milter-fake.ts'
import {
  createFakeMilterHost,
  createMilterHost,
  type MilterHost,
} from '../../test/support/smtp/milter-host.ts'
import type { MilterRole } from './options.ts'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** A host that takes what programs hand in, and a milter of these roles; two messages have been handed in and taken. */
async function scene(
  roles: readonly MilterRole[],
  options: FakeMilterOptions,
): Promise<{ fake: FakeMilter; made: MilterHost }> {
  const fake = await startFakeMilter(options)
  ends.push(() => fake.stop())
  const made = await createMilterHost([{ socket: fake.socket, roles }], {
    pluginsBehind: [dsn(), pickup({ origin: 'example.org' })],
  })
  ends.push(() => made.host.stop())
  for (const sender of ['cron', 'php'])
    await dropMessage(join(made.host.dataDir, 'drop'), { sender, recipients: ['b@example.org'] })
  await vi.waitFor(() => expect(made.taken).toHaveLength(2), 20_000)
  return { fake, made }
}

test('a milter with the role `local` sees and signs what programs hand in', async () => {
  const answers = { E: Buffer.concat([packet('i', 0, 'DKIM-Signature', 'v=1'), packet('c')]) }
  const { fake, made } = await scene(['local'], { answers })
  expect(textsOf(fake, 'C')).toEqual(Array(2).fill('localhost|4||127.0.0.1|'))
  expect(textsOf(fake, 'H')).toEqual(Array(2).fill('localhost|'))
  expect(textsOf(fake, 'M').map((text) => text.split('|')[0])).toEqual(
    expect.arrayContaining(['<cron@example.org>', '<php@example.org>']),
  )
  expect(textsOf(fake, 'L').filter((text) => /^Received/.test(text))).toEqual([])
  for (const { text } of made.taken) expect(text).toMatch(/^DKIM-Signature: v=1\r\nReceived: by /)
  const macros = fake.commands.find(({ code, data }) => code === 'D' && data[0] === 67)
  expect(macros && macrosOf(macros)).toEqual({
    j: 'mail.example.org',
    _: 'localhost [127.0.0.1]',
    v: 'Mailwright',
    '{daemon_name}': 'mail.example.org',
    '{client_addr}': '127.0.0.1',
    '{client_name}': 'localhost',
    '{client_port}': '0',
    '{client_connections}': expect.stringMatching(/^[12]$/),
  })
  // The connection ends with the message.
  await fake.until(() => fake.open === 0)
})

test('others do not', async () => {
  const { fake } = await scene(['transfer', 'submission'], {})
  expect(fake.connections).toBe(0)
})

test('what it refuses is told to the sender, by mail that it is not asked about', async () => {
  const { fake, made } = await scene(['local'], { answers: { E: packet('r') } })
  expect(made.taken.map(({ to }) => to).sort()).toEqual([['cron@example.org'], ['php@example.org']])
  expect(fake.connections).toBe(2)
})

test.each([
  ['local', 0],
  ['internal', 1],
] as const)('of the server itself a milter with the role `%s` has %d messages', async (role, connections) => {
  await using made = await createFakeMilterHost({}, { roles: [role] })
  const here = { address: 'local', port: 0 }
  const session = made.host.flow.openSession({ role: 'local', local: here, remote: here, internal: true })
  const begun = await session.mail(null)
  expect(
    begun.ok && (await begun.transaction.recipient({ localPart: 'b', domain: 'example.org' })),
  ).toMatchObject({ code: 250 })
  session.close()
  expect(made.fake.connections).toBe(connections)
})
