import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { sendMail } from '../support/mail.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { projectFolder } from '../support/project-files.ts'
import { type Finished, runProcess } from '../support/run-process.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

// Two servers and a delivery agent on one data folder: each change is seen in every process, and its hooks run in one.

// Writes down what its process learns: of a mailbox from the notifier, of its own changes from a hook.
const witness = `
import { appendFileSync } from 'node:fs'
import { accounts, definePlugin, noOptions, notifier } from 'mailwright'

export default definePlugin({
  name: 'witness',
  requires: [accounts, notifier],
  parseOptions: noOptions,
  setup({ hooks, use, dataDir }) {
    const note = (fact) => appendFileSync(dataDir + '/seen.jsonl', JSON.stringify({ pid: process.pid, ...fact }) + '\\n')
    hooks.retrieval.messageStored.tap('note', async ({ mailbox }) => note({ hook: mailbox }))
    return {
      async serve() {
        const { account } = await use(accounts).resolve({ localPart: 'jo', domain: 'example.org' })
        use(notifier).subscribe('mailbox:' + account.id, (hint) => note({ hint }))
      },
    }
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
import smtp from 'mailwright/plugins/smtp'
import witness from './witness.mjs'

export default defineConfig({
  dataDir: 'data',
  plugins: [
    localNotifier(),
    accountsFile({ file: 'accounts.txt' }),
    maildir(),
    localDelivery(),
    queue(),
    smtp({ role: 'transfer', host: '127.0.0.1', port: 0 }),
    witness(),
  ],
})
`

interface Seen {
  readonly pid: number
  readonly hook?: string
  readonly hint?: { readonly mailbox?: string; readonly cause?: string; readonly missed?: boolean }
}

let project: TemporaryProject
let first: ServerProcess
let second: ServerProcess

beforeAll(async () => {
  project = await temporaryProject({
    'mailwright.config.ts': config,
    'witness.mjs': witness,
    'data/accounts.txt': '@example.org\njo@example.org:\n',
  })
  first = await startServer(project.folder)
  second = await startServer(project.folder)
})

afterAll(async () => {
  await first?.kill()
  await second?.stop()
  await project?.[Symbol.asyncDispose]()
})

async function seen(): Promise<readonly Seen[]> {
  const text = await readFile(join(project.folder, 'data/seen.jsonl'), 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Seen)
}

/** How many deliveries into INBOX a process was told of. */
async function told(pid: number): Promise<number> {
  const hints = (await seen()).filter((each) => each.pid === pid).flatMap(({ hint }) => hint ?? [])
  return hints.filter(({ mailbox, cause }) => mailbox === 'INBOX' && cause === 'delivery').length
}

const soon = (check: () => Promise<unknown>) => vi.waitFor(check, { timeout: 5_000, interval: 20 })

function deliver(): Promise<Finished> {
  const words = [`${projectFolder}/core/cli/launch.mjs`, 'deliver', 'jo@example.org']
  return runProcess('node', words, { folder: project.folder, stdin: 'Subject: hello\n\nHello.\n' })
}

test('what comes by SMTP into one server is seen in the other', async () => {
  const reply = await sendMail(first.port('smtp'), {
    to: 'jo@example.org',
    text: 'Subject: hello\n\nHello.\n',
  })
  expect(reply).toMatch(/^250/)
  await soon(async () => expect([await told(first.pid), await told(second.pid)]).toEqual([1, 1]))
  expect((await seen()).filter(({ hook }) => hook !== undefined)).toEqual([{ pid: first.pid, hook: 'INBOX' }])
})

test('what a delivery agent stores is seen in both, though it ends at once', async () => {
  expect(await deliver()).toMatchObject({ code: 0, stderr: '' })
  await soon(async () => expect([await told(first.pid), await told(second.pid)]).toEqual([2, 2]))
  const hooks = (await seen()).filter(({ hook }) => hook !== undefined).map(({ pid }) => pid)
  expect(hooks).toHaveLength(2)
  expect(hooks.filter((pid) => pid === second.pid)).toEqual([])
  expect(new Set(hooks).size).toBe(2)
})

test('the other server goes on where the first is killed', async () => {
  const missed = async () =>
    (await seen()).filter(({ pid, hint }) => pid === second.pid && hint?.missed === true).length
  const before = await missed()
  await first.kill()
  await soon(async () => expect(await missed()).toBeGreaterThan(before))
  expect(await deliver()).toMatchObject({ code: 0, stderr: '' })
  await soon(async () => expect(await told(second.pid)).toBe(3))
})
