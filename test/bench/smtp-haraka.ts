import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../support/free-port.ts'
import { projectFolder } from '../support/project-files.ts'
import { environment } from '../support/run-process.ts'
import { ended, type SmtpHost, users } from './smtp-servers.ts'

const release = 'Haraka@3.3.4'

/** A Haraka of its own, installed beside the project at first, with a plugin that does for Maildirs what it has none for. */
export async function harakaSmtp(folder: string): Promise<SmtpHost> {
  const haraka = installed()
  const home = join(folder, 'haraka')
  const port = await freePort()
  for (const name of ['config', 'plugins', 'mail']) mkdirSync(join(home, name), { recursive: true })
  for (const user of users)
    for (const part of ['tmp', 'new']) mkdirSync(join(home, 'mail', user, part), { recursive: true })
  const files = {
    'config/smtp.ini': `listen=127.0.0.1:${port}\nnodes=0\n`,
    'config/me': 'mail.example.org\n',
    'config/loglevel': 'ERROR\n',
    'config/plugins': 'maildir\n',
    'plugins/maildir.js': delivery(join(home, 'mail')),
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text)
  // It has no defaults but those of its own files.
  copyFileSync(join(haraka, '../../config/connection.ini'), join(home, 'config/connection.ini'))
  const child = spawn(process.execPath, [haraka, '-c', home], { env: environment(), stdio: 'ignore' })
  await listens(port)
  return {
    name: 'haraka',
    port,
    pid: child.pid ?? 0,
    delivered: users.map((user) => join(home, 'mail', user, 'new')),
    [Symbol.asyncDispose]: () => ended(child),
  }
}

function installed(): string {
  const cache = join(projectFolder, 'node_modules/.cache/bench-haraka')
  const program = join(cache, 'node_modules/Haraka/bin/haraka')
  if (existsSync(program)) return program
  mkdirSync(cache, { recursive: true })
  const words = ['install', '--prefix', cache, '--omit=optional', '--ignore-scripts', '--no-save', release]
  const { status, stderr } = spawnSync('npm', words, { encoding: 'utf8', env: environment() })
  if (status !== 0) throw new Error(`Haraka could not be installed: ${stderr}`)
  return program
}

async function listens(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (open) return
    await pause(50)
  }
  throw new Error('Haraka does not listen')
}

/** The text of the plugin: every recipient is taken, and every message is durable before it is queued. */
function delivery(root: string): string {
  return `const { open, rename } = require('node:fs/promises')
const { buffer } = require('node:stream/consumers')
const { join } = require('node:path')
let count = 0
async function deliver(user, octets) {
  const name = Date.now() + '.' + process.pid + '_' + ++count + '.bench'
  const file = join(${JSON.stringify(root)}, user, 'tmp', name)
  const handle = await open(file, 'wx')
  await handle.write(octets)
  await handle.sync()
  await handle.close()
  const folder = join(${JSON.stringify(root)}, user, 'new')
  await rename(file, join(folder, name))
  const directory = await open(folder)
  await directory.sync()
  await directory.close()
}
exports.hook_rcpt = (next) => next(OK)
exports.hook_queue = async function (next, connection) {
  const { rcpt_to, message_stream } = connection.transaction
  const octets = await buffer(message_stream)
  await Promise.all(rcpt_to.map(({ user }) => deliver(user, octets)))
  next(OK)
}
`
}
