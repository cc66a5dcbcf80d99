import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { sendMail } from '../support/mail.ts'
import { temporaryProject } from '../support/project.ts'
import { projectFolder } from '../support/project-files.ts'
import { environment } from '../support/run-process.ts'

const config = `
  import memory from 'mailwright/plugins/memory'
  import localDelivery from 'mailwright/plugins/local-delivery'
  import smtp from 'mailwright/plugins/smtp'
  import { definePlugin, noOptions } from 'mailwright'

  const careless = definePlugin({
    name: 'careless',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.envelope.checkSender.tap('throw-later', async () => {
        setTimeout(() => { throw new Error('thrown in a timer') }, 1)
        return undefined
      })
    },
  })

  export default {
    plugins: [
      memory({ domains: ['here.example'], accounts: [{ address: 'me@here.example', password: 'secret-word' }] }),
      localDelivery(),
      careless(),
      smtp({ port: 0 }),
    ],
  }
`

/** The port that the server tells people; 0 where it ends before. */
async function portSaid({ stdout }: ChildProcess): Promise<number> {
  if (stdout === null) return 0
  for await (const line of createInterface({ input: stdout })) {
    const port = Number(/127\.0\.0\.1 port (\d+)/.exec(line)?.[1] ?? 0)
    if (port > 0) return port
  }
  return 0
}

test('a log on a full disk keeps nobody from starting, nor from serving', async () => {
  await using project = await temporaryProject({ 'mailwright.config.ts': config })
  await using full = await open('/dev/full', 'w')
  const main = join(projectFolder, 'core/cli/main.ts')
  const child = spawn(process.execPath, ['--conditions=mailwright-source', main, 'start'], {
    cwd: project.folder,
    env: environment(),
    stdio: ['ignore', 'pipe', full.fd],
  })
  const ended = once(child, 'exit')
  try {
    const port = await portSaid(child)
    const mail = { to: 'me@here.example', from: 'you@else.example', text: 'Subject: x\n\n' }
    for (let message = 0; message < 30; message++) expect(await sendMail(port, mail)).toMatch(/^250 /)
  } finally {
    child.kill('SIGTERM')
  }
  expect(await ended).toEqual([0, null])
})
