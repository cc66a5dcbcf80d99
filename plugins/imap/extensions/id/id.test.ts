import { expect, it } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

it('ID is answered in any state, whatever the client says of itself (RFC 2971)', async () => {
  await using system = await startImapTest()
  const answer = ['ID ("name" "Mailwright")']
  const stranger = await system.connect(null)
  expect((await stranger.ok('CAPABILITY')).join()).toMatch(/ ID( |$)/)
  expect(await stranger.ok('ID NIL')).toEqual(answer)
  const client = await system.connect()
  expect(await client.ok('ID ()')).toEqual(answer)
  expect(await client.ok('ID ("name" "x" "version" NIL)')).toEqual(answer)
  expect(await client.ok('ID ("name" {3}', 'a"b)')).toEqual(answer)
})

const many = Array.from({ length: 31 }, (_, index) => `"f${index}" "x"`).join(' ')

it.each([
  'ID',
  'ID x',
  'ID "name" "x"',
  'ID ("name")',
  'ID ("name" x)',
  'ID (NIL "x")',
  'ID ("name" "x" "NAME" "y")',
  `ID (${many})`,
  `ID ("${'f'.repeat(31)}" "x")`,
  `ID ("name" "${'x'.repeat(1_025)}")`,
  'ID NIL NIL',
])('%.40s is BAD', async (command) => {
  await using system = await startImapTest()
  const client = await system.connect()
  expect((await client.command(command)).tagged).toMatch(/^BAD /)
})
