import { errorText } from 'mailwright'
import type { ImapCommand, ImapExtension } from 'mailwright/imap'
import { describe, expect, it, test } from 'vitest'
import { type ImapTest, startImapTest } from '../../../test/support/imap/imap-session.ts'

/** A listener with a module of somebody else's, and one that is as it should be behind it. */
function start(module: Partial<ImapExtension>): Promise<ImapTest> {
  const good: ImapExtension = { name: 'good', capabilities: () => ['XGOOD'] }
  return startImapTest({ extensions: [{ name: 'foreign', ...module }, good] })
}

function faults({ host }: ImapTest): readonly unknown[] {
  return host.log.lines
    .filter(({ event }) => event === 'internal-error')
    .map(({ extension, error, stack }) => ({ extension, error, hasPlace: Array.isArray(stack) }))
}

const fault = (): never => {
  throw new TypeError('broken')
}
const logged = { extension: 'foreign', error: 'broken', hasPlace: true }

describe('a module of another author whose faults are outside of commands', () => {
  it('costs its own capabilities and no session', async () => {
    await using system = await start({ capabilities: fault })
    const client = await system.connect(null)
    expect(await client.ok('CAPABILITY')).toEqual([expect.stringMatching(/^CAPABILITY IMAP4rev2 .* XGOOD$/)])
    expect(faults(system)).toContainEqual(logged)
  })

  test.each<[string, unknown]>([
    ['a text', 'XBAD'],
    ['what is no text', [1, 'XFINE']],
    ['two names in one', ['XFINE', 'XBAD YBAD']],
    ['a line end', ['XFINE', 'XBAD\r\n* BYE']],
    ['an empty name', ['', 'XFINE']],
  ])('whose capabilities answer %s', async (_, names) => {
    await using system = await start({ capabilities: () => names as string[] })
    const client = await system.connect(null)
    const [line = ''] = await client.ok('CAPABILITY')
    expect(line).toMatch(/ XGOOD/)
    expect(line).not.toMatch(/BAD/)
    expect(line.includes(' XFINE')).toBe(Array.isArray(names))
    expect(faults(system)).toContainEqual(expect.objectContaining({ extension: 'foreign' }))
  })

  it('does not undo a login', async () => {
    await using system = await start({ loggedIn: fault })
    const client = await system.connect()
    await client.ok('SELECT INBOX')
    expect(faults(system)).toEqual([logged])
  })

  it('does not undo a SELECT', async () => {
    await using system = await start({ opened: fault })
    const client = await system.connect()
    await client.ok('SELECT INBOX')
    await client.ok('UID FETCH 1:* FLAGS')
    expect(faults(system)).toEqual([logged])
  })

  it('does not keep others from hearing of the end', async () => {
    const ended: unknown[] = []
    const other: ImapExtension = { name: 'other', ended: (session) => void ended.push(session) }
    await using system = await startImapTest({ extensions: [{ name: 'foreign', ended: fault }, other] })
    const client = await system.connect()
    await client.ok('LOGOUT')
    await expect.poll(() => ended.length, { timeout: 10_000 }).toBe(1)
    expect(faults(system)).toEqual([logged])
  })
})

it('refuses a SELECT in `opened` where it means to', async () => {
  await using system = await start({
    opened: (session) => session.select('nowhere', true).then(() => undefined),
  })
  const client = await system.connect()
  expect((await client.command('SELECT INBOX')).tagged).toMatch(/^NO \[NONEXISTENT\]/)
  expect(faults(system)).toEqual([])
})

test.each([
  ['states', { run: async () => ({ status: 'OK', text: 'x' }) }],
  ['run', { states: ['selected'] }],
])('a command without `%s` is told at the start', async (part, command) => {
  const starting = start({ commands: { XSAY: command as unknown as ImapCommand } })
  const text = await starting.then(() => '', errorText)
  expect(text).toMatch(new RegExp(`foreign\\.commands\\.XSAY: must .*\`${part}\``))
})
