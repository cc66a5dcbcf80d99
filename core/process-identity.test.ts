import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { afterEach, expect, it, vi } from 'vitest'
import {
  formatProcess,
  isOfEarlierBoot,
  ownProcess,
  type ProcessIdentity,
  parseProcess,
  processState,
} from './process-identity.ts'

const own = (more: Partial<ProcessIdentity>): ProcessIdentity => ({ ...ownProcess, ...more })
const ended = spawnSync(process.execPath, ['--version']).pid
const otherBoot = '0'.repeat(12)
const otherNamespace = '0'.repeat(8)

it('comes back from its text', () => {
  expect(parseProcess(formatProcess(ownProcess))).toEqual(ownProcess)
  for (const text of ['', '1', 'a:b:1:1', `${otherBoot}:${otherNamespace}:-1:1`])
    expect(parseProcess(text), text).toBeUndefined()
})

it('says who runs and who has ended, by the time of the start where an id is used again', () => {
  expect(processState(ownProcess)).toBe('alive')
  expect(processState(own({ pid: process.ppid, started: '' }))).toBe('alive')
  expect(processState(own({ pid: ended }))).toBe('dead')
  if (ownProcess.started !== '') expect(processState(own({ started: '1' }))).toBe('dead')
})

it('knows nothing of processes elsewhere, nor of what is no process', () => {
  expect(processState(own({ boot: otherBoot, pid: ended }))).toBe('unknown')
  expect(processState(own({ namespace: otherNamespace, pid: ended }))).toBe('unknown')
  expect(processState(own({ pid: 0 }))).toBe('unknown')
})

it.runIf(ownProcess.started !== '')('takes one for dead that has ended and not been waited for', () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' })
  const { pid = 0 } = child
  expect(processState(own({ pid, started: '' }))).toBe('alive')
  child.kill('SIGKILL')
  // Node waits for it only in its event loop.
  const deadline = Date.now() + 30_000
  while (processState(own({ pid, started: '' })) !== 'dead' && Date.now() < deadline);
  expect(processState(own({ pid, started: '' }))).toBe('dead')
  expect(() => process.kill(pid, 0)).not.toThrow()
})

it('tells what was last renewed before the machine was started', () => {
  expect(isOfEarlierBoot(own({ boot: otherBoot, namespace: otherNamespace }), 0)).toBe(true)
  expect(isOfEarlierBoot(undefined, 0)).toBe(true)
  expect(isOfEarlierBoot(undefined, Date.now())).toBe(false)
  expect(isOfEarlierBoot(ownProcess, 0), 'a clock may have been wrong').toBe(false)
})

it('believes another boot id whatever clocks say, but not in containers, which may have their own', () => {
  expect(isOfEarlierBoot(own({ boot: otherBoot, namespace: otherNamespace }), Date.now())).toBe(false)
  const isContainer = readlinkSync('/proc/self/ns/pid') !== 'pid:[4026531836]'
  expect(isOfEarlierBoot(own({ boot: otherBoot }), Date.now())).toBe(!isContainer)
})

afterEach(() => {
  vi.doUnmock('node:fs')
  vi.resetModules()
})

/** As in a unit with systemd's ProcSubset=pid, which hides `/proc/sys`. */
async function withoutBoot(): Promise<typeof import('./process-identity.ts')> {
  vi.resetModules()
  vi.doMock('node:fs', async (original) => ({
    ...(await original<typeof import('node:fs')>()),
    readFileSync: (path: string, encoding: 'latin1') => {
      if (path.startsWith('/proc/sys/')) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' })
      return readFileSync(path, encoding)
    },
  }))
  return await import('./process-identity.ts')
}

it.runIf(ownProcess.started !== '')(
  'does not take an unknown run of the machine for another one',
  async () => {
    const hidden = await withoutBoot()
    expect(hidden.ownProcess).toEqual(own({ boot: '' }))
    const sides = [
      { of: { processState, isOfEarlierBoot }, boot: '' },
      { of: hidden, boot: ownProcess.boot },
      { of: hidden, boot: '' },
    ]
    for (const { of, boot } of sides) {
      expect(of.processState(own({ boot }))).toBe('alive')
      expect(of.isOfEarlierBoot(own({ boot }), 0), 'it lives').toBe(false)
      expect(of.isOfEarlierBoot(own({ boot, pid: ended }), Date.now())).toBe(false)
      expect(of.isOfEarlierBoot(own({ boot, pid: ended }), 0)).toBe(true)
    }
    expect(processState(own({ boot: '', pid: ended })), 'it may be of another machine').toBe('unknown')
    expect(processState(own({ boot: '', started: '1' }))).toBe('unknown')
    expect(hidden.processState(own({ pid: ended }))).toBe('unknown')
    expect(hidden.processState(own({ boot: '', pid: ended }))).toBe('dead')
  },
)
