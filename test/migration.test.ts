import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Ran, runCommand } from './support/command-line.ts'
import { type TemporaryProject, temporaryProject } from './support/project.ts'

const config = `
  import { store } from 'mailwright'
  import accountsFile from 'mailwright/plugins/accounts-file'
  import maildir from 'mailwright/plugins/maildir'
  import { memoryStore } from 'mailwright/plugins/memory'
  import migration from 'mailwright/plugins/migration'
  const stores = {
    maildir: maildir(),
    memory: memoryStore(),
    damaged: {
      definition: {
        name: 'damaged',
        provides: [store],
        parseOptions: () => ({}),
        setup({ provide }) {
          provide(store, {
            supports: { persistent: true },
            open: async () => { throw new Error('not asked for') },
            examine: async ({ address }, { repair }) => {
              if (address.localPart === 'away') throw new Error('the disk is gone')
              if (address.localPart !== 'me') return []
              return [{ mailbox: 'INBOX', problem: 'a message has no UID', remedy: repair ? 'gave it one' : 'it gets one' }]
            },
          })
        },
      },
      options: {},
      as: undefined,
    },
  }
  export default {
    dataDir: 'data',
    plugins: [accountsFile(), stores[process.env.MAILWRIGHT_TEST_STORE ?? 'maildir'], migration()],
  }
`
const accounts = '@example.org\nme@example.org:\nyou@example.org:\ninfo@example.org => me@example.org\n'

let project: TemporaryProject

beforeEach(async () => {
  project = await temporaryProject({ 'mailwright.config.ts': config, 'data/accounts.txt': accounts })
  for (const part of ['cur', 'new', 'tmp', '.Work/cur'])
    await mkdir(join(project.folder, 'mail', part), { recursive: true })
  for (const name of ['1.host:2,S', '2.host:2,F'])
    await project.write(`mail/cur/${name}`, `Subject: ${name[0]}\n\nbody\n`)
  await project.write('mail/.Work/cur/3.host:2,', 'Subject: 3\n\nbody\n')
})
afterEach(async () => {
  delete process.env.MAILWRIGHT_TEST_STORE
  await project[Symbol.asyncDispose]()
})

const run = (words: string, stdin = ''): Promise<Ran> => runCommand(project.folder, words.split(' '), stdin)
const intoMe = 'import maildir mail --to me@example.org'

describe('import', () => {
  test('says what it would do, does it, and does it once', async () => {
    const planned = await run(`${intoMe} --dry-run`)
    expect(planned).toMatchObject({ exitCode: 0, err: '' })
    expect(planned.out).toBe(
      'INBOX: would import 2 (34 B)\nWork: would import 1 (17 B)\nwould import 3 messages (51 B) in 2 mailboxes\n',
    )
    expect(await readdir(join(project.folder, 'data'))).not.toContain('import')
    expect((await run(intoMe)).out).toBe(
      'INBOX: imported 2 (40 B)\nWork: imported 1 (20 B)\nimported 3 messages (60 B) in 2 mailboxes\n',
    )
    const again = JSON.parse((await run(`${intoMe} --json`)).out) as unknown
    expect(again).toEqual({
      mailboxes: [
        expect.objectContaining({ mailbox: 'INBOX', target: 'INBOX', imported: 0, already: 2, failed: [] }),
        expect.objectContaining({ mailbox: 'Work', imported: 0, already: 1 }),
      ],
      subscribed: 0,
      skipped: [],
    })
  })

  test('chooses mailboxes and messages, and where they go', async () => {
    const chosen = await run(`${intoMe} --into Old/Mail --exclude Work --since 2000-01-01`)
    expect(chosen.out).toMatch(/^INBOX → Old\/Mail: imported 2 /)
    expect((await run(`${intoMe} --into Old --mailboxes Wo*`)).out).toMatch(/^Work → Old\/Work: imported 1 /)
    expect((await run(`${intoMe} --since 2100-01-01`)).out).toMatch(/^INBOX: imported 0 \(0 B\), 2 older\n/)
  })

  test('names what it could not import, with exit code 1', async () => {
    await symlink('/etc/passwd', join(project.folder, 'mail/cur/4.host:2,'))
    await symlink('/', join(project.folder, 'mail/.Root'))
    const { exitCode, out } = await run(intoMe)
    expect(exitCode).toBe(1)
    expect(out).toContain('failed: INBOX, 4.host: it is a symbolic link\n')
    expect(out).toMatch(/^left out: \S*\/mail\/\.Root: symbolic links are not followed$/m)
    expect(out).toContain('imported 3 messages')
  })

  test('takes mbox files', async () => {
    await project.write('box', 'From jo@example.org Thu Jan  2 03:04:05 2020\nSubject: m\n\nbody\n')
    expect((await run('import mbox box --to you@example.org')).out).toMatch(/^INBOX: imported 1 /)
    expect((await run('import mbox box --to you@example.org')).out).toMatch(
      /^INBOX: imported 0 \(0 B\), 1 already/,
    )
  })

  test.each([
    'import maildir mail',
    'import maildir mail --to nobody',
    `${intoMe} --since yesterday`,
    `${intoMe} --into a//b`,
    'import imap host --to me@example.org',
    'import imap host --to me@example.org --user me',
    'import imap host --to me@example.org --user me --password-stdin',
    'import imap host --to me@example.org --user me --password-stdin --password-file f',
    'import imap host --to me@example.org --user me --password-stdin --tls maybe',
    'import imap host --to me@example.org --user me --password-stdin --port 70000',
    'export maildir out',
  ])('wrong use: %s', async (words) => {
    expect(await run(words)).toMatchObject({ exitCode: 'usage' })
  })

  test.each([
    ['import maildir mail --to nobody@example.org', 'MAIL_E_NOT_FOUND'],
    ['import maildir mail --to info@example.org', 'MAIL_E_NOT_FOUND'],
    ['import maildir nowhere --to me@example.org', 'MAIL_E_NOT_FOUND'],
    ['import mbox nowhere --to me@example.org', 'MAIL_E_NOT_FOUND'],
    ['import imap host --to me@example.org --user me --password-file nowhere', 'MAIL_E_NOT_FOUND'],
  ])('%s is %s', async (words, code) => {
    expect(await run(words)).toMatchObject({ exitCode: code })
  })

  test('reads a password from a file, and says where there is no server', async () => {
    await writeFile(join(project.folder, 'secret'), 'secret\nrest\n')
    const words = 'import imap 127.0.0.1 --port 1 --to me@example.org --user me --password-file secret'
    expect(await run(words)).toMatchObject({
      exitCode: 1,
      out: expect.stringMatching(/ended early: no connection to 127\.0\.0\.1:1/) as unknown,
    })
  })

  test('needs a store that outlives the command', async () => {
    process.env.MAILWRIGHT_TEST_STORE = 'memory'
    for (const words of [intoMe, 'export mbox out --from me@example.org', 'store check'])
      expect(await run(words), words).toMatchObject({ exitCode: 'MAIL_E_UNSUPPORTED' })
  })
})

describe('export', () => {
  test('writes Maildirs and mbox files, and nothing over others', async () => {
    await run(intoMe)
    expect((await run('export maildir out --from me@example.org')).out).toBe(
      'INBOX: exported 2 (40 B)\nWork: exported 1 (20 B)\nexported 3 messages (60 B) in 2 mailboxes\n',
    )
    expect(await readdir(join(project.folder, 'out/.Work/cur'))).toHaveLength(1)
    expect(await run('export maildir out --from me@example.org')).toMatchObject({ exitCode: 'MAIL_E_EXISTS' })
    expect(await run('export mbox files --from me@example.org --mailboxes Work')).toMatchObject({
      exitCode: 0,
    })
    expect(await readFile(join(project.folder, 'files/Work'), 'utf8')).toMatch(
      /^From MAILER-DAEMON .*\n(.*\n)*Subject: 3\n/,
    )
    expect(await run('export mbox files --from me@example.org')).toMatchObject({ exitCode: 'MAIL_E_EXISTS' })
    expect(await run('export mbox files --from me@example.org --force --json')).toMatchObject({ exitCode: 0 })
    expect(await run('export mbox files --from nobody@example.org')).toMatchObject({
      exitCode: 'MAIL_E_NOT_FOUND',
    })
  })
})

describe('store', () => {
  test('nothing is wrong', async () => {
    await run(intoMe)
    expect(await run('store check')).toMatchObject({ exitCode: 0, out: 'nothing is wrong (accounts: 2)\n' })
    expect(await run('store check me@example.org --json')).toMatchObject({
      exitCode: 0,
      out: `${JSON.stringify([{ address: 'me@example.org', faults: [] }], null, 2)}\n`,
    })
    expect(await run('store repair')).toMatchObject({ exitCode: 0 })
  })

  test('faults are told, and repaired', async () => {
    process.env.MAILWRIGHT_TEST_STORE = 'damaged'
    const found = await run('store check')
    expect(found.exitCode).toBe(1)
    expect(found.out).toBe(
      'account         mailbox  problem               remedy\nme@example.org  INBOX    a message has no UID  it gets one\n',
    )
    const repaired = await run('store repair me@example.org --json')
    expect(repaired.exitCode).toBe(0)
    expect(JSON.parse(repaired.out)).toMatchObject([{ faults: [{ remedy: 'gave it one' }] }])
  })

  test('one account that cannot be looked at does not keep the others from being', async () => {
    process.env.MAILWRIGHT_TEST_STORE = 'damaged'
    await project.write('data/accounts.txt', `${accounts}away@example.org:\n`)
    for (const words of ['store check', 'store repair']) {
      const { exitCode, out } = await run(words)
      expect(exitCode).toBe(1)
      expect(out).toMatch(/^away@example\.org\s+the disk is gone\s+none$/m)
      expect(out).toMatch(/^me@example\.org\s+INBOX/m)
    }
  })

  test.each([
    ['store check nobody@example.org', 'MAIL_E_NOT_FOUND'],
    ['store check nobody', 'usage'],
  ])('%s: %s', async (words, code) => {
    expect(await run(words)).toMatchObject({ exitCode: code })
  })
})
