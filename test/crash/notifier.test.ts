import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { projectFolder } from '../support/project-files.ts'
import { environment } from '../support/run-process.ts'

// Whichever process is killed, the others go on hearing each other.

let dataDir = ''
const children = new Map<string, Child>()

interface Child {
  readonly process: ChildProcess
  /** What it heard of the proof, without the word that hints may have been missed. */
  readonly heard: string[]
  missed: number
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'mailwright-notifier-'))
})
afterEach(async () => {
  for (const name of [...children.keys()]) await kill(name)
  await rm(dataDir, { recursive: true, force: true })
})

async function start(name: string): Promise<void> {
  const program = join(projectFolder, 'test/crash/notifier-child.ts')
  const process = fork(program, [dataDir, name], {
    execArgv: ['--conditions=mailwright-source'],
    env: environment(),
  })
  const child: Child = { process, heard: [], missed: 0 }
  await once(process, 'message')
  process.on('message', (payload) => {
    if (typeof payload === 'string') child.heard.push(payload)
    else child.missed += 1
  })
  children.set(name, child)
}

async function kill(name: string): Promise<void> {
  const child = children.get(name)
  children.delete(name)
  if (child?.process.kill('SIGKILL')) await once(child.process, 'exit')
}

const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 30_000, interval: 20 })

function hasHeard(words: readonly string[]): void {
  for (const { heard } of children.values()) expect(heard).toEqual(expect.arrayContaining([...words]))
}

/** Waits until each hears all. */
async function meet(): Promise<void> {
  await soon(() => {
    for (const [name, { process }] of children) process.send(`${name} is here`)
    hasHeard([...children.keys()].map((name) => `${name} is here`))
  })
}

/** What everybody says is heard once by everybody, in the order in which it was said. */
async function proveOrder(round: number): Promise<void> {
  const said = Array.from({ length: 50 }, (_, number) => `round ${round} word ${number}`)
  for (const word of said) for (const [name, { process }] of children) process.send(`${word} of ${name}`)
  const last = [...children.keys()].map((name) => `${said.at(-1)} of ${name}`)
  await soon(() => hasHeard(last))
  for (const { heard } of children.values()) {
    for (const name of children.keys()) {
      const own = heard.filter((word) => word.startsWith(`round ${round} `) && word.endsWith(` of ${name}`))
      expect(own).toEqual(said.map((word) => `${word} of ${name}`))
    }
  }
}

/** The process at whose socket the others meet. */
async function hub(): Promise<string | undefined> {
  const sockets = await readFile('/proc/net/unix', 'utf8')
  // A socket keeps the name under which it was made, before it took the place of another.
  const pids = [...sockets.matchAll(/ 00010000 .* (\S+)\.(\d+)-[0-9a-f]{8}$/gm)]
    .filter(([, path]) => path === join(dataDir, 'run/notifier.sock'))
    .map(([, , pid]) => Number(pid))
  expect(pids).toHaveLength(1)
  return [...children].find(([, { process }]) => process.pid === pids[0])?.[0]
}

test('hubs that are killed under traffic have a successor each, and no hint is lost after it', async () => {
  for (const name of ['a', 'b', 'c', 'd']) await start(name)
  await meet()
  for (let round = 0; round < 5; round++) {
    await proveOrder(round)
    const before = new Map([...children].map(([name, { missed }]) => [name, missed]))
    const killed = (await hub()) ?? ''
    expect([...children.keys()]).toContain(killed)
    await kill(killed)
    // In one round a newcomer comes at the same time, in the next when all is settled.
    const coming = round % 2 === 0 ? start(`e${round}`) : undefined
    await soon(() => {
      for (const [name, { missed }] of children)
        if (before.has(name)) expect(missed).toBeGreaterThan(before.get(name) ?? 0)
    })
    await (coming ?? start(`e${round}`))
    for (const { heard } of children.values()) heard.length = 0
    await meet()
    expect(
      (await readdir(join(dataDir, 'run'))).filter((name) => !name.startsWith('notifier.sock.')),
    ).toEqual(['notifier.sock'])
  }
  await proveOrder(5)
})

test('all but one are killed in one moment, and that one hears whoever comes', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) await start(name)
  await meet()
  await Promise.all(['a', 'b', 'd', 'e'].map((name) => kill(name)))
  for (const name of ['f', 'g']) await start(name)
  await meet()
  await proveOrder(1)
})

test('what is said while the hub stands still is heard when it goes on', async () => {
  for (const name of ['a', 'b', 'c']) await start(name)
  await meet()
  const still = (await hub()) ?? ''
  const rest = [...children].filter(([name]) => name !== still)
  children.get(still)?.process.kill('SIGSTOP')
  for (const [name, { process }] of rest) process.send(`${name} meanwhile`)
  const said = rest.map(([name]) => `${name} meanwhile`)
  // Each hears itself at once.
  await soon(() => {
    for (const [index, [, { heard }]] of rest.entries()) expect(heard).toContain(said[index])
  })
  children.get(still)?.process.kill('SIGCONT')
  await soon(() => hasHeard(said))
})
