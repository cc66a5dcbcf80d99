import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import packageFile from 'mailwright/package.json' with { type: 'json' }
import memory from 'mailwright/plugins/memory'
import { createTestHost } from 'mailwright/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from './support/command-line.ts'
import { type DatabaseUnderTest, databaseUnderTest } from './support/database-under-test.ts'
import { type TemporaryProject, temporaryProject } from './support/project.ts'

let project: TemporaryProject
let underTest: DatabaseUnderTest

const config = (databaseCall: string) => `
  import accountsSql from 'mailwright/plugins/accounts-sql'
  import database from 'mailwright/plugins/database'
  import localDelivery from 'mailwright/plugins/local-delivery'
  import maildir from 'mailwright/plugins/maildir'
  import queue from 'mailwright/plugins/queue'
  const greeter = {
    definition: {
      name: 'greeter',
      parseOptions: () => ({}),
      setup: () => undefined,
      commands: () => [{
        name: 'queue greet',
        summary: 'says hello to the queue',
        run: async () => ({ json: {}, text: 'hello queue' }),
      }, {
        name: 'greet',
        summary: 'says hello',
        arguments: [{ name: 'whom', summary: 'a name' }],
        options: [{ flags: '--loud', summary: 'in capitals' }],
        run: async (said) => {
          const text = 'hello ' + said.arguments[0]
          return { json: { text }, text: said.options.loud ? text.toUpperCase() : text }
        },
      }],
    },
    options: {},
    as: undefined,
  }
  export default {
    dataDir: 'data',
    plugins: [${databaseCall}, accountsSql(), maildir(), localDelivery(), queue(), greeter, { ...greeter, as: 'second' }],
  }
`

beforeAll(async () => {
  underTest = await databaseUnderTest()
  project = await temporaryProject({ 'mailwright.config.ts': config(underTest.call) })
})

afterAll(async () => {
  await project[Symbol.asyncDispose]()
  await underTest[Symbol.asyncDispose]()
})

const run = (argv: readonly string[], stdin = '') => runCommand(project.folder, argv, stdin)

/** The one message of a domain, with LF line ends. */
async function messageIn(domain: string): Promise<string> {
  const folder = join(project.folder, 'data')
  const names = await readdir(folder, { recursive: true })
  const name = names.find((each) => each.includes(`/${domain}/`) && each.includes('/cur/')) ?? ''
  return (await readFile(join(folder, name), 'latin1')).replaceAll('\r\n', '\n')
}

describe('administration', () => {
  test('domains: added, listed, tolerated, removed', async () => {
    expect(await run(['domain', 'add', 'Example.ORG'])).toMatchObject({
      exitCode: 0,
      out: 'added example.org\n',
    })
    expect(await run(['domain', 'add', 'example.org'])).toMatchObject({ exitCode: 'MAIL_E_EXISTS' })
    const again = await run(['domain', 'add', 'example.org', '--if-missing', '--json'])
    expect(JSON.parse(again.out)).toEqual({ domain: 'example.org', added: false })
    expect((await run(['domain', 'list'])).out).toBe('example.org\n')
    expect(await run(['domain', 'remove', 'nowhere.example'])).toMatchObject({ exitCode: 'MAIL_E_NOT_FOUND' })
    expect(await run(['domain', 'remove', 'nowhere.example', '--if-exists'])).toMatchObject({ exitCode: 0 })
    expect(await run(['domain', 'add', 'no domain'])).toMatchObject({ exitCode: 'usage' })
  })

  test('users: a password from standard input, a quota, a list, removal', async () => {
    await run(['domain', 'add', 'users.example'])
    const added = await run(
      ['user', 'add', 'me@users.example', '--password-stdin', '--quota', '2M', '--name', 'My Name'],
      'secret\n',
    )
    expect(added).toMatchObject({ exitCode: 0, out: 'added me@users.example\n' })
    const [account] = JSON.parse((await run(['user', 'list', 'users.example', '--json'])).out) as Record<
      string,
      unknown
    >[]
    expect(account).toMatchObject({
      address: 'me@users.example',
      name: 'My Name',
      quotaBytes: 2 * 1024 * 1024,
    })
    expect(await run(['user', 'quota', 'me@users.example', 'none'])).toMatchObject({ exitCode: 0 })
    expect((await run(['user', 'list', 'users.example'])).out).toMatch(/me@users\.example\s+My Name\s+none/)
    expect(await run(['user', 'passwd', 'me@users.example'])).toMatchObject({ exitCode: 'usage' })
    expect(await run(['user', 'passwd', 'me@users.example', '--password-stdin'], 'other\n')).toMatchObject({
      exitCode: 0,
    })
    for (const unusable of ['tab\tpw\n', 'nul\0\n', 'bidi\u200e\n'])
      expect(await run(['user', 'passwd', 'me@users.example', '--password-stdin'], unusable)).toMatchObject({
        exitCode: 'MAIL_E_INVALID',
      })
    expect(await run(['user', 'quota', 'me@users.example', 'much'])).toMatchObject({ exitCode: 'usage' })
    expect(await run(['user', 'add', 'not an address'])).toMatchObject({ exitCode: 'usage' })
    expect(await run(['user', 'remove', 'me@users.example'])).toMatchObject({ exitCode: 0 })
    expect(await run(['user', 'remove', 'me@users.example'])).toMatchObject({ exitCode: 'MAIL_E_NOT_FOUND' })
  })

  test('aliases and catch-alls', async () => {
    await run(['domain', 'add', 'alias.example'])
    await run(['user', 'add', 'me@alias.example'])
    expect(await run(['alias', 'add', 'info@alias.example', 'me@alias.example'])).toMatchObject({
      exitCode: 0,
    })
    expect(await run(['alias', 'add', '@alias.example', 'me@alias.example'])).toMatchObject({ exitCode: 0 })
    expect(JSON.parse((await run(['alias', 'list', 'alias.example', '--json'])).out)).toEqual([
      { alias: '@alias.example', targets: ['me@alias.example'], expiring: [] },
      { alias: 'info@alias.example', targets: ['me@alias.example'], expiring: [] },
    ])
    expect(await run(['alias', 'remove', '@alias.example'])).toMatchObject({ exitCode: 0 })
    expect(await run(['alias', 'remove', '@alias.example', '--if-exists'])).toMatchObject({ exitCode: 0 })
  })
})

describe('deliver and trace', () => {
  test('a message from standard input gets into the mailbox, and the trace tells how', async () => {
    await run(['domain', 'add', 'deliver.example'])
    await run(['user', 'add', 'me@deliver.example'])
    const message = 'From sender@example.net Mon Nov 23 00:00:00 2026\nSubject: hi\n\nbody\n'
    const done = await run(['deliver', 'me@deliver.example', '-f', 'sender@example.net', '--json'], message)
    expect(done.exitCode).toBe(0)
    const { id, delivered } = JSON.parse(done.out) as { id: string; delivered: boolean }
    expect(delivered).toBe(true)
    const traced = await run(['trace', id])
    expect(traced.out).toContain('sender@example.net')
    expect(traced.out).toMatch(/delivered .*into INBOX/)
    const entries = JSON.parse((await run(['trace', id, '--json'])).out) as { verb: string }[]
    expect(entries.map((entry) => entry.verb)).toEqual(
      expect.arrayContaining(['connected', 'sender', 'recipient', 'delivered', 'accepted']),
    )
    await run(['deliver', 'me@deliver.example', '-f', 'other@example.net'], message)
    const found = await run(['trace', '--text', 'me@deliver.example', '--since', '1h'])
    expect(found.exitCode).toBe(0)
    // Each session under a heading of its own.
    expect(found.out.match(/^\d{4}-.* {2}session \w+$/gm)).toHaveLength(2)
    expect(await run(['trace', 'nothing-like-it'])).toMatchObject({ exitCode: 'MAIL_E_NOT_FOUND' })
    expect(await run(['trace'])).toMatchObject({ exitCode: 'usage' })
    expect(await run(['trace', '--text', 'x', '--since', 'whenever'])).toMatchObject({ exitCode: 'usage' })
  })

  test.each([
    ['no-header', '', 'The disk of db1 is full.\nPlease look at it.\n'],
    ['no-fold', '', ' evil\nSubject: x\n\nbody\n'],
    ['no-field', 'Subject: x\n', 'stray\nFrom: me\n'],
  ])('text is no part of the fields that are put on top: %s', async (name, fields, text) => {
    await run(['domain', 'add', `${name}.example`])
    await run(['user', 'add', `me@${name}.example`])
    expect(await run(['deliver', `me@${name}.example`], fields + text)).toMatchObject({ exitCode: 0 })
    expect(await messageIn(`${name}.example`)).toBe(
      `Return-Path: <>\nDelivered-To: me@${name}.example\n${fields}\n${text}`,
    )
  })

  test('what strangers say is one line of a trace, whatever is in it', async () => {
    await using host = await createTestHost({
      plugins: [memory()],
      dataDir: join(project.folder, 'data'),
    })
    const ends = { local: { address: '192.0.2.9', port: 143 }, remote: { address: '192.0.2.1', port: 4000 } }
    const session = host.flow.openSession({ role: 'imap', ...ends })
    await session.login({ mechanism: 'LOGIN', login: 'forger\n   +0.001s  logged-in  boss\x1b[2J' }, 'x')
    session.close()
    await host.stop()
    const { out } = await run(['trace', '--text', 'forger'])
    expect(out).toContain('forger\\x0a   +0.001s  logged-in  boss\\x1b[2J')
  })

  test('exit codes of a delivery agent: 1 for never, 65 for what is no message, 75 for later', async () => {
    const withNul = await run(['deliver', 'me@deliver.example'], 'Subject: x\n\na\0b\n')
    expect(withNul).toMatchObject({ exitCode: 65 })
    expect(withNul.err).toContain('554 5.6.0')
    expect(await run(['deliver', 'nobody@deliver.example'], 'x\n')).toMatchObject({ exitCode: 1 })
    expect((await run(['deliver', 'nobody@deliver.example'], 'x\n')).err).toContain('550 5.1.1')
    expect(await run(['deliver', 'someone@elsewhere.example'], 'x\n')).toMatchObject({ exitCode: 1 })
  })
})

describe('the rest', () => {
  test('check says what would wait for nobody', async () => {
    const plugins = [
      "import localDelivery from 'mailwright/plugins/local-delivery'",
      "import memory from 'mailwright/plugins/memory'",
      "import relay from 'mailwright/plugins/relay'",
    ]
    const config = `${plugins.join('\n')}\nexport default { plugins: [memory(), localDelivery(), relay()] }\n`
    await project.write('no-way.ts', config)
    const { out } = await run(['check', '--config', 'no-way.ts'])
    expect(out).toMatch(
      / is good\.\nBut relay leads mail to other hosts, .* \(add the plugin "smtp-out"\)\.\n/,
    )
  })

  test('check prints plugins and taps', async () => {
    const { out } = await run(['check'])
    expect(out).toContain('database, accounts-sql, maildir, local-delivery, queue, greeter, second')
    expect(out).toMatch(/envelope\.claimRecipient\s+claim\s+local-delivery\/local-address/)
    expect(JSON.parse((await run(['check', '--json'])).out)).toMatchObject({
      plugins: expect.arrayContaining(['queue']) as unknown,
    })
  })

  test('the queue has nothing that waits', async () => {
    expect((await run(['queue', 'list'])).out).toBe('the queue is empty\n')
    expect((await run(['queue', 'flush'])).exitCode).toBe(0)
    for (const verb of ['show', 'hold', 'release', 'delete', 'flush']) {
      expect(await run(['queue', verb, 'no-such-id'])).toMatchObject({ exitCode: 'MAIL_E_NOT_FOUND' })
    }
  })

  test("a plugin's command", async () => {
    expect(await run(['greet', 'you'])).toMatchObject({ exitCode: 0, out: 'hello you\n' })
    expect(await run(['queue', 'greet'])).toMatchObject({ exitCode: 0, out: 'hello queue\n' })
    expect(await run(['greet', 'you', '--loud'])).toMatchObject({ exitCode: 0, out: 'HELLO YOU\n' })
    expect(JSON.parse((await run(['greet', 'you', '--json'])).out)).toEqual({ text: 'hello you' })
    for (const instance of ['greeter', 'second'])
      expect(await run([instance, 'greet', 'you'])).toMatchObject({ exitCode: 0, out: 'hello you\n' })
  })

  test('wrong use is 2, help is 0', async () => {
    expect(await run(['no-such-command'])).toMatchObject({ exitCode: 2 })
    expect(await run(['user', 'add'])).toMatchObject({ exitCode: 2 })
    expect(await run(['user', 'add', 'me@example.org', '--no-such-option'])).toMatchObject({ exitCode: 2 })
    expect(await run(['--help'])).toMatchObject({ exitCode: 0 })
    expect((await run(['deliver', '--help'])).out).toContain(
      'mailwright deliver me@example.org < message.eml',
    )
  })

  test('wrong use is told in JSON, too, wherever --json is', async () => {
    const told = async (argv: readonly string[]) => {
      const { exitCode, out, err } = await run(argv)
      return { exitCode, out, message: (JSON.parse(err) as { error: { message: string } }).error.message }
    }
    const wrong = { exitCode: 2, out: '' }
    expect(await told(['user', 'add', '--json'])).toEqual({
      ...wrong,
      message: "missing required argument 'address'",
    })
    expect(await told(['--json', 'foo'])).toEqual({ ...wrong, message: "unknown command 'foo'" })
    expect(await told(['check', '--nope', '--json'])).toEqual({
      ...wrong,
      message: "unknown option '--nope'",
    })
    expect(await told(['user', '--json'])).toEqual({ ...wrong, message: 'a command is missing' })
    const { out } = await run(['--json', 'greet', 'you'])
    expect(JSON.parse(out)).toEqual({ text: 'hello you' })
    expect((await run(['user', 'add', '--', '--json'])).exitCode).toBe('usage')
  })

  test('the version, and where commands of plugins are', async () => {
    expect(await run(['--version'])).toEqual({ exitCode: 0, out: `${packageFile.version}\n`, err: '' })
    expect((await run(['--help'])).out).toContain('"mailwright check" names those of the config')
    expect((await run(['check'])).out).toMatch(/^greet +says hello$/m)
  })

  test('without a config a config is asked for', async () => {
    expect(await run(['check', '--config', 'not-there.ts'])).toMatchObject({
      exitCode: 'MAIL_E_CONFIG_NOT_FOUND',
    })
  })
})
