import { spawnSync } from 'node:child_process'
import { formatProcess, ownProcess } from 'mailwright/disk'
import { expect, it } from 'vitest'
import { hasEnded, leaseDuration, newHolderId } from './holder-id.ts'

const renewed = (id: string, at = Date.now()) => ({ id, expires_at: at + leaseDuration })
const [local, shared] = [{ dialect: 'sqlite' }, { dialect: 'mysql' }] as const
const { pid } = spawnSync(process.execPath, ['--version'])

it('tells of a process of this machine that it has ended', () => {
  const [id, other] = [newHolderId(), newHolderId()]
  expect(id).not.toBe(other)
  expect(id.length).toBeLessThanOrEqual(64)
  const ended = `${formatProcess({ ...ownProcess, pid })}.00`
  for (const database of [local, shared]) {
    expect(hasEnded(renewed(id), database)).toBe(false)
    expect(hasEnded(renewed(ended), database)).toBe(true)
  }
})

it('tells of a process before the machine was started that it has ended, where nobody else has the database', () => {
  const earlier = `${formatProcess({ ...ownProcess, boot: '0'.repeat(12) })}.00`
  for (const id of [earlier, 'of the version before.12.00']) {
    expect(hasEnded(renewed(id, 0), local)).toBe(true)
    expect(hasEnded(renewed(id, 0), shared)).toBe(false)
  }
})

it('knows nothing of others', () => {
  for (const odd of [
    '',
    '.',
    `elsewhere.${pid}.00`,
    `${formatProcess({ ...ownProcess, boot: '0'.repeat(12), namespace: '0'.repeat(8), pid })}.00`,
    ...['x', '0', '-1', '9'.repeat(30)].map((id) => `${ownProcess.boot}:${ownProcess.namespace}:${id}:.00`),
  ])
    expect(hasEnded(renewed(odd), local), odd).toBe(false)
})
