import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DropFolder } from './drop-folder.ts'
import { TakenFiles } from './taken-files.ts'

let folder: string
let drop: DropFolder
let opened: TakenFiles[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-taken-'))
  drop = new DropFolder(join(folder, 'drop'))
  await drop.prepare(undefined)
  opened = []
})

afterEach(async () => {
  for (const taken of opened) await taken.close()
  await rm(folder, { recursive: true, force: true })
})

async function another(): Promise<TakenFiles> {
  const taken = new TakenFiles(drop)
  await taken.open()
  opened.push(taken)
  return taken
}

const files = async () => (await readdir(drop.path)).filter((name) => name.startsWith('m')).sort()

describe('TakenFiles', () => {
  test('one of several gets a file', async () => {
    const all = [await another(), await another(), await another()]
    await writeFile(join(drop.path, 'm1'), '')
    const won = await Promise.all(all.map((taken) => taken.take('m1')))
    expect(won.filter(Boolean)).toHaveLength(1)
    expect(await files()).toEqual([])
  })

  test('what others have taken who live stays theirs', async () => {
    const [one, other] = [await another(), await another()]
    await writeFile(join(drop.path, 'm1'), '')
    await one.take('m1')
    expect(await other.takeOver()).toBe(0)
    expect(await files()).toEqual([])
  })

  test.each([
    ['a socket where nobody listens', true],
    ['no socket', false],
  ])('what one who has ended had taken is there again: %s', async (_, hasSocket) => {
    const dead = join(drop.taken, '999-dead')
    await mkdir(dead)
    await writeFile(join(dead, 'm1'), '')
    await writeFile(join(dead, 'm2'), '')
    if (hasSocket) await writeFile(`${dead}.alive`, '')
    const [one, other] = [await another(), await another()]
    const counts = await Promise.all([one.takeOver(), other.takeOver()])
    expect(Math.max(...counts)).toBe(2)
    expect(await files()).toEqual(['m1', 'm2'])
    expect((await readdir(drop.taken)).filter((name) => name.startsWith('999'))).toEqual([])
  })

  test('what waits is given back in the end, and nothing of the owner is left', async () => {
    const taken = await another()
    await writeFile(join(drop.path, 'm1'), '')
    await taken.take('m1')
    await taken.close()
    expect(await files()).toEqual(['m1'])
    expect(await readdir(drop.taken)).toEqual([])
  })

  test('a folder with a long path will do', async () => {
    drop = new DropFolder(join(folder, 'x'.repeat(60), 'y'.repeat(60)))
    await drop.prepare(undefined)
    const [one, other] = [await another(), await another()]
    await writeFile(join(drop.path, 'm1'), '')
    await one.take('m1')
    expect(await other.takeOver()).toBe(0)
  })
})
