import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../free-port.ts'

/** Postfix's smtp-sink(1), which takes mail and misbehaves as it is told. */
export interface SmtpSink extends AsyncDisposable {
  readonly port: number
  /** What it took: `X-Client-Addr:` and the like, the envelope, and the message. */
  messages(): Promise<readonly string[]>
}

/** Starts one with these options. Each message it begins to take is a file; those that it did not get to the end stay empty or short. */
export async function startSmtpSink(options: readonly string[]): Promise<SmtpSink> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-sink-'))
  await chmod(folder, 0o777)
  const port = await freePort()
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn(
    '/usr/sbin/smtp-sink',
    [...user, ...options, '-d', `${folder}/message.`, `127.0.0.1:${port}`, '100'],
    { stdio: 'ignore' },
  )
  const ended = once(child, 'exit')
  await accepting(port)
  return {
    port,
    async messages() {
      const names = await readdir(folder)
      return Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')))
    },
    async [Symbol.asyncDispose]() {
      child.kill()
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function accepting(port: number): Promise<void> {
  for (let count = 0; count < 100; count++) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await pause(50)
  }
  throw new Error('smtp-sink does not listen')
}
