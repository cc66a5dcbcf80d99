import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { firstChild } from './child-processes.ts'

test('who has no child has no first one', async () => {
  const child = spawn('sleep', ['60'])
  await once(child, 'spawn')
  await expect(firstChild(child.pid ?? 0)).rejects.toThrow('has started none')
  child.kill()
})
