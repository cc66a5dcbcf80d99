import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { sendMail } from '../support/mail.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { readText } from '../support/project-files.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

// RFC 5321 §6.1: what was answered with 250 must not be lost, also where the server is killed at any moment.

let project: TemporaryProject
let server: ServerProcess | undefined

afterEach(async () => {
  await server?.kill()
  await project[Symbol.asyncDispose]()
})

const body = 'line after line after line after line\n'.repeat(500)

/** Sends one message after the other until the server is gone; answers the subjects that got a 250. */
async function sendUntilGone(port: number, sender: number): Promise<readonly string[]> {
  const taken: string[] = []
  for (let number = 0; ; number++) {
    const subject = `mail-${sender}-${number}-end`
    const text = `Subject: ${subject}\n\n${body}`
    const reply = await sendMail(port, { to: 'me@example.test', text }).catch(() => undefined)
    if (reply === undefined) return taken
    if (reply.startsWith('250')) taken.push(subject)
  }
}

/** Subjects of the messages in a Maildir's new and cur. Throws for a message that is not whole. */
async function subjects(maildir: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const folder of ['new', 'cur']) {
    for (const name of await readdir(join(maildir, folder))) {
      const text = await readFile(join(maildir, folder, name), 'utf8')
      const subject = /^Subject: (\S+)\r$/m.exec(text)?.[1]
      expect(text.endsWith(body.replaceAll('\n', '\r\n'))).toBe(true)
      found.push(subject ?? 'none')
    }
  }
  return found
}

test('a server that is killed under load has every message it answered with 250, whole, and starts again', async () => {
  const config = readText('config.example.ts').replaceAll(/port: \d+/g, 'port: 0')
  project = await temporaryProject({ 'mailwright.config.ts': config })
  const taken: string[] = []
  for (let round = 0; round < 4; round++) {
    const running = await startServer(project.folder)
    server = running
    const senders = Array.from({ length: 8 }, (_, sender) =>
      sendUntilGone(running.port('transfer'), round * 8 + sender),
    )
    for (let accepted = 0; accepted < 20 + round * 7; accepted++) await running.logged('accepted')
    await running.kill()
    taken.push(...(await Promise.all(senders)).flat())
  }
  expect(taken.length).toBeGreaterThan(80)
  const stored = await subjects(join(project.folder, 'data/mail/example.test/me/Maildir'))
  expect(taken.filter((subject) => !stored.includes(subject))).toEqual([])
  // At most one message of each sender was under way when the server was killed.
  expect(new Set(stored).size - taken.length).toBeLessThanOrEqual(32)
  expect(stored.length).toBe(new Set(stored).size)
})
