import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { dropNameKind } from '../../core/formats/drop-file.ts'
import { temporaryProject } from '../support/project.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { dropMessage } from '../support/smtp/drop.ts'

const messages = 150
const concurrency = 8

const config = `
  import localDelivery from 'mailwright/plugins/local-delivery'
  import maildir from 'mailwright/plugins/maildir'
  import { memoryAccounts, memoryQueue } from 'mailwright/plugins/memory'
  import pickup from 'mailwright/plugins/pickup'

  export default {
    hostname: 'mail.example.org',
    dataDir: 'data',
    workers: 2,
    plugins: [
      memoryAccounts({ accounts: [{ address: 'anna@example.org' }] }),
      maildir(),
      localDelivery(),
      memoryQueue(),
      pickup({ concurrency: ${concurrency}, pollInterval: 200 }),
    ],
  }
`

/** The subjects of all messages that were delivered. */
async function subjects(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const delivered = entries.filter((entry) => entry.isFile() && /\/(new|cur)$/.test(entry.parentPath))
  const texts = await Promise.all(
    delivered.map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')),
  )
  return texts.map((text) => /^Subject: (\d+)\r$/m.exec(text)?.[1] ?? 'none')
}

test('a server that is killed while it takes messages loses none of them', async () => {
  await using project = await temporaryProject({ 'mailwright.config.ts': config })
  const [drop, mail] = [join(project.folder, 'data/drop'), join(project.folder, 'data')]
  let server: ServerProcess = await startServer(project.folder)
  await server.stop()
  for (let number = 0; number < messages; number += 1)
    await dropMessage(drop, { sender: 'a@client.example' }, `Subject: ${number}\n\nhello\n`)
  const left = async () => {
    const entries = await readdir(drop, { recursive: true })
    return entries.filter((entry) => dropNameKind(entry.split('/').at(-1) ?? '') === 'whole')
  }
  const kills = 2
  for (let kill = 1; kill <= kills; kill += 1) {
    server = await startServer(project.folder)
    await vi.waitFor(
      async () => expect(new Set(await subjects(mail)).size).toBeGreaterThanOrEqual((kill * messages) / 5),
      { timeout: 30_000, interval: 5 },
    )
    await server.kill()
  }
  server = await startServer(project.folder)
  try {
    await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 30_000, interval: 50 })
  } finally {
    await server.stop()
  }
  const delivered = await subjects(mail)
  expect([...new Set(delivered)].sort((one, other) => Number(one) - Number(other))).toEqual(
    Array.from({ length: messages }, (_, number) => String(number)),
  )
  // Twice at most what was under way at a kill.
  expect(delivered.length - messages).toBeLessThanOrEqual(kills * 2 * concurrency)
  expect((await readdir(join(drop, 'failed'))).concat(await readdir(join(drop, 'settled')))).toEqual([])
})
