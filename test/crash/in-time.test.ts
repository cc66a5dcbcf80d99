import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CallRecord } from '../support/faults/call-record.ts'
import { inTime } from './in-time.ts'

test('what does not end says what it waits for, and who holds the locks', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-in-time-'))
  await symlink('boot:1:2', join(folder, 'index.lock'))
  const calls = new CallRecord()
  const part = { name: 'a part', folder, calls, patience: 10 }
  expect(await inTime({ ...part, patience: 60_000 }, async () => 'done')).toBe('done')
  const never = new Promise<never>(() => undefined)
  calls.add({ number: 0, name: 'rename', path: join(folder, 'x') }, never)
  await expect(inTime(part, () => never)).rejects.toThrow(
    `a part does not end\ncalls without an answer:\nrename ${folder}/x\nlocks:\nindex.lock -> boot:1:2`,
  )
  await rm(folder, { recursive: true })
})
