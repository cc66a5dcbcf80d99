import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ran, runCommand } from './support/command-line.ts'
import { type DatabaseUnderTest, databaseUnderTest } from './support/database-under-test.ts'
import { type TemporaryProject, temporaryProject } from './support/project.ts'

// Administration by the command line, as scripts use it: exit codes, --json, standard input, and twice the same.

let project: TemporaryProject
let underTest: DatabaseUnderTest

const config = (databaseCall: string) => `
  import accountsSql from 'mailwright/plugins/accounts-sql'
  import database from 'mailwright/plugins/database'
  export default { dataDir: 'data', plugins: [${databaseCall}, accountsSql()] }
`

beforeAll(async () => {
  underTest = await databaseUnderTest()
  project = await temporaryProject({ 'mailwright.config.ts': config(underTest.call) })
})

afterAll(async () => {
  await project[Symbol.asyncDispose]()
  await underTest[Symbol.asyncDispose]()
})

const run = (line: string, stdin = ''): Promise<Ran> => {
  // Words in single quotes are one.
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare = '']) => quoted ?? bare)
  return runCommand(project.folder, words, stdin)
}
const json = async (line: string, stdin = ''): Promise<unknown> =>
  JSON.parse((await run(`${line} --json`, stdin)).out)
const codeOf = async (line: string, stdin = ''): Promise<number | string> => (await run(line, stdin)).exitCode

describe('domains', () => {
  test('alias domains, limits, and what a domain is', async () => {
    await run('domain add first.example')
    expect(await json('domain add second.example --alias-of First.example --if-missing')).toMatchObject({
      added: true,
    })
    expect(await json('domain show second.example')).toEqual({
      name: 'second.example',
      aliasOf: 'first.example',
    })
    expect(await json('domain set first.example --quota 1G --max-accounts 2 --disable')).toEqual({
      name: 'first.example',
      quotaBytes: 2 ** 30,
      maxAccounts: 2,
      disabled: true,
    })
    expect((await run('domain show first.example')).out).toMatch(/first\.example\s+1073741824\s+2\s+disabled/)
    expect(await codeOf('user add a@first.example --quota 2G')).toBe('MAIL_E_OVER_QUOTA')
    expect(await json('domain set first.example --quota none --max-accounts none --enable')).toEqual({
      name: 'first.example',
    })
    expect(await codeOf('domain remove first.example')).toBe('MAIL_E_IN_USE')
    expect(await codeOf('domain set second.example --alias-of none')).toBe(0)
    expect(await codeOf('domain remove first.example')).toBe(0)
  })

  test('wrong use and what is not there', async () => {
    expect(await codeOf('domain show nosuch.example')).toBe('MAIL_E_NOT_FOUND')
    expect(await codeOf('domain set nosuch.example --quota 1G')).toBe('MAIL_E_NOT_FOUND')
    for (const line of [
      'domain set second.example',
      'domain set second.example --enable --disable',
      'domain set second.example --quota much',
      'domain set second.example --max-accounts few',
      "domain add third.example --alias-of 'no domain'",
    ])
      expect(await codeOf(line), line).toBe('usage')
  })
})

describe('accounts', () => {
  test('settings are set, shown, and taken away', async () => {
    await run('domain add users.example')
    expect(await codeOf('user add me@users.example --sending-limit 100/1h')).toBe(0)
    expect(await codeOf("user set me@users.example --name 'My Name' --disable --deny pop3,imap")).toBe(0)
    expect(await json('user show ME@users.example')).toMatchObject({
      address: 'me@users.example',
      name: 'My Name',
      disabled: true,
      disabledProtocols: ['pop3', 'imap'],
      sendingLimit: { recipients: 100, perSeconds: 3600 },
      appPasswords: [],
    })
    expect((await run('user list users.example')).out).toMatch(
      /me@users\.example\s+My Name\s+none\s+disabled/,
    )
    const back = 'user set me@users.example --name none --enable --deny none --sending-limit none'
    expect([await codeOf(back), await codeOf(back)]).toEqual([0, 0])
    const shown = (await json('user show me@users.example')) as Record<string, unknown>
    expect(Object.keys(shown).toSorted()).toEqual(['address', 'appPasswords', 'id'])
    expect((await run('user show me@users.example')).out).toMatch(/sending limit\s+none/)
    expect(await codeOf('user show nosuch@users.example')).toBe('MAIL_E_NOT_FOUND')
    expect(await codeOf('user set me@users.example --deny pop')).toBe('MAIL_E_INVALID')
    expect(await codeOf('user set me@users.example --deny imap-s')).toBe('MAIL_E_INVALID')
    for (const limit of ['100', '100/', 'x/1h', '1/1.5s', '1/90d'])
      expect(await codeOf(`user set me@users.example --sending-limit ${limit}`), limit).toBe('usage')
    expect(await codeOf('user set me@users.example')).toBe('usage')
  })

  test('renamed, removed, restored, purged, and each of it twice', async () => {
    await run('domain add moving.example')
    await run('user add one@moving.example')
    const { id } = (await json('user show one@moving.example')) as { id: string }
    expect(await json('user rename one@moving.example two@moving.example')).toMatchObject({ renamed: true })
    expect(await codeOf('user rename one@moving.example two@moving.example')).toBe('MAIL_E_NOT_FOUND')
    const again = 'user rename one@moving.example two@moving.example --if-exists'
    expect(await json(again)).toMatchObject({ renamed: false })
    expect(await codeOf('user remove two@moving.example')).toBe(0)
    expect(await json('user list moving.example --deleted')).toMatchObject([
      { id, address: 'two@moving.example' },
    ])
    expect((await run('user list --deleted')).out).toContain(id)
    expect(await json(`user restore ${id}`)).toMatchObject({ id, restored: true })
    expect(await codeOf('user restore two@moving.example')).toBe('MAIL_E_NOT_FOUND')
    expect(await json('user restore two@moving.example --if-missing')).toMatchObject({ restored: false })
    await run('user remove two@moving.example')
    expect(await json('user purge two@moving.example')).toMatchObject({ purged: true })
    expect(await codeOf('user purge two@moving.example')).toBe('MAIL_E_NOT_FOUND')
    expect(await json('user purge two@moving.example --if-exists')).toMatchObject({ purged: false })
    expect(await json('user list moving.example --deleted')).toEqual([])
  })

  test('many from standard input, one JSON object a line', async () => {
    await run('domain add import.example')
    const lines = [
      { address: 'a@import.example', password: 'secret', name: 'A', quota: '1M', deny: ['pop3'] },
      { address: 'b@import.example', disabled: true, sendingLimit: '10/1h' },
      '',
      { address: 'a@import.example' },
      { address: 'nobody' },
      { address: 'c@import.example', pasword: 'x' },
      'not json',
      { address: 'c@elsewhere.example' },
      { address: 'c@import.example', deny: ['imap-s'] },
    ].map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
    const first = await run('user import --json', lines.join('\n'))
    expect(first.exitCode).toBe(1)
    const outcomes = (JSON.parse(first.out) as { line: number; outcome: string }[]).map(
      ({ line, outcome }) => `${line} ${outcome}`,
    )
    expect(outcomes).toEqual([
      '1 added',
      '2 added',
      '4 exists',
      '5 failed',
      '6 failed',
      '7 failed',
      '8 failed',
      '9 failed',
    ])
    expect(first.out).toContain('nobody listens in the role \\"imap-s\\"')
    expect(await codeOf('user show c@import.example')).toBe('MAIL_E_NOT_FOUND')
    expect(await json('user show a@import.example')).toMatchObject({ name: 'A', quotaBytes: 2 ** 20 })
    expect(await json('user show b@import.example')).toMatchObject({ disabled: true })
    const good = lines.slice(0, 2).join('\n')
    expect(await run('user import', good)).toMatchObject({ exitCode: 1 })
    expect(await run('user import --if-missing', good)).toMatchObject({
      exitCode: 0,
      out: 'added 0, existing 2, failed 0\n',
    })
  })
})

test('an import brings hashes along, and takes none for a password', async () => {
  await run('domain add hashes.example')
  const hash = '{PLAIN-MD5}5ebe2294ecd0e0f08eab7690d2a6ee69'
  const lines = [
    { address: 'a@hashes.example', hash },
    { address: 'b@hashes.example', hash: '{SSHA}xx' },
    { address: 'c@hashes.example', password: hash },
    { address: 'd@hashes.example', password: '{SHA512-CRYPT}$6$x$y' },
    { address: 'e@hashes.example', password: '$y$j9T$x$y' },
    { address: 'f@hashes.example', password: 'x', hash },
    { address: 'g@hashes.example', password: '{but no scheme' },
  ]
  const { out, exitCode } = await run('user import', lines.map((line) => JSON.stringify(line)).join('\n'))
  expect(exitCode).toBe(1)
  expect(out).toMatch(/^line 2: b@hashes\.example the hash is of no scheme/m)
  expect(out.match(/^line [345]: .*password: looks like a hash/gm)).toHaveLength(3)
  expect(out).toMatch(/^line 6: f@hashes\.example a hash stands in place of a password/m)
  expect(out).toMatch(/added 2, existing 0, failed 5\n$/)
})

describe('app passwords', () => {
  test('printed once, listed without the secret, revoked', async () => {
    await run('domain add app.example')
    await run('user add me@app.example')
    const added = (await json("user app-password add me@app.example 'My phone' --for imap,submission")) as {
      secret: string
    }
    expect(added).toMatchObject({ name: 'My phone', roles: ['imap', 'submission'], added: true })
    expect((await run('user app-password add me@app.example other')).out).toMatch(
      /^[2-9a-z]{6}(-[2-9a-z]{6}){3}\n$/,
    )
    expect(await codeOf("user app-password add me@app.example 'my PHONE'")).toBe('MAIL_E_EXISTS')
    const again = await run("user app-password add me@app.example 'My phone' --if-missing")
    expect(again).toMatchObject({ exitCode: 0, out: 'exists already: My phone\n' })
    const listed = await run('user app-password list me@app.example --json')
    expect(JSON.parse(listed.out)).toMatchObject([{ name: 'My phone' }, { name: 'other', roles: [] }])
    expect(listed.out).not.toContain(added.secret)
    expect((await run('user app-password list me@app.example')).out).toMatch(
      /My phone\s+imap, submission\s.*never/,
    )
    expect(await codeOf('user app-password remove me@app.example other')).toBe(0)
    expect(await codeOf('user app-password remove me@app.example other')).toBe('MAIL_E_NOT_FOUND')
    expect(await json('user app-password remove me@app.example other --if-exists')).toMatchObject({
      removed: false,
    })
    expect(await codeOf('user app-password add me@app.example x --for telnet')).toBe('MAIL_E_INVALID')
  })

  test('a given secret is not printed', async () => {
    const secret = '0123456789abcdefghij'
    const given = await run('user app-password add me@app.example given --secret-stdin --json', `${secret}\n`)
    expect(given).toMatchObject({ exitCode: 0 })
    expect(given.out).not.toContain(secret)
    expect(await codeOf('user app-password add me@app.example weak --secret-stdin', 'short\n')).toBe(
      'MAIL_E_INVALID',
    )
  })
})

describe('aliases and the audit trail', () => {
  test('an alias that ends', async () => {
    await run('domain add alias.example')
    expect(await codeOf('alias add shop@alias.example me@elsewhere.example --expires 90d')).toBe(0)
    expect(await json('alias list alias.example')).toMatchObject([
      { alias: 'shop@alias.example', expiring: [{ target: 'me@elsewhere.example', expired: false }] },
    ])
    expect((await run('alias list alias.example')).out).toMatch(/me@elsewhere\.example \(until 2\d{3}-/)
    expect(await codeOf('alias add a@alias.example me@elsewhere.example --expires 2001-01-01')).toBe(
      'MAIL_E_INVALID',
    )
    expect(await codeOf('alias add a@alias.example me@elsewhere.example --expires soon')).toBe('usage')
  })

  test('an alias leads to somebody else', async () => {
    await run('domain add circle.example')
    await run('domain add other.example --alias-of circle.example')
    expect(await codeOf('alias add a@circle.example A@other.example')).toBe('MAIL_E_INVALID')
    expect(await codeOf('alias add a@circle.example a@circle.example')).toBe('MAIL_E_INVALID')
    expect(await codeOf('alias add b@circle.example c@circle.example')).toBe(0)
    expect(await codeOf('alias add c@circle.example d@circle.example')).toBe(0)
    expect(await codeOf('alias add d@circle.example b@circle.example')).toBe('MAIL_E_INVALID')
    expect(await codeOf('alias add d@circle.example me@else.example')).toBe(0)
    // Somebody is at the end of the way, whatever goes round beside it.
    expect(await codeOf('alias add d@circle.example b@circle.example')).toBe(0)
    expect(await codeOf('alias add d@circle.example d@circle.example')).toBe(0)
    // The account may come later.
    expect(await codeOf('alias add @circle.example later@circle.example')).toBe(0)
  })

  test('lists of a domain that is not ours', async () => {
    await run('domain add listed.example')
    for (const list of ['user list', 'alias list']) {
      expect(await codeOf(`${list} nosuch.example`)).toBe('MAIL_E_NOT_FOUND')
      expect(await codeOf(`${list} 'no domain'`)).toBe('MAIL_E_INVALID')
      expect(await json(`${list} Listed.Example`)).toEqual([])
    }
    expect(await json('user list nosuch.example --deleted')).toEqual([])
  })

  test('who changed what, by subject and time', async () => {
    await run('domain add audit.example')
    await run('user add me@audit.example --password-stdin', 'very secret\n')
    await run('user quota me@audit.example 5M')
    const all = await run('audit list --subject ME@audit.example --json')
    expect(JSON.parse(all.out)).toMatchObject([
      {
        action: 'account.add',
        subject: 'me@audit.example',
        actor: expect.stringMatching(/^cli:./) as unknown,
      },
      { action: 'account.quota', detail: { quotaBytes: 5 * 2 ** 20 } },
    ])
    expect(all.out).not.toContain('very secret')
    expect((await run('audit list --subject audit.example --since 1h')).out).toMatch(/cli:\S+\s+domain\.add/)
    expect(await json('audit list --since 2100-01-01')).toEqual([])
    expect(await json('audit list --limit 1')).toHaveLength(1)
    for (const line of ['audit list --since whenever', 'audit list --limit few'])
      expect(await codeOf(line), line).toBe('usage')
    expect(await codeOf("audit list --subject ' '")).toBe('MAIL_E_INVALID')
  })
})
