import { spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { expect, it } from 'vitest'
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
