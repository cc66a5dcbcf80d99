import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bufferContent } from 'mailwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FileBatchThread, messagesProgram } from './file-batch-thread.ts'
import { MessageThreads } from './message-threads.ts'
import { sideValueMaking } from './side-value-making.ts'

const text = 'From: a@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nSome words.\r\n'

let folder: string
let threads: MessageThreads
const at = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-messages-'))
  threads = new MessageThreads(2)
  await writeFile(at('plain'), text)
  await writeFile(at('lf'), text.replaceAll('\r\n', '\n'))
  await writeFile(at('empty'), '')
  await writeFile(at('large'), Buffer.alloc(1024 * 1024 + 1, 'x'))
  await writeFile(at('broken'), Buffer.from('no\0header\xff\r\r\n--', 'latin1'))
  await mkdir(at('folder'))
  await symlink(at('plain'), at('link'))
})
afterAll(async () => {
  threads.end()
  await rm(folder, { recursive: true, force: true })
})

describe('threads for messages', () => {
  it.each(['summary', 'signature'] as const)('make the same %s as the process does', async (kind) => {
    const made = await threads.make(kind, ['plain', 'lf', 'empty', 'broken'].map(at))
    const [plain, empty, broken] = await Promise.all(
      [text, '', 'no\0header\xff\r\r\n--'].map((octets) =>
        sideValueMaking[kind](bufferContent(Buffer.from(octets, 'latin1'))),
      ),
    )
    expect(made).toEqual([plain, plain, empty, broken])
  })

  it('leave to others what is no message, too large, or not there', async () => {
    const names = ['missing', 'plain', 'large', 'folder', 'link', 'lf']
    const made = await threads.make('summary', names.map(at))
    expect(made.map((value) => value !== undefined)).toEqual([false, true, false, false, false, true])
    expect(await threads.make('summary', [at('a\0b'), at('plain')])).toEqual([undefined, undefined])
    expect(await threads.make('summary', [])).toEqual([])
  })

  it('are worth it for a few messages once they run, and are started for many', async () => {
    const late = new MessageThreads(2)
    late.expect(1999)
    expect(late.areWorth(1999)).toBe(false)
    late.expect(2000)
    await expect.poll(() => late.areWorth(8), { timeout: 30_000 }).toBe(true)
    expect(late.areWorth(7)).toBe(false)
    late.end()
    expect(late.areWorth(8)).toBe(false)
  })

  it('leave everything to others where they die', async () => {
    const entry = at('entry.mjs')
    await writeFile(entry, 'process.exit(1)')
    const dying = new MessageThreads(
      1,
      () => new FileBatchThread({ ...messagesProgram, entry: pathToFileURL(entry) }),
    )
    expect(await dying.make('summary', [at('plain')])).toEqual([undefined])
    expect(dying.areWorth(1000)).toBe(false)
  })
})
