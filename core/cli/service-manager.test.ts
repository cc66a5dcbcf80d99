import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { capturedLog } from '../testing/captured-log.ts'
import { ServiceManager } from './service-manager.ts'

let folder: string
let told: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-notify-'))
  told = join(folder, 'told')
  await writeFile(join(folder, 'systemd-notify'), '#!/bin/sh\necho "$*" >> "$NOTIFY_SOCKET"\n', {
    mode: 0o755,
  })
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

test('the watchdog is not fed while nothing is alive', async () => {
  let asked = 0
  let alive = false
  const manager = new ServiceManager({ NOTIFY_SOCKET: told, WATCHDOG_USEC: '30000' })
  await manager.ready(capturedLog(), () => {
    asked++
    return alive
  })
  await expect.poll(() => asked).toBeGreaterThan(3)
  await manager.stopping()
  expect(await readFile(told, 'utf8')).toBe('READY=1\nSTOPPING=1\n')
  alive = true
  await expect.poll(() => readFile(told, 'utf8')).toContain('WATCHDOG=1')
  alive = false
  await manager.stopping()
})

test('a reload that fails is over, too', async () => {
  const log = capturedLog()
  const manager = new ServiceManager({ NOTIFY_SOCKET: told })
  await manager.ready(log)
  await expect(manager.reloading(() => Promise.reject(new Error('no config')))).rejects.toThrow('no config')
  await manager.reloading(async () => undefined)
  expect(log.lines).toEqual([])
  expect(await readFile(told, 'utf8')).toMatch(/^READY=1\n(?:RELOADING=1 MONOTONIC_USEC=\d+\nREADY=1\n){2}$/)
})

test('a reload that has to wait for another is told of at once', async () => {
  const log = capturedLog()
  const manager = new ServiceManager({})
  await manager.ready(log)
  const first = Promise.withResolvers<void>()
  const reloads = [first.promise, Promise.resolve()].map((over) => manager.reloading(() => over))
  const waiting = { level: 'info', event: 'reloading', text: expect.stringContaining('waits') }
  expect(log.lines).toMatchObject([waiting])
  first.resolve()
  await Promise.all(reloads)
  await manager.reloading(async () => undefined)
  expect(log.lines).toHaveLength(1)
})
