#!/usr/bin/env -S node --max-semi-space-size=8 --initial-old-space-size=64
// The `mailwright` command. In the published package it loads the compiled sources; in a clone it runs the TypeScript
// sources as they are, under the `node` devDependency where the machine's own Node.js is too old for that.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('./main.ts', import.meta.url))
// `sendmail` has a way of its own, which loads a tenth of the rest: what a link to this file is called says so, too.
const sendmailSource = fileURLToPath(new URL('./sendmail/main.ts', import.meta.url))
const sendmail = sendmailWords()
// What is young is given 24 MiB at most, and not 48 that stay: thousands of idle connections take half the memory. What is old has 64
// before all of it is looked through: with less, a small server does that all the time as soon as it has large messages.
const memory = ['--max-semi-space-size=8', '--initial-old-space-size=64']
// Sources that were compiled once need not be compiled at the next start: a third of the time and 8 MiB less.
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/mailwright', import.meta.url))
// Deliveries wait for the disk in these threads: with Node's four, no more than four of them sync a file at the same time, and a
// journal would commit many at once.
process.env.UV_THREADPOOL_SIZE ??= '20'
// Node.js would open its debugger at the one, and end at the other. What runs in this process may take them for itself.
for (const signal of ['SIGUSR1', 'SIGUSR2']) process.on(signal, () => undefined)
const bundledNode = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url))
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const recentEnough = major > 22 || (major === 22 && minor >= 18)

if (existsSync(source)) runSources()
else if (!recentEnough) tooOld()
else if (sendmail === undefined) await import('../../dist/core/cli/main.js')
else await (await import('../../dist/core/cli/sendmail/process.js')).sendmailProcess(...sendmail)

/** The name and the words of `sendmail`, `mailq` or `newaliases`; undefined for every other command. */
function sendmailWords() {
  const [program = '', ...words] = process.argv.slice(1)
  const name = basename(program)
  if (name === 'sendmail' || name === 'mailq' || name === 'newaliases') return [name, words]
  return words[0] === 'sendmail' ? ['sendmail', words.slice(1)] : undefined
}

function runSources() {
  const node = recentEnough ? process.execPath : bundledNode
  if (!existsSync(node)) return tooOld()
  const script =
    sendmail === undefined ? [source, ...process.argv.slice(2)] : [sendmailSource, ...sendmail.flat()]
  const argv = [...memory, '--disable-sigusr1', '--conditions=mailwright-source', ...script]
  const env = { NODE_COMPILE_CACHE: compileCache, ...process.env }
  const child = spawn(node, argv, { stdio: 'inherit', env })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)
  })
}

function tooOld() {
  process.stderr.write(`mailwright needs Node.js 22.18 or later; this is ${process.versions.node}\n`)
  process.exitCode = 1
}
