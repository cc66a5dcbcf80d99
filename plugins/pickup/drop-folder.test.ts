import { chmod, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newDropNames } from 'mailwright/formats'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DropFolder } from './drop-folder.ts'

let above: string
let drop: DropFolder

beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), 'mailwright-drop-'))
  await chmod(above, 0o711)
  drop = new DropFolder(join(above, 'drop'))
})

afterEach(() => rm(above, { recursive: true, force: true }))

const mode = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8)
const now = Date.UTC(2026, 10, 23)

describe('DropFolder', () => {
  test('everybody may put files in, and nobody else look or touch', async () => {
    expect(await drop.prepare(undefined)).toBeUndefined()
    expect(await mode(drop.path)).toBe('1733')
    for (const own of [drop.taken, drop.failed, drop.settled]) expect(await mode(own)).toBe('700')
    await chmod(drop.path, 0o777)
    await drop.prepare(undefined)
    expect(await mode(drop.path)).toBe('1733')
  })

  test('a group may, where one is named', async () => {
    await drop.prepare(process.getgid?.())
    expect(await mode(drop.path)).toBe('1730')
  })

  test('tells which folder above keeps others out', async () => {
    await chmod(above, 0o700)
    expect(await drop.prepare(undefined)).toBe(above)
  })

  test('is not made where something else is', async () => {
    await mkdir(drop.path)
    await writeFile(drop.taken, '')
    await expect(drop.prepare(undefined)).rejects.toMatchObject({ code: 'MAIL_E_START' })
  })

  test('lists whole messages, oldest first, and nothing else', async () => {
    await drop.prepare(undefined)
    const [first, later, folder] = [newDropNames(1), newDropNames(2), newDropNames(3)]
    for (const name of [later.whole, first.whole, first.temporary, 'other'])
      await writeFile(join(drop.path, name), '')
    await mkdir(join(drop.path, folder.whole))
    expect(await drop.whole(10)).toEqual([first.whole, later.whole])
    expect(await drop.whole(1)).toHaveLength(1)
  })

  test('removes what was never finished, after a day and a half', async () => {
    await drop.prepare(undefined)
    const [old, young, whole] = [newDropNames(1).temporary, newDropNames(2).temporary, newDropNames(3).whole]
    for (const [name, hours] of [
      [old, 37],
      [young, 35],
      [whole, 1_000],
    ] as const) {
      await writeFile(join(drop.path, name), '')
      await utimes(join(drop.path, name), now / 1_000 - hours * 3_600, now / 1_000 - hours * 3_600)
    }
    await drop.removeStale(now)
    expect((await readdir(drop.path)).filter((name) => /^[mt]0/.test(name)).sort()).toEqual([whole, young])
  })
})
