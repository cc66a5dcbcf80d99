import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../../../test/support/command-line.ts'
import { type TemporaryProject, temporaryProject } from '../../../test/support/project.ts'

const config = `
import { defineConfig } from 'mailwright'
import accountsFile from 'mailwright/plugins/accounts-file'
import maildir from 'mailwright/plugins/maildir'

export default defineConfig({
  dataDir: 'data',
  plugins: [accountsFile({ file: 'accounts.txt' }), maildir()],
})
`

const accounts = `@example.org
ann@example.org::id=ann
bob@example.org::id=01bob
"-odd"@example.org::id=odd
`

let project: TemporaryProject

beforeAll(async () => {
  project = await temporaryProject({ 'mailwright.config.ts': config, 'data/accounts.txt': accounts })
})
afterAll(() => project[Symbol.asyncDispose]())

const run = (...words: readonly string[]) => runCommand(project.folder, words)

/** What a command prints for programs; it must be done. */
async function json(...words: readonly string[]): Promise<unknown> {
  const { exitCode, out } = await run(...words, '--json')
  expect(exitCode).toBe(0)
  return JSON.parse(out)
}

async function codeOf(...words: readonly string[]): Promise<number | string> {
  return (await run(...words)).exitCode
}

describe('shared-mailbox', () => {
  it('add, list and remove: once, or as often as wanted', async () => {
    expect((await run('shared-mailbox', 'list')).out).toBe('there are no public mailboxes\n')
    expect(await json('shared-mailbox', 'list')).toEqual([])
    expect((await run('shared-mailbox', 'add', 'Team')).out).toBe(
      'added Shared/Team; open it with `mailwright shared-mailbox access`\n',
    )
    expect(await codeOf('shared-mailbox', 'add', 'Shared/Team')).toBe('MAIL_E_EXISTS')
    const made = { mailbox: 'Shared/Team', added: false }
    expect(await json('shared-mailbox', 'add', 'Team', '--if-missing')).toEqual(made)
    expect(await json('shared-mailbox', 'add', 'Team/Minutes')).toEqual({
      mailbox: 'Shared/Team/Minutes',
      added: true,
    })
    expect((await run('shared-mailbox', 'list')).out).toBe(
      'Shared/Team: open to nobody\nShared/Team/Minutes: open to nobody\n',
    )
    expect(await json('shared-mailbox', 'remove', 'Team')).toEqual({ mailbox: 'Shared/Team', removed: true })
    expect(await codeOf('shared-mailbox', 'remove', 'Team')).toBe('MAIL_E_NOT_FOUND')
    expect((await run('shared-mailbox', 'remove', 'Team', '--if-exists')).out).toBe(
      'there was no Shared/Team\n',
    )
    expect(await codeOf('shared-mailbox', 'remove', 'Team/Minutes')).toBe(0)
    expect(await json('shared-mailbox', 'list')).toEqual([])
  })

  it('access: shows and sets lines, accounts by their addresses', async () => {
    await run('shared-mailbox', 'add', 'News')
    expect((await run('shared-mailbox', 'access', 'News')).out).toBe('Shared/News is open to nobody\n')
    expect((await run('shared-mailbox', 'access', 'News', 'anyone', 'rl')).out).toBe('anyone  lr\n')
    expect((await run('shared-mailbox', 'access', 'News', 'Bob@Example.org', 'lrswi')).out).toBe(
      'anyone           lr\nbob@example.org  lrswi\n',
    )
    await run('shared-mailbox', 'access', 'News', '--', '-ann', 'r')
    const bobs = { identifier: 'bob@example.org', rights: 'lrswi', id: '01bob' }
    const all = [
      { identifier: 'anyone', rights: 'lr' },
      bobs,
      { identifier: '-ann@example.org', rights: 'r', id: 'ann' },
    ]
    expect(await json('shared-mailbox', 'access', 'News')).toEqual({ mailbox: 'Shared/News', access: all })
    expect(await json('shared-mailbox', 'list')).toEqual([{ mailbox: 'Shared/News', access: all }])
    expect((await run('shared-mailbox', 'list')).out).toBe(
      'Shared/News: anyone lr, bob@example.org lrswi, -ann@example.org r\n',
    )
    for (const word of ['bob@example.org', '01bob'])
      expect(await json('shared-mailbox', 'access', 'News', word)).toMatchObject({ access: [bobs] })
    expect((await run('shared-mailbox', 'access', 'News', 'ann@example.org')).out).toBe(
      'no line speaks of ann@example.org\n',
    )
    await run('shared-mailbox', 'access', 'News', '--', '-ann@example.org', 'none')
    await run('shared-mailbox', 'access', 'News', '01bob', '')
    await run('shared-mailbox', 'access', 'News', 'bob@example.org', 'none')
    expect((await run('shared-mailbox', 'access', 'News', 'anyone', 'none')).out).toBe(
      'Shared/News is open to nobody\n',
    )
  })

  it('access: takes rights away from whom has none with exit code 1, since the word may be misspelt', async () => {
    await run('shared-mailbox', 'add', 'Closed')
    await run('shared-mailbox', 'access', 'Closed', 'ann@example.org', 'lr')
    expect(await run('shared-mailbox', 'access', 'Closed', 'anne@example.org', 'none')).toMatchObject({
      exitCode: 1,
      out: 'no line speaks of anne@example.org\n',
    })
    expect(await json('shared-mailbox', 'access', 'Closed', 'ANN@Example.org', 'none')).toMatchObject({
      access: [],
    })
    await run('shared-mailbox', 'remove', 'Closed')
  })

  it('access: knows sets of rights by name', async () => {
    await run('shared-mailbox', 'add', 'Named')
    for (const [word, rights] of [
      ['read', 'lrs'],
      ['post', 'lrsp'],
      ['append', 'lrsip'],
      ['delete', 'lrxte'],
      ['write', 'lrswipkxte'],
      ['all', 'lrswipkxtea'],
      ['cd', 'kxte'],
    ] as const)
      expect(await json('shared-mailbox', 'access', 'Named', 'anyone', word)).toMatchObject({
        access: [{ rights }],
      })
    expect(await json('shared-mailbox', 'access', 'Named', 'anyone', 'none')).toMatchObject({ access: [] })
  })

  it('access: "Shared" is what new mailboxes begin with', async () => {
    await run('shared-mailbox', 'access', 'Shared', 'anyone', 'lr')
    expect((await run('shared-mailbox', 'add', 'Open')).out).toBe('added Shared/Open\n')
    expect(await json('shared-mailbox', 'access', 'Open')).toMatchObject({
      access: [{ identifier: 'anyone', rights: 'lr' }],
    })
    await run('shared-mailbox', 'access', 'Shared', 'anyone', 'none')
    expect(await json('shared-mailbox', 'access', 'Open')).toMatchObject({ access: [{ rights: 'lr' }] })
  })

  it('check and repair: public mailboxes and what is opened of them', async () => {
    await run('shared-mailbox', 'add', 'Damaged')
    await run('shared-mailbox', 'access', 'Damaged', 'anyone', 'lr')
    expect(await run('shared-mailbox', 'check')).toEqual({ exitCode: 0, out: 'nothing is wrong\n', err: '' })
    const damaged = join(project.folder, 'data/mail/.shared/Maildir/.Damaged')
    await mkdir(damaged, { recursive: true })
    await writeFile(join(damaged, 'mailwright-index'), 'damaged')
    const found = await run('shared-mailbox', 'check')
    expect(found.exitCode).toBe(1)
    expect(found.out).toMatch(/^Shared\/Damaged: the index is damaged; would be repaired: .*\n$/)
    expect(await json('shared-mailbox', 'repair')).toMatchObject([{ mailbox: 'Shared/Damaged' }])
    expect(await codeOf('shared-mailbox', 'check')).toBe(0)
  })

  it('wrong words are wrong use, and nothing is made of them', async () => {
    for (const words of [
      ['add'],
      ['add', ''],
      ['add', 'INBOX'],
      ['add', 'Shared'],
      ['add', 'a//b'],
      ['add', 'x\u0007y'],
      ['remove', 'Shared/'],
      ['access', 'a//b'],
      ['access', 'News', ''],
      ['access', 'News', '--', '--x'],
      ['access', 'News', 'anyone', 'reader'],
      ['access', 'News', 'anyone', 'l r'],
      ['access', 'News', 'anyone', 'l', 'more'],
      ['list', 'more'],
    ])
      expect([2, 'UsageError', 'usage'], words.join(' ')).toContain(await codeOf('shared-mailbox', ...words))
    for (const words of [
      ['Nowhere', 'anyone', 'lr'],
      ['News', 'nobody@example.org', 'lr'],
      ['News', 'nobody', 'lr'],
      ['Nowhere'],
    ])
      expect(await codeOf('shared-mailbox', 'access', ...words), words.join(' ')).toBe('MAIL_E_NOT_FOUND')
    expect(await json('shared-mailbox', 'access', 'News')).toMatchObject({ access: [] })
  })

  it('says what it can do', async () => {
    const { exitCode, out } = await run('shared-mailbox', 'access', '--help')
    expect(exitCode).toBe(0)
    expect(out).toContain('shared-mailbox access [options] <mailbox> [identifier] [rights]')
    expect((await run('shared-mailbox', '--help')).out).toMatch(/list[\s\S]*add[\s\S]*remove[\s\S]*access/)
  })
})

describe('mailbox access', () => {
  it('opens a mailbox of an account to others, for its owner', async () => {
    const owner = { identifier: 'ann@example.org', rights: 'lrswipkxtea', id: 'ann' }
    expect(await json('mailbox', 'access', 'ann@example.org', 'INBOX')).toEqual({
      mailbox: 'INBOX',
      access: [owner],
    })
    expect((await run('mailbox', 'access', 'ann@example.org', 'inbox', 'bob@example.org', 'lr')).out).toBe(
      'ann@example.org  lrswipkxtea\nbob@example.org  lr\n',
    )
    await run('mailbox', 'access', 'ann@example.org', 'INBOX', '"-odd"@example.org', 'l')
    await run('mailbox', 'access', 'ann@example.org', 'INBOX', '--', '-"-odd"@example.org', 'l')
    expect(await json('mailbox', 'access', 'ann@example.org', 'INBOX')).toMatchObject({
      access: [
        owner,
        { id: '01bob', rights: 'lr' },
        { identifier: '"-odd"@example.org', id: 'odd' },
        { identifier: '-"-odd"@example.org', id: 'odd' },
      ],
    })
  })

  it('gives an account one line, however others have called it', async () => {
    const file = join(project.folder, 'data/mail/.sharing')
    const [lists = ''] = (await readdir(file)).filter((name) => name.startsWith('lists.'))
    expect(lists).not.toBe('')
    await run('mailbox', 'access', 'bob@example.org', 'INBOX', 'anyone', 'l')
    await run('mailbox', 'access', 'bob@example.org', 'INBOX', 'ann', 'lr')
    expect(
      await json('mailbox', 'access', 'bob@example.org', 'INBOX', 'ann@example.org', 'lrs'),
    ).toMatchObject({
      access: [{ id: '01bob' }, { identifier: 'anyone' }, { id: 'ann', rights: 'lrs' }],
    })
    expect(await json('mailbox', 'access', 'bob@example.org', 'INBOX', 'ann', 'none')).toMatchObject({
      access: [{ id: '01bob' }, { identifier: 'anyone' }],
    })
  })

  it('refuses what the owner could not do, and what is not there', async () => {
    expect(await codeOf('mailbox', 'access', 'ann@example.org', 'INBOX', 'ann', 'none')).toBe(
      'MAIL_E_INVALID',
    )
    expect(await codeOf('mailbox', 'access', 'ann@example.org', 'INBOX', 'ann@example.org', 'lr')).toBe(
      'MAIL_E_INVALID',
    )
    expect(await codeOf('mailbox', 'access', 'ann@example.org', 'Nowhere')).toBe('MAIL_E_NOT_FOUND')
    expect(await codeOf('mailbox', 'access', 'nobody@example.org', 'INBOX')).toBe('MAIL_E_NOT_FOUND')
    expect(await codeOf('mailbox', 'access', 'ann', 'INBOX')).toBe('usage')
    expect(await codeOf('mailbox', 'access', 'ann@example.org')).toBe(2)
  })
})
