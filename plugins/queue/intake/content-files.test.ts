import { mkdir, mkdtemp, readdir, rename, rm, rmdir, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { bufferContent, type Content, readAll } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ContentFiles } from './content-files.ts'
import { ContentFolder } from './content-folder.ts'

describe('contents in files', () => {
  let parent: string
  let folder: string
  let files: ContentFiles
  /** A large message waits. */
  let awaited: boolean

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'mailwright-queue-'))
    folder = join(parent, 'made', 'when needed')
    awaited = false
    files = new ContentFiles(new ContentFolder(folder, async () => awaited))
  })

  afterEach(() => rm(parent, { recursive: true }))

  const content = bufferContent(Buffer.alloc(100_000, 'x'))
  const names = async (): Promise<readonly string[]> =>
    (await readdir(folder)).filter((name) => name !== '.mailwright.queue')
  const nobody = async (): Promise<ReadonlySet<number>> => new Set()

  it.each([
    ['a stream', content],
    ['one piece', Buffer.alloc(100_000, 'x')],
  ])('are read as they were written (%s), and gone when removed', async (_, given) => {
    await files.write(7, given)
    const open = await files.open(7, 100_000)
    expect((await readAll(open.content)).equals(await readAll(content))).toBe(true)
    await open.close()
    await files.remove(7)
    await files.remove(7)
    await expect(files.open(7, 100_000)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
  })

  it('leave nothing where there is no folder for them, and are written when there is again', async () => {
    const whole = Buffer.alloc(100_000, 'x')
    await files.write(1, whole)
    await rm(folder, { recursive: true })
    await writeFile(folder, 'in the way')
    for (const given of [whole, content])
      await expect(files.write(7, given)).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    await rm(folder)
    await files.write(7, whole)
    expect(await names()).toEqual(['7'])
  })

  it('leave nothing where they cannot be written to their end', async () => {
    const broken: Content = {
      ...content,
      stream: () =>
        Readable.from(
          (async function* () {
            yield Buffer.alloc(10)
            throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
          })(),
        ),
    }
    await expect(files.write(7, broken)).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    expect(await names()).toEqual([])
    await files.write(7, content)
  })

  it('never take another message’s place, nor its file away', async () => {
    await files.write(7, content)
    await expect(files.write(7, bufferContent(Buffer.from('other')))).rejects.toMatchObject({
      code: 'MAIL_E_UNAVAILABLE',
    })
    const open = await files.open(7, 100_000)
    await open.close()
  })

  it('that were cut off are as good as gone', async () => {
    await files.write(7, content)
    await truncate(join(folder, '7'), 99_999)
    await expect(files.open(7, 100_000)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
  })

  it('that belong to no message are removed after a while, the others not', async () => {
    for (const number of [1, 2, 3, 4]) await files.write(number, content)
    await writeFile(join(folder, 'README'), 'no content')
    const old = new Date(Date.now() - 2 * 3_600_000)
    for (const name of ['1', '2', 'README']) await utimes(join(folder, name), old, old)
    files.doubt(3)
    const asked: number[] = []
    await files.sweep(Date.now(), async (numbers) => {
      asked.push(...numbers)
      return new Set([2])
    })
    expect(asked.sort()).toEqual([1, 2, 3])
    expect((await names()).toSorted()).toEqual(['2', '4', 'README'])
  })

  it('stay where nobody can say whom they belong to', async () => {
    await files.write(1, content)
    files.doubt(1)
    const failing = files.sweep(Date.now(), () => Promise.reject(new Error('away')))
    await expect(failing).rejects.toThrow('away')
    expect(await names()).toEqual(['1'])
    await files.sweep(Date.now(), nobody)
    expect(await names()).toEqual([])
  })

  it('are written where the first one comes at the same moment', async () => {
    const first = new ContentFiles(new ContentFolder(folder, async () => false))
    const second = new ContentFolder(folder, async () => {
      await first.write(1, content)
      return true
    })
    await new ContentFiles(second).write(2, content)
    expect((await names()).toSorted()).toEqual(['1', '2'])
  })

  describe('whose folder is away', () => {
    const away = { code: 'MAIL_E_UNAVAILABLE' }

    beforeEach(async () => {
      await files.write(7, content)
      awaited = true
    })

    it.each([true, false])(
      'are not lost, and none are written elsewhere (mount point: %s)',
      async (isMount) => {
        await rename(folder, `${folder} away`)
        if (isMount) await mkdir(folder)
        await expect(files.open(7, 100_000)).rejects.toMatchObject(away)
        await expect(files.write(8, content)).rejects.toMatchObject(away)
        expect((await readdir(parent, { recursive: true })).filter((name) => name.endsWith('8'))).toEqual([])
        if (isMount) await rmdir(folder)
        await rename(`${folder} away`, folder)
        await (await files.open(7, 100_000)).close()
        await files.write(8, content)
        await expect(files.open(9, 100_000)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
      },
    )

    it('are lost when the postmaster says that it is to begin anew', async () => {
      await rm(folder, { recursive: true })
      await mkdir(folder)
      await writeFile(join(folder, '.mailwright.queue'), '')
      await expect(files.open(7, 100_000)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
      await files.write(8, content)
    })

    it('go on where it is of before there were marks, and gets one', async () => {
      await rm(join(folder, '.mailwright.queue'))
      await expect(files.open(8, 100_000)).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
      expect(await readdir(folder)).toContain('.mailwright.queue')
      await rm(join(folder, '.mailwright.queue'))
      await files.write(9, content)
      expect(await readdir(folder)).toContain('.mailwright.queue')
    })

    it('go on in an empty one, too, where nobody waits for any', async () => {
      await files.remove(7)
      await rm(join(folder, '.mailwright.queue'))
      awaited = false
      await files.write(8, content)
      await (await files.open(8, 100_000)).close()
    })
  })
})
