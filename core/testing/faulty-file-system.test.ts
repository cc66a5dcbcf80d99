import { spawnSync } from 'node:child_process'
import * as promises from 'node:fs/promises'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expectCode } from './contracts/expectations.ts'
import { faultyFileSystem } from './faulty-file-system.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-faults-'))
})

afterEach(async () => rm(folder, { recursive: true, force: true }))

/** Writes a file the careful way. */
async function save(fileSystem: Pick<typeof promises, 'open' | 'rename'>, name: string): Promise<void> {
  const file = await fileSystem.open(join(folder, `${name}.tmp`), 'w')
  try {
    await file.write('octets')
    await file.sync()
  } finally {
    await file.close()
  }
  await fileSystem.rename(join(folder, `${name}.tmp`), join(folder, name))
}

describe('faultyFileSystem', () => {
  it('passes everything on and notes it', async () => {
    const { fileSystem, calls } = faultyFileSystem(promises)
    await save(fileSystem, 'a')
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('octets')
    expect(calls.map((call) => call.name)).toEqual([
      'open',
      'file.write',
      'file.sync',
      'file.close',
      'rename',
    ])
    expect(calls[2]?.path).toContain('a.tmp')
  })

  it('fails each call in turn until none is left to fail', async () => {
    const faulty = faultyFileSystem(promises)
    const outcomes: (string | undefined)[] = []
    for (let skip = 0, struck = true; struck; skip++) {
      const end = faulty.fail({ skip, error: 'ENOSPC' })
      const outcome = await save(faulty.fileSystem, 'a').catch(
        (error: NodeJS.ErrnoException) => error.syscall,
      )
      outcomes.push(outcome ?? undefined)
      struck = end()
    }
    expect(outcomes).toEqual(['open', 'file.write', 'file.sync', 'file.close', 'rename', undefined])
  })

  it('chooses by name and path, as often as it is told', async () => {
    const { fileSystem } = faultyFileSystem(promises, [
      { call: ['rename', 'unlink'], path: /a\.tmp/, error: 'EDQUOT', times: 2 },
    ])
    await save(fileSystem, 'b')
    await expectCode(save(fileSystem, 'a'), 'EDQUOT')
    await expectCode(save(fileSystem, 'a'), 'EDQUOT')
    await save(fileSystem, 'a')
  })

  it('gives errors as the system does, and can fail after the deed', async () => {
    const { fileSystem } = faultyFileSystem(promises, [{ call: 'rename', when: 'after', error: 'EIO' }])
    const error = await save(fileSystem, 'a').catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'EIO', errno: -5, syscall: 'rename' })
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('octets')
  })

  it('kills the process at a call', () => {
    const module = new URL('./faulty-file-system.ts', import.meta.url).href
    const script = `
      import * as promises from 'node:fs/promises'
      import { faultyFileSystem } from ${JSON.stringify(module)}
      const { fileSystem } = faultyFileSystem(promises, [{ call: 'rename', error: 'kill' }])
      await fileSystem.writeFile(${JSON.stringify(join(folder, 'x'))}, '1')
      console.log('written')
      await fileSystem.rename(${JSON.stringify(join(folder, 'x'))}, ${JSON.stringify(join(folder, 'y'))})
      console.log('renamed')`
    const child = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
    expect([child.signal, child.stdout]).toEqual(['SIGKILL', 'written\n'])
  })
})
