import { EventEmitter } from 'node:events'
import { lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AskedWorker } from './rounds.ts'
import { SharedFiles } from './shared-files.ts'

let folder: string
let path: string
let files: SharedFiles

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-shared-'))
  path = join(folder, 'lmtp.sock')
  await writeFile(path, '')
  files = new SharedFiles()
})

afterEach(() => rm(folder, { recursive: true }))

class FakeWorker extends EventEmitter implements AskedWorker {
  constructor() {
    super()
    files.attend(this)
  }

  send(): void {}

  async share(): Promise<this> {
    const { ino, dev } = await lstat(path)
    this.emit('message', { mailwright: 'shares', path, file: { ino, dev } })
    return this
  }

  leave(): void {
    this.emit('message', { mailwright: 'leaves', path })
  }
}

async function left(): Promise<readonly string[]> {
  await files.settled()
  return readdir(folder)
}

test('a file goes with the last worker that listens there, however that ends', async () => {
  const [one, two] = [await new FakeWorker().share(), await new FakeWorker().share()]
  one.leave()
  one.emit('exit')
  expect(await left()).toEqual(['lmtp.sock'])
  const three = await new FakeWorker().share()
  two.emit('exit')
  expect(await left()).toEqual(['lmtp.sock'])
  three.emit('exit')
  expect(await left()).toEqual([])
})

test('what has taken its place stays, and so does what nobody has spoken of', async () => {
  const [one, stranger] = [await new FakeWorker().share(), new FakeWorker()]
  stranger.leave()
  expect(await left()).toEqual(['lmtp.sock'])
  await writeFile(`${path}2`, '')
  await rm(path)
  await writeFile(path, '')
  one.leave()
  expect(await left()).toEqual(['lmtp.sock', 'lmtp.sock2'])
})
