import { execFileSync } from 'node:child_process'
import {
  appendFile,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dropHeadSize, formatDropHead } from 'mailwright/formats'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dropMessage } from '../../test/support/smtp/drop.ts'
import { openDropped, readExactly } from './dropped-file.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-dropped-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/** The path of a whole message. */
async function whole(): Promise<string> {
  await dropMessage(folder, {}, 'Subject: x\n\nhello\n')
  return join(folder, (await readdir(folder))[0] ?? '')
}

const now = Date.UTC(2026, 10, 23)

describe('openDropped', () => {
  test('reads what the command has written, and whose it is', async () => {
    const path = await whole()
    await utimes(path, now / 1_000 - 60, now / 1_000 - 60)
    const { file, uid, arrivedAt, envelope, start, size } = await openDropped(path, now)
    const octets = await readFile(path)
    await file.close()
    expect(uid).toBe(process.getuid?.())
    expect(arrivedAt).toBe(now - 60_000)
    expect(envelope).toMatchObject({ sender: 'jo@example.org', recipients: ['anna@example.org'] })
    expect(octets.toString('utf8', start, start + size)).toBe('Subject: x\n\nhello\n')
  })

  test('a file that somebody has removed', async () => {
    await expect(openDropped(join(folder, 'none'), now)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
  })

  test('a file that its owner cuts while it is read is no message', async () => {
    const path = await whole()
    const { file, start, size } = await openDropped(path, now)
    await truncate(path, start + 1)
    await expect(readExactly(file, start, size)).rejects.toMatchObject({ code: 'MAIL_E_INVALID' })
    await file.close()
  })

  test('nothing has arrived in the future', async () => {
    const path = await whole()
    await utimes(path, now, now)
    const { file, arrivedAt } = await openDropped(path, now)
    await file.close()
    expect(arrivedAt).toBe(now)
  })

  test.each<[string, (path: string) => Promise<unknown>]>([
    ['is too short', (path) => truncate(path, dropHeadSize + 40)],
    ['has no octets', (path) => truncate(path, 0)],
    ['is too long', (path) => appendFile(path, 'x')],
    ['was never finished', async (path) => writeFile(path, (await readFile(path)).fill(0, 0, dropHeadSize))],
    [
      'says that its envelope is huge',
      (path) => writeFile(path, formatDropHead({ envelope: 99_999_999, content: 0 })),
    ],
    [
      'has an envelope that is none',
      (path) => writeFile(path, `${formatDropHead({ envelope: 2, content: 0 })}[]`),
    ],
    ['has another name', (path) => link(path, `${path}.other`)],
    [
      'is a link',
      async (path) => {
        await rm(path)
        await symlink('/etc/passwd', path)
      },
    ],
    [
      'is a folder',
      async (path) => {
        await rm(path)
        await mkdir(path)
      },
    ],
    [
      'is a FIFO',
      async (path) => {
        await rm(path)
        execFileSync('mkfifo', [path])
      },
    ],
  ])('a file that %s is no message', async (_, spoil) => {
    const path = await whole()
    await spoil(path)
    await expect(openDropped(path, now)).rejects.toMatchObject({ code: 'MAIL_E_INVALID' })
  })
})
