import type { ImapExtension, ImapResult } from 'mailwright/imap'
import { describe, expect, it, test } from 'vitest'
import { type ImapTest, type ImapTestClient, startImapTest } from '../../../test/support/imap/imap-session.ts'
import { isWithinLine } from './response-octets.ts'

describe('what can stand within a response', () => {
  it.each([
    '',
    'FLAGS (\\Seen)',
    'X {3}\r\n\r\n\0 Y {0}\r\n',
    'X ~{2}\r\n\0\n',
    'BODY[] {100}\r\n',
    'gr\xc3\xbc\xc3\x9fe',
  ])('%j can', (octets) => {
    expect(isWithinLine(octets)).toBe(true)
  })

  it.each([
    'a\r\n* BYE',
    'a\nb',
    'a\rb',
    'a\0b',
    '{2}\nab',
    '{2}\r\nab\r\n',
    '{9}\r\nab',
    'a\u010ab',
    '{x}\r\n',
  ])('%j cannot', (octets) => {
    expect(isWithinLine(octets)).toBe(false)
  })
})

/** A listener with a module of somebody else's. */
function start(module: Partial<ImapExtension>): Promise<ImapTest> {
  return startImapTest({ extensions: [{ name: 'foreign', ...module }] })
}

/** A client in INBOX, with one message. */
async function inInbox(system: ImapTest): Promise<ImapTestClient> {
  await system.deliver('INBOX', 'Subject: x\n\nHello\n')
  const client = await system.connect()
  await client.ok('SELECT INBOX')
  return client
}

function logged({ host }: ImapTest, command: string): boolean {
  return host.log.lines.some((line) => line.event === 'internal-error' && line.command === command)
}

function saying(run: (out: { untagged(text: string): void }) => unknown): Partial<ImapExtension> {
  return {
    commands: {
      XSAY: { states: ['selected'], run: async ({ session }) => run(session.out) as ImapResult },
    },
  }
}

test.each<[unknown, string]>([
  [{ status: 'OK', text: 'a\r\n* BYE injected' }, 'OK a??* BYE injected'],
  [{ status: 'OK', text: 'Gez\u00e4hlt' }, 'OK Gez?hlt'],
  [{ status: 'OK', text: 'a\u010ab' }, 'OK a?b'],
  [{ status: 'NO', text: 'Later', code: 'INUSE] a\r\n' }, 'NO Later'],
  [{ status: 'OK', text: '' }, 'OK Done'],
  [{ status: 'YES', text: 'x' }, 'NO [SERVERBUG] Something went wrong here'],
  [undefined, 'NO [SERVERBUG] Something went wrong here'],
])('a command that answers %j is answered cleanly, and logged by its name', async (answer, tagged) => {
  await using system = await start(saying(() => answer))
  const client = await inInbox(system)
  expect(await client.command('XSAY')).toEqual({ untagged: [], tagged })
  expect(logged(system, 'XSAY')).toBe(true)
  await client.ok('NOOP')
})

test('an untagged response with a line end is not sent', async () => {
  await using system = await start(
    saying((out) => {
      out.untagged('XSAY a\r\n* BYE injected')
      return { status: 'OK', text: 'Said' }
    }),
  )
  const client = await inInbox(system)
  const { untagged, tagged } = await client.command('XSAY')
  expect([untagged, tagged]).toEqual([[], 'NO [SERVERBUG] Something went wrong here'])
  expect(logged(system, 'XSAY')).toBe(true)
})

test.each(['text', 'read'] as const)('an item of FETCH whose %s has a line end is not sent', async (how) => {
  const octets = 'XITEM a\r\n* BYE injected'
  await using system = await start({
    fetchItems: {
      XITEM: () => (how === 'text' ? { text: () => octets } : { read: async () => ({ head: octets }) }),
    },
  })
  const client = await inInbox(system)
  const { untagged, tagged } = await client.command('FETCH 1 (UID XITEM)')
  expect([untagged, tagged]).toEqual([[], 'NO [SERVERBUG] Something went wrong here'])
  expect(logged(system, 'FETCH')).toBe(true)
  await client.ok('NOOP')
})

test('an item of FETCH may have literals', async () => {
  await using system = await start({
    fetchItems: { XITEM: () => ({ text: () => 'XITEM {4}\r\na\r\nb' }) },
  })
  const client = await inInbox(system)
  expect(await client.ok('FETCH 1 XITEM')).toEqual(['1 FETCH (XITEM {4}\r\na\r\nb)'])
})

test('what is wrong with a response is logged', async () => {
  const errors = async (octets: string): Promise<unknown> => {
    await using system = await start({ fetchItems: { XITEM: () => ({ text: () => octets }) } })
    await (await inInbox(system)).command('FETCH 1 XITEM')
    return system.host.log.lines.find(({ event }) => event === 'internal-error')?.error
  }
  expect(await errors('XITEM a\u010a')).toBe(
    'a response has a character that is no octet (`out.utf8` encodes): XITEM',
  )
  expect(await errors('XITEM a\0')).toBe('a response has a line end or NUL outside of a literal: XITEM')
})

test('no response where an item says nothing', async () => {
  await using system = await start({ fetchItems: { XITEM: () => ({ text: () => undefined }) } })
  const client = await inInbox(system)
  expect(await client.ok('FETCH 1 XITEM')).toEqual([])
  expect(await client.ok('FETCH 1 (UID XITEM)')).toEqual(['1 FETCH (UID 1)'])
})
