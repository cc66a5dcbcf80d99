import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LineClient } from '../support/line-client.ts'
import { sendMail } from '../support/mail.ts'
import { type Mariadb, requireMariadb, startMariadb } from '../support/peers/mariadb.ts'
import { createDatabase, mariadbUser } from '../support/peers/mariadb-admin.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

// A server under mail load whose database is killed, restarted, stopped or made read-only.

const peer = requireMariadb()
const known = 'me@example.test'
const senders = 12

/** Lets the senders go on until it is told to stop, and keeps what they were answered. */
class Load {
  readonly accepted: string[] = []
  /** Codes of the replies for the account, and for addresses that nobody has; 0 for a connection that broke. */
  readonly toKnown: number[] = []
  readonly toUnknown: number[] = []
  #stopped = false
  readonly #running: Promise<void>[]
  readonly #port: number
  readonly #round: string

  constructor(port: number, round: string) {
    this.#port = port
    this.#round = round
    this.#running = Array.from({ length: senders }, (_, sender) => this.#send(sender))
  }

  async #send(sender: number): Promise<void> {
    for (let number = 0; !this.#stopped; number++) {
      const subject = `${this.#round}-${sender}-${number}-end`
      const text = `Subject: ${subject}\n\n${'a line of text\n'.repeat(50)}`
      const isKnown = number % 3 !== 2
      const to = isKnown ? known : `nobody-${sender}-${number}@example.test`
      const reply = await sendMail(this.#port, { to, text }).catch(() => undefined)
      const code = Number(reply?.slice(0, 3) ?? 0)
      ;(isKnown ? this.toKnown : this.toUnknown).push(code)
      if (isKnown && code === 250) this.accepted.push(subject)
    }
  }

  /** Waits until so many more messages for the account have been answered with a code. */
  async seen(code: number, times: number): Promise<void> {
    const count = (): number => this.toKnown.filter((each) => each === code).length
    const wanted = count() + times
    await expect.poll(count, { timeout: 60_000 }).toBeGreaterThanOrEqual(wanted)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#running)
  }
}

describe.runIf(peer.available)(`a server whose database has trouble: ${peer.title}`, () => {
  let database: Mariadb
  let project: TemporaryProject
  let server: ServerProcess
  let password: string
  const accepted: string[] = []

  beforeAll(async () => {
    database = await startMariadb()
    await createDatabase(database.socketPath, 'mail')
    project = await temporaryProject({ 'mailwright.config.ts': configFor(database) })
    server = await startServer(project.folder)
    const note = await readFile(join(project.folder, 'data/first-account.txt'), 'utf8')
    password = /^password: (.*)$/m.exec(note)?.[1] ?? ''
  })

  afterAll(async () => {
    await server?.kill()
    await database?.[Symbol.asyncDispose]()
    await project?.[Symbol.asyncDispose]()
  })

  /** What the POP3 listener answers to the right password. */
  async function login(): Promise<string | undefined> {
    const client = await LineClient.open(server.port('pop3'))
    try {
      await client.line()
      client.send(`USER ${known}`)
      await client.line()
      client.send(`PASS ${password}`)
      return await client.line()
    } finally {
      client.close()
    }
  }

  /** Keeps up the load during some trouble; answers what was said meanwhile. */
  async function underLoad(round: string, trouble: (load: Load) => Promise<void>): Promise<Load> {
    const load = new Load(server.port('transfer'), round)
    try {
      await load.seen(250, 10)
      await trouble(load)
      await load.seen(250, 10)
    } finally {
      await load.stop()
    }
    accepted.push(...load.accepted)
    return load
  }

  /** Nobody gets a wrong answer, and none that would have needed the database. */
  function expectNoGuesses(load: Load): void {
    expect(load.toKnown.filter((code) => code !== 250 && code !== 451)).toEqual([])
    expect(load.toUnknown.filter((code) => code !== 550 && code !== 451)).toEqual([])
  }

  test.each([
    ['killed', () => database.kill9()],
    ['shut down', () => database.shutDown()],
  ] as const)('%s and started again: 451 and [SYS/TEMP] meanwhile, then as before', async (round, end) => {
    const load = await underLoad(round, async (running) => {
      await end()
      await running.seen(451, 2 * senders)
      expect(await login()).toMatch(/^-ERR \[SYS\/TEMP\]/)
      await database.restart()
    })
    expectNoGuesses(load)
    expect(load.toUnknown).toContain(451)
    await expect.poll(login, { timeout: 30_000 }).toMatch(/^\+OK/)
  })

  test('killed again and again: it comes back each time', async () => {
    const load = await underLoad('again', async (running) => {
      for (let time = 0; time < 3; time++) {
        await database.kill9()
        await database.restart()
        await running.seen(250, 5)
      }
    })
    expectNoGuesses(load)
  })

  test('stopped: 451 after the time that is set, and what was waiting goes on', async () => {
    const load = await underLoad('stopped', async (running) => {
      database.pause()
      await running.seen(451, senders).finally(() => database.resume())
    })
    expectNoGuesses(load)
    await expect.poll(login, { timeout: 30_000 }).toMatch(/^\+OK/)
  })

  test('stopped under a flood of sessions: memory stays bounded', async () => {
    const before = await residentMegabytes(server.pid)
    let highest = 0
    const load = await underLoad('flood', async (running) => {
      database.pause()
      try {
        const text = 'Subject: flood-end\n\nx\n'
        const send = async (to: string) =>
          (await sendMail(server.port('transfer'), { to, text }).catch(() => undefined))?.slice(0, 3)
        const toKnown = Array.from({ length: 350 }, () => send(known))
        const toOthers = Array.from({ length: 350 }, (_, number) => send(`flood-${number}@example.test`))
        await running.seen(451, senders)
        highest = await residentMegabytes(server.pid)
        // What was looked up a moment before needs no database; what was never looked up is not guessed.
        expect((await Promise.all(toKnown)).filter((code) => code !== '451' && code !== '250')).toEqual([])
        expect(new Set(await Promise.all(toOthers))).toEqual(new Set(['451']))
        highest = Math.max(highest, await residentMegabytes(server.pid))
      } finally {
        database.resume()
      }
    })
    expectNoGuesses(load)
    console.info(`resident memory: ${before.toFixed(0)} MB before, at most ${highest.toFixed(0)} MB`)
    expect(highest - before).toBeLessThan(150)
  })

  test('read-only: mail goes on, since it only asks', async () => {
    const load = await underLoad('read-only', async (running) => {
      await database.setReadOnly(true)
      await running.seen(250, 5 * senders)
      expect(await login()).toMatch(/^\+OK/)
      await database.setReadOnly(false)
    })
    expectNoGuesses(load)
    expect(load.toKnown).not.toContain(451)
  })

  test('nothing that was answered with 250 is lost, and nothing came in for nobody', async () => {
    const maildirs = join(project.folder, 'data/mail/example.test')
    expect(await readdir(maildirs)).toEqual(['me'])
    const stored = await subjects(join(maildirs, 'me/Maildir'))
    expect(accepted.length).toBeGreaterThan(100)
    expect(accepted.filter((subject) => !stored.includes(subject))).toEqual([])
    expect(await server.stop()).toBe(0)
  })
})

function configFor({ socketPath }: Mariadb): string {
  const options = {
    client: 'mysql',
    hosts: [{ socketPath }],
    ...mariadbUser,
    database: 'mail',
    // Shorter than the defaults, so that the tests are.
    connectTimeout: '2s',
    queryTimeout: '4s',
  }
  return `
    import { defineConfig } from 'mailwright'
    import accountsSql from 'mailwright/plugins/accounts-sql'
    import database from 'mailwright/plugins/database'
    import localDelivery from 'mailwright/plugins/local-delivery'
    import maildir from 'mailwright/plugins/maildir'
    import pop3 from 'mailwright/plugins/pop3'
    import queue from 'mailwright/plugins/queue'
    import smtp from 'mailwright/plugins/smtp'
    export default defineConfig({
      plugins: [
        database(${JSON.stringify(options)}),
        accountsSql({ firstAccount: { address: '${known}' } }),
        maildir(),
        localDelivery(),
        queue(),
        smtp({ role: 'transfer', port: 0, lookupClientName: false }, { as: 'transfer' }),
        pop3({ port: 0, allowPlaintextLogin: true }),
      ],
    })`
}

async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
}

/** Subjects of the messages in a Maildir's new and cur. */
async function subjects(maildir: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const folder of ['new', 'cur']) {
    for (const name of await readdir(join(maildir, folder))) {
      const text = await readFile(join(maildir, folder, name), 'utf8')
      found.push(/^Subject: (.+)\r$/m.exec(text)?.[1] ?? 'none')
    }
  }
  return found
}
