import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { projectFolder } from '../support/project-files.ts'
import { type Finished, runProcess } from '../support/run-process.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

// Mailboxes that are opened to others: a server at work, and commands of whoever runs it, each a process of its own.

// Does with mailboxes what it is told over the network, as somebody's mail client would have a server do it: each line
// is [account, call, …words] in JSON, and so is each answer.
const desk = `
import { createInterface } from 'node:readline'
import { accounts, bufferContent, definePlugin, errorCode, noOptions, readAll, store } from 'mailwright'

const message = (text) => ({ content: bufferContent(Buffer.from('Subject: ' + text + '\\r\\n\\r\\n')) })
const subject = async (mailbox, { uid }) =>
  /^Subject: (.*)$/m.exec(String(await readAll(await mailbox.content(uid))).replaceAll('\\r', ''))?.[1]

export default definePlugin({
  name: 'desk',
  requires: [accounts, store],
  parseOptions: noOptions,
  setup({ use, listen }) {
    const opened = new Map()
    const told = new Set()
    const calls = {
      list: async (mailboxes) => (await mailboxes.mailboxes()).map(({ name }) => name),
      append: async (mailboxes, name, text) => (await mailboxes.append(name, [message(text)])).uids.length,
      watch: async (mailboxes) => void (await mailboxes.watch('all', (name = 'the list') => told.add(name))),
      told: async () => [...told],
      forget: async () => told.clear(),
      open: async (mailboxes, name) => void opened.set(name, await mailboxes.openMailbox(name)),
      read: async (_, name) => {
        const mailbox = opened.get(name)
        await mailbox.refresh()
        return Promise.all(mailbox.entries.map((entry) => subject(mailbox, entry)))
      },
    }
    const answer = async (line) => {
      try {
        const [localPart, call, ...words] = JSON.parse(line)
        const { account } = await use(accounts).resolve({ localPart, domain: 'example.org' })
        return { done: await calls[call](await use(store).open(account), ...words) }
      } catch (error) {
        return { failed: errorCode(error) ?? String(error) }
      }
    }
    listen({ role: 'http', host: '127.0.0.1', port: 0 }, (socket) => {
      socket.on('error', () => undefined)
      createInterface({ input: socket }).on('line', async (line) => socket.write(JSON.stringify(await answer(line)) + '\\n'))
    })
  },
})
`

const config = `
import { defineConfig } from 'mailwright'
import accountsFile from 'mailwright/plugins/accounts-file'
import localDelivery from 'mailwright/plugins/local-delivery'
import localNotifier from 'mailwright/plugins/local-notifier'
import maildir from 'mailwright/plugins/maildir'
import queue from 'mailwright/plugins/queue'
import desk from './desk.mjs'

export default defineConfig({
  dataDir: 'data',
  plugins: [localNotifier(), accountsFile({ file: 'accounts.txt' }), maildir(), localDelivery(), queue(), desk()],
})
`

let project: TemporaryProject
let server: ServerProcess
let answers: Interface
let send: (line: string) => void

beforeAll(async () => {
  project = await temporaryProject({
    'mailwright.config.ts': config,
    'desk.mjs': desk,
    'data/accounts.txt': '@example.org\nann@example.org:\nbob@example.org:\n',
  })
  await start()
})

afterAll(async () => {
  await server?.stop()
  await project?.[Symbol.asyncDispose]()
})

async function start(): Promise<void> {
  server = await startServer(project.folder)
  const socket = connect(server.port('desk'), '127.0.0.1')
  await once(socket, 'connect')
  answers = createInterface({ input: socket })
  send = (line) => void socket.write(`${line}\n`)
}

interface Answer {
  readonly done?: unknown
  readonly failed?: string
}

/** What the server answers to an account's client. */
async function ask(user: 'ann' | 'bob', call: string, ...words: readonly string[]): Promise<Answer> {
  const answer = once(answers, 'line')
  send(JSON.stringify([user, call, ...words]))
  return JSON.parse(String((await answer)[0])) as Answer
}

function mailwright(words: readonly string[], stdin = ''): Promise<Finished> {
  const launcher = join(projectFolder, 'core/cli/launch.mjs')
  return runProcess('node', [launcher, ...words], { folder: project.folder, stdin })
}

const done = (stdout: string): Finished => ({ code: 0, stdout, stderr: '' })
const soon = (check: () => Promise<unknown>) => vi.waitFor(check, { timeout: 5_000, interval: 20 })

test('nobody has anything of others, and nothing is made for that', async () => {
  expect(await ask('bob', 'list')).toEqual({ done: ['INBOX'] })
  expect(await ask('bob', 'open', 'Shared/Team')).toEqual({ failed: 'MAIL_E_NOT_FOUND' })
  expect(await readdir(join(project.folder, 'data/mail'))).toEqual(['.locks', 'example.org'])
})

test('a public mailbox that a command makes and opens is there for clients of the running server', async () => {
  expect(await mailwright(['shared-mailbox', 'add', 'Team'])).toEqual(
    done('added Shared/Team; open it with `mailwright shared-mailbox access`\n'),
  )
  expect(await ask('bob', 'list')).toEqual({ done: ['INBOX'] })
  expect(await mailwright(['shared-mailbox', 'access', 'Team', 'ann@example.org', 'write'])).toEqual(
    done('ann@example.org  lrswipkxte\n'),
  )
  expect(await mailwright(['shared-mailbox', 'access', 'Team', 'anyone', 'read'])).toEqual(
    done('ann@example.org  lrswipkxte\nanyone           lrs\n'),
  )
  expect(await ask('bob', 'list')).toEqual({ done: ['INBOX', 'Shared/Team'] })
  expect(await ask('bob', 'open', 'Shared/Team')).toEqual({})
  await ask('bob', 'watch')
  expect(await ask('ann', 'append', 'Shared/Team', 'minutes')).toEqual({ done: 1 })
  expect(await ask('bob', 'read', 'Shared/Team')).toEqual({ done: ['minutes'] })
  await soon(async () => expect((await ask('bob', 'told')).done).toContain('Shared/Team'))
  expect(await ask('bob', 'append', 'Shared/Team', 'spam')).toEqual({ failed: 'MAIL_E_PERMISSION' })
})

test('rights that a command takes away are gone at once, in mailboxes that are open too', async () => {
  await ask('bob', 'forget')
  expect(await mailwright(['shared-mailbox', 'access', 'Team', 'anyone', 'none'])).toEqual(
    done('ann@example.org  lrswipkxte\n'),
  )
  expect(await ask('bob', 'read', 'Shared/Team')).toEqual({ failed: 'MAIL_E_NOT_FOUND' })
  expect(await ask('bob', 'list')).toEqual({ done: ['INBOX'] })
  await soon(async () => expect((await ask('bob', 'told')).done).toContain('the list'))
  expect(await ask('ann', 'append', 'Shared/Team', 'more')).toEqual({ done: 1 })
  await mailwright(['shared-mailbox', 'access', 'Team', 'bob@example.org', 'lr'])
  expect(await ask('bob', 'read', 'Shared/Team')).toEqual({ done: ['minutes', 'more'] })
})

test('a mailbox of an account that a command opens has the mail that is delivered to its owner', async () => {
  const name = 'Other Users/ann@example.org/INBOX'
  const { code, stdout } = await mailwright([
    ...['mailbox', 'access', 'ann@example.org', 'INBOX', 'bob@example.org', 'lr', '--json'],
  ])
  expect([code, JSON.parse(stdout)]).toMatchObject([
    0,
    {
      mailbox: 'INBOX',
      access: [{ identifier: 'ann@example.org' }, { identifier: 'bob@example.org', rights: 'lr' }],
    },
  ])
  expect(await mailwright(['deliver', 'ann@example.org'], 'Subject: hello\n\nHello.\n')).toEqual(done(''))
  expect(await ask('bob', 'open', name)).toEqual({})
  expect(await ask('bob', 'read', name)).toEqual({ done: ['hello'] })
  expect(await ask('bob', 'append', name, 'x')).toEqual({ failed: 'MAIL_E_PERMISSION' })
})

test('what is open outlives the server', async () => {
  await server.kill()
  await start()
  expect(await ask('bob', 'list')).toEqual({
    done: ['INBOX', 'Other Users/ann@example.org/INBOX', 'Shared/Team'],
  })
})

test('exit codes tell failures from wrong use', async () => {
  const lines = [
    'shared-mailbox access Nowhere',
    'shared-mailbox access Team nobody@example.org lr',
    'shared-mailbox access Team anyone reader',
    'shared-mailbox add a//b',
    'mailbox access ann INBOX',
  ]
  const ends = await Promise.all(lines.map((line) => mailwright(line.split(' '))))
  expect(ends.map(({ code }) => code)).toEqual([1, 1, 2, 2, 2])
  const { code, stderr } = await mailwright(['shared-mailbox', 'add', 'Team', '--json'])
  expect([code, JSON.parse(stderr)]).toMatchObject([1, { error: { code: 'MAIL_E_EXISTS' } }])
})

test('a public mailbox that a command removes is gone', async () => {
  expect(await mailwright(['shared-mailbox', 'check'])).toEqual(done('nothing is wrong\n'))
  expect(await mailwright(['shared-mailbox', 'remove', 'Team'])).toEqual(done('removed Shared/Team\n'))
  expect(await mailwright(['shared-mailbox', 'list'])).toEqual(done('there are no public mailboxes\n'))
  expect(await ask('ann', 'list')).toEqual({ done: ['INBOX'] })
  expect(await ask('ann', 'append', 'Shared/Team', 'x')).toEqual({ failed: 'MAIL_E_NOT_FOUND' })
})
