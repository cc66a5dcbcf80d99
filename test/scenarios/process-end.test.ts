// How the process ends: at its start, with what plugins leave behind, and with all of its output.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { projectFolder } from '../support/project-files.ts'
import { environment, runProcess } from '../support/run-process.ts'

const main = join(projectFolder, 'core/cli/main.ts')
const argv = (...words: readonly string[]) => ['--conditions=mailwright-source', main, ...words]

let project: TemporaryProject
const children: ChildProcess[] = []

beforeEach(async () => {
  project = await temporaryProject()
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await project[Symbol.asyncDispose]()
})

/** A config of two plugins: one that tells of its steps on standard error, and one whose steps and command are given. */
async function config(lifecycle: string, more = '', settings = ''): Promise<void> {
  await project.write(
    'mailwright.config.ts',
    `
    import { definePlugin, noOptions } from 'mailwright'
    const say = (text) => process.stderr.write(text + '\\n')
    const first = definePlugin({
      name: 'first',
      parseOptions: noOptions,
      setup: () => ({ start: async () => say('first starts'), stop: async () => say('first stops') }),
    })
    const plugin = definePlugin({
      name: 'plugin',
      parseOptions: noOptions,
      setup: () => (${lifecycle}),
      ${more}
    })
    export default { plugins: [first(), plugin()], hostname: 'mail.example.org', log: { level: 'info' }, ${settings} }
  `,
  )
}

/** Starts the server; resolves when it has said this. */
async function startUntil(said: string, ...flags: readonly string[]) {
  const child = spawn(process.execPath, [...flags, ...argv('start')], {
    cwd: project.folder,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  children.push(child)
  let errors = ''
  const heard = Promise.withResolvers<void>()
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk
    if (errors.includes(said)) heard.resolve()
  })
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  await Promise.race([heard.promise, closed])
  return { child, closed, errors: () => errors }
}

test.each(['start', 'serve'])('SIGTERM while a plugin does its %s stops what has started', async (step) => {
  await config(
    `{ ${step}: () => new Promise((done) => { say('begun'); setTimeout(done, 500) }), stop: async () => say('plugin stops') }`,
  )
  const { child, closed, errors } = await startUntil('begun')
  child.kill('SIGTERM')
  expect(await closed).toEqual([0, null])
  expect(errors()).toMatch(/plugin stops\nfirst stops\n/)
  expect(errors()).not.toContain('"ready"')
})

test.each(['', 'workers: 2'])(
  'SIGHUP while the config loads is a reload once the server is there: %s',
  async (setting) => {
    await config('{}', '', setting)
    const file = join(project.folder, 'mailwright.config.ts')
    const held = `
    import cluster from 'node:cluster'
    import { existsSync } from 'node:fs'
    if (cluster.isPrimary && !existsSync('goes-on')) {
      process.stderr.write('loads')
      while (!existsSync('goes-on')) await new Promise((done) => setTimeout(done, 20))
    }
  `
    await project.write('mailwright.config.ts', `${held}${await readFile(file, 'utf8')}`)
    const { child, closed, errors } = await startUntil('loads')
    child.kill('SIGHUP')
    await project.write('goes-on', '')
    await vi.waitFor(() => expect(errors()).toMatch(/"ready"[\s\S]*"reloaded"/), { timeout: 30_000 })
    child.kill('SIGTERM')
    expect(await closed).toEqual([0, null])
  },
  60_000,
)

test.each([
  ['thrown', "setTimeout(() => { throw new Error('astray') }, 1)"],
  ['rejected', "void Promise.reject(new Error('astray'))"],
])('an error that is %s beside a start is logged, and the start goes on', async (_, astray) => {
  await config(`{ start: () => new Promise((done) => { ${astray}; setTimeout(done, 1_000) }) }`)
  const { child, closed, errors } = await startUntil('"ready"')
  child.kill('SIGTERM')
  expect(await closed).toEqual([0, null])
  expect(errors()).toMatch(/"error":"astray","stack":.*"event":"internal-error"[\s\S]*"ready"/)
  expect(errors()).not.toMatch(/^ +at /m)
})

test('SIGTERM while workers begin is no failure', async () => {
  await config('{}', '', 'workers: 2')
  await project.write(
    'hold.mjs',
    `import cluster from 'node:cluster'
    if (cluster.isWorker) {
      process.stderr.write('begun')
      await new Promise((done) => setTimeout(done, 60_000))
    }`,
  )
  const { child, closed, errors } = await startUntil('begun', `--import=${join(project.folder, 'hold.mjs')}`)
  child.kill('SIGTERM')
  expect(await closed).toEqual([0, null])
  expect(errors()).not.toContain('in peace')
})

test('a server whose plugin leaves a timer behind ends all the same, and says so', async () => {
  await config('{ serve: async () => void setInterval(() => undefined, 1_000) }')
  const { child, closed, errors } = await startUntil('"ready"')
  child.kill('SIGTERM')
  expect(await closed).toEqual([0, null])
  const left = errors()
    .split('\n')
    .find((line) => line.includes('"left-open"'))
  expect(JSON.parse(left ?? '{}')).toMatchObject({ level: 'warn', resources: ['Timeout'] })
})

const command = `
  commands: () => [{
    name: 'say',
    summary: 'says much',
    run: async () => ({ json: { much: 'x'.repeat(4_000_000) }, text: 'much', exitCode: 1 }),
  }],
`

test('so does a command, with its exit code', async () => {
  await config('{ start: async () => void setInterval(() => undefined, 1_000) }', command)
  const { code, stdout, stderr } = await runProcess(process.execPath, argv('say'), { folder: project.folder })
  expect([code, stdout]).toEqual([1, 'much\n'])
  expect(stderr).toContain('mailwright: ended although something is still open: Timeout\n')
})

test('a slow reader gets all of the output', async () => {
  await config("{ start: async () => void setInterval(() => say('tick'), 1_000) }", command)
  const child = spawn(process.execPath, argv('say', '--json'), {
    cwd: project.folder,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const closed = once(child, 'close')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  const ticks = () => said.split('tick').length - 1
  await once(child.stdout, 'readable')
  // By its own clock it has waited longer than it does for what is open.
  const enough = ticks() + 5
  await vi.waitFor(() => expect(ticks()).toBeGreaterThanOrEqual(enough), { timeout: 60_000 })
  expect(JSON.parse(await text(child.stdout))).toEqual({ much: 'x'.repeat(4_000_000) })
  expect(await closed).toEqual([1, null])
})
