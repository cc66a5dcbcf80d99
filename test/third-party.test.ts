import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sendMail } from './support/mail.ts'
import { codeBlocks } from './support/markdown.ts'
import { projectFolder, readText } from './support/project-files.ts'
import { environment, type Finished, runProcess } from './support/run-process.ts'

// The package as strangers get it: packed, installed elsewhere, used by the plugins of docs/writing-a-plugin.md,
// docs/extending-imap.md, docs/protocol-of-your-own.md, docs/testing.md and docs/writing-a-transport.md as they stand there. Nothing
// here sees the sources of the project.

const document = readText('docs/writing-a-plugin.md')
const others = ['extending-imap', 'protocol-of-your-own', 'testing', 'writing-a-transport'].map((name) =>
  readText(`docs/${name}.md`),
)
const manifest = JSON.parse(readText('package.json')) as { devDependencies: Record<string, string> }

let folder = ''
let site = ''
let packed: readonly string[] = []

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'mailwright-third-party-')))
  site = join(folder, 'site')
  const { stdout } = await succeed('npm', ['pack', '--json', '--pack-destination', folder], projectFolder)
  const [pack] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [Pack]
  packed = pack.files.map(({ path }) => path)
  await write('package.json', JSON.stringify({ name: 'site', private: true, type: 'module' }))
  const tools = ['vitest', '@types/node'].map((name) => `${name}@${manifest.devDependencies[name]}`)
  const words = ['install', '--prefer-offline', '--no-audit', '--no-fund']
  await succeed('npm', [...words, join(folder, pack.filename), ...tools], site)
  await writeDocumentFiles()
})

afterAll(() => rm(folder, { recursive: true, force: true }))

interface Pack {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

/** The files that the document names in the first line of a block; the plugin gets a package of its own. */
async function writeDocumentFiles(): Promise<void> {
  for (const { language, code } of [document, ...others].flatMap(codeBlocks)) {
    const path = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1]
    if (path === 'mailwright.config.ts') await write(path, code.replace('port: 2525', 'port: 0'))
    else if (path !== undefined) await write(`plugins/${path}`, code)
    else if (language === 'json' && code.includes('"name": "sender-list"'))
      await write('node_modules/sender-list/package.json', code)
  }
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(site, path)), { recursive: true })
  await writeFile(join(site, path), text)
}

async function succeed(program: string, words: readonly string[], where: string): Promise<Finished> {
  const finished = await runProcess(program, words, { folder: where, limit: 280_000 })
  expect(finished.code, `${program} ${words.join(' ')}\n${finished.stdout}${finished.stderr}`).toBe(0)
  return finished
}

test('the package has JavaScript and types, and no sources and tests', () => {
  const needed = ['index', 'testing/index', 'cli/main'].flatMap((name) => [
    `dist/core/${name}.js`,
    `dist/core/${name}.d.ts`,
  ])
  expect(packed).toEqual(
    expect.arrayContaining([...needed, 'core/cli/launch.mjs', 'README.md', 'CHANGELOG.md', 'LICENSE']),
  )
  const sources = packed.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  expect(sources).toEqual(['config.example.ts'])
  expect(packed.filter((path) => /\.test\.|^test\//.test(path))).toEqual([])
})

test('the plugins of the document compile against the published types', async () => {
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    declaration: true,
    types: ['node'],
    rootDir: 'plugins',
    outDir: 'node_modules',
  }
  const names = [
    'sender-list',
    'fixed-accounts',
    'kept-mailboxes',
    'usage-list',
    'mail-count',
    'ticket-transport',
  ]
  const files = names.map((name) => `plugins/${name}/index.ts`)
  await write('tsconfig.json', JSON.stringify({ compilerOptions, files }))
  const { stdout } = await succeed(join(projectFolder, 'node_modules/.bin/tsc'), ['--project', site], site)
  expect(stdout).toBe('')
})

test('the plugin of the document has fewer than 40 lines', () => {
  const [plugin] = codeBlocks(document).filter(({ code }) => code.startsWith('// sender-list/index.ts'))
  expect(plugin?.code.trim().split('\n').length).toBeLessThan(40)
})

test('the tests of the document pass with the published test kit', async () => {
  await succeed('node', ['node_modules/vitest/vitest.mjs', 'run', '--dir', 'plugins'], site)
})

test('the installed command checks a config with the plugin', async () => {
  const { stdout } = await succeed(join(site, 'node_modules/.bin/mailwright'), ['check', '--json'], site)
  const { plugins, hooks } = JSON.parse(stdout) as { plugins: string[]; hooks: Record<string, string[]> }
  expect(plugins).toContain('sender-list')
  expect(hooks['envelope.checkSender']).toEqual(['sender-list/refuse'])
  expect(hooks['data.rewriteMessage']).toEqual(['sender-list/mark'])
})

test('the installed command runs it: mail is refused, marked and left alone', async () => {
  const { port, stop } = await startInstalled()
  const text = 'Subject: hello\n\nHello.\n'
  const to = 'me@example.org'
  expect(await sendMail(port, { from: 'a@spam.example', to, text })).toMatch(/^550 5\.7\.1 We take no mail/)
  expect(await sendMail(port, { from: 'Boss@Work.example', to, text })).toMatch(/^550 /)
  expect(await sendMail(port, { from: 'a@news.example', to, text })).toMatch(/^250 2\.0\.0 /)
  expect(await sendMail(port, { from: 'a@friend.example', to, text })).toMatch(/^250 2\.0\.0 /)
  expect(await stop()).toBe(0)
  // What was delivered has its UIDs when the server has stopped, and so is in cur.
  const inbox = join(site, 'data/mail/example.org/me/Maildir/cur')
  const names = await readdir(inbox)
  const messages = await Promise.all(names.map((name) => readFile(join(inbox, name), 'utf8')))
  expect(messages.length).toBe(2)
  const from = (sender: string) => messages.find((message) => message.includes(`<${sender}>`)) ?? ''
  const [marked, plain] = [from('a@news.example'), from('a@friend.example')]
  expect(marked).toMatch(/^X-Sender-List: suspect\r$/m)
  expect(plain).not.toContain('X-Sender-List')
  expect(plain).toMatch(/\r\nSubject: hello\r\n\r\nHello\.\r\n$/)
})

/** `mailwright start` of the installed package, in the site. */
async function startInstalled(): Promise<{ port: number; stop(): Promise<number | null> }> {
  const child = spawn(join(site, 'node_modules/.bin/mailwright'), ['start', '--json'], {
    cwd: site,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'exit') as Promise<[number | null]>
  let told = ''
  for await (const line of createInterface({ input: child.stderr })) {
    told += `${line}\n`
    const port = /"event":"ready"/.test(line) ? /"role":"transfer".*?"port":(\d+)/.exec(line)?.[1] : undefined
    if (port === undefined) continue
    child.stderr.resume()
    return {
      port: Number(port),
      async stop() {
        child.kill('SIGTERM')
        const [code] = await ended
        return code
      },
    }
  }
  throw new Error(`the server ended at its start:\n${told}`)
}
