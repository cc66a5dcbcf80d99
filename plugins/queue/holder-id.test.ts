import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { hasEnded, newHolderId } from './holder-id.ts'

it('tells of a process of this machine that it has ended, and of nothing else', () => {
  const [id, other] = [newHolderId(), newHolderId()]
  expect(id).not.toBe(other)
  expect(id.length).toBeLessThanOrEqual(64)
  expect(hasEnded(id)).toBe(false)
  const [space = ''] = id.split('.')
  const { pid } = spawnSync(process.execPath, ['--version'])
  if (space !== '') expect(hasEnded(`${space}.${pid}.00`)).toBe(true)
  for (const odd of [
    '',
    '.',
    `elsewhere.${pid}.00`,
    `${space}.x.00`,
    `${space}.0.00`,
    `${space}.-1.0`,
    `${space}.${'9'.repeat(30)}`,
  ])
    expect(hasEnded(odd), odd).toBe(false)
})
